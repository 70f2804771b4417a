"""Break-glass: two people with the power sign a one-transfer allow, everybody with the power hears of it, and it counts
against both until a third has reviewed it.

1. What was signed is a fact of the office like any change of rules: `Published`, in a stream of its own, whose one file
   is the allow in words and says for whom, to whom, up to which label, until when.
2. For a transfer that waits here it is for that transfer. What was refused at a door is kept nowhere: then it is for
   the next transfer of the same sender to the same recipient, one, within a day.
3. Which transfer took it is told by that transfer's own verdict, durable before anything leaves: it names the allow. So
   no crash makes one allow serve two.
4. A review is a `Consulted` in the same stream. Unreviewed for longer than `[break-glass] review`, it costs both
   signers the power, until it is reviewed.

P1 holds: the judge is asked as always, at every step, under `judge.emergency`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from gateway.engine.archive import Archive
from gateway.facts import Consulted, Fact, Judged, Outcome, Published
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.emergency import lifted, up_to
from gateway.judge.rulebook import Rulebook, digest_of
from gateway.judge.verdict import Verdict
from gateway.keep import Reading
from gateway.ledger.terms import term

STREAM = "office/break-glass"
FILE = "break-glass.toml"
POWER = "break-glass"
LASTS_MS = 24 * 3_600_000
"""So long may the next transfer take an allow that waits for one."""
REVIEW = "review of "
MOST = 1_000


class Allow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What two people signed, as it stands in the file."""

    id: str
    transfer: str
    """The transfer they looked at."""
    leg: int
    who: str
    to: str
    label: str
    """It may carry this label, or a lower one."""
    at_ms: int
    until_ms: int
    is_for_next: bool
    """Not that transfer, which is gone, but the next one like it."""
    because: str

    def published(self, signers: tuple[str, ...]) -> Published:
        """The fact."""
        # A JSON value on one line, without what TOML escapes and JSON does not, is a TOML value too.
        said = (
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in msgspec.to_builtins(self).items()
        )
        files = {FILE: "[[allow]]\n" + "".join(said)}
        return Published(digest=digest_of(files), files=tuple(files.items()), signers=signers, why=self.because)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allow: tuple[Allow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One time the glass was broken, and what has become of it."""

    allow: Allow
    signers: tuple[str, ...]
    taken_by: str = ""
    """The transfer that goes, or went, by it."""
    reviewed_by: str = ""
    finding: str = ""
    """What the reviewer found."""


class Glass:
    """Every time the glass was broken, oldest first. Lives on one loop."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._broken: dict[str, Broken] = {}
        self._lifted: dict[tuple[str, str], Rulebook] = {}
        for fact in facts:
            self.add(fact)

    @property
    def all(self) -> tuple[Broken, ...]:
        """Oldest first."""
        return tuple(self._broken.values())

    def add(self, fact: Fact) -> None:
        """One more fact of the stream, durable already."""
        match fact:
            case Published(files=((_, text),), signers=signers):
                (allow,) = msgspec.toml.decode(text, type=_File).allow
                taken_by = "" if allow.is_for_next else allow.transfer
                self._broken[allow.id] = Broken(allow=allow, signers=signers, taken_by=taken_by)
            case Consulted(by=by, question=question, why=why):
                known = self._broken.get(question.removeprefix(REVIEW))
                if known is not None:
                    self._broken[known.allow.id] = replace(known, reviewed_by=by, finding=why)
            case _:
                pass

    def take(self, allow_id: str, transfer: str) -> None:
        """This transfer goes by it, and no other."""
        known = self._broken.get(allow_id)
        if known is not None and not known.taken_by:
            self._broken[allow_id] = replace(known, taken_by=transfer)

    def find(self, wanted: str) -> Broken | None:
        """By its own id, or the transfer it was signed for or taken by."""
        return next(
            (one for one in self.all if wanted in (one.allow.id, one.allow.transfer, one.taken_by) and wanted), None
        )

    def suspended_by(self, person: str, now_ms: int, review_ms: int) -> Broken | None:
        """What costs a person the power now: theirs, unreviewed for too long."""
        return next(
            (
                one
                for one in self.all
                if person in one.signers and not one.reviewed_by and now_ms - one.allow.at_ms > review_ms
            ),
            None,
        )

    # ── the judge, under glass ───────────────────────────────────────────────────────────────────────────────────

    def decide(self, rulebook: Rulebook, case: Case, transfer: str) -> Verdict:
        """The judge's word; where that is no, or not yet, under the allow that was signed for this transfer."""
        verdict = decide(rulebook, case)
        if verdict.outcome is Outcome.SEND or not self._broken or case.is_gateway_note:
            return verdict
        for one in self.all:
            if self._fits(one, case, transfer):
                under = decide(self._under(rulebook, one.allow), case)
                if under.outcome is not Outcome.BLOCK:
                    if transfer:
                        self.take(one.allow.id, transfer)
                    return under
        return verdict

    def _fits(self, one: Broken, case: Case, transfer: str) -> bool:
        allow = one.allow
        is_same = (allow.who, allow.to) == (case.sender_person, case.recipient.key)
        if one.taken_by:
            return is_same and one.taken_by == transfer
        return is_same and allow.at_ms <= case.at_ms <= allow.until_ms

    def _under(self, rulebook: Rulebook, allow: Allow) -> Rulebook:
        place = rulebook.digest, allow.id
        if place not in self._lifted:
            self._lifted.clear()  # an emergency is rare: one derived rulebook at a time is enough
            self._lifted[place] = lifted(rulebook, allow.id, allow.because, up_to(rulebook, allow.label))
        return self._lifted[place]


def allow_id(transfer: str, leg: int, random4: bytes) -> str:
    """A name for it: whose it is can be seen, and it is never used again."""
    return f"break-glass-{transfer[2:10].lower()}-{leg}-{random4.hex()}"


def would_be(rulebook: Rulebook, case: Case, allow: Allow) -> Verdict:
    """What the judge will say once this is signed: a `never` is not lifted, and a demand still has to be met."""
    return decide(lifted(rulebook, allow.id, allow.because, up_to(rulebook, allow.label)), case)


def remembered(records: Reading, archive: Archive, index_key: bytes) -> Glass:
    """Every time the glass was broken, as the records have it, and which transfer took each allow."""
    story = archive.story(STREAM)
    glass = Glass(story.facts if story else ())
    for one in glass.all:
        if not one.taken_by:
            # A verdict that lets it go, or wait, under the allow took it; a refusal, for another's sake, did not.
            for stream in reversed(records.find(((term(index_key, "rule", one.allow.id),),), limit=MOST)):
                told = archive.story(stream)
                if any(_took(fact, one.allow.id) for fact in (told.facts if told else ())):
                    glass.take(one.allow.id, stream)
    return glass


def _took(fact: Fact, allow: str) -> bool:
    return isinstance(fact, Judged) and allow in fact.rules and fact.outcome is not Outcome.BLOCK
