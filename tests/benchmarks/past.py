"""An office with a long past: as many decisions as wanted, taken by the judge and written by the scribe.

Everything is the real thing but time, which is turned here: the office of `init`, its rules and keys, the one writer
with its checks, the SQLite file. Its letters are what an office sends: most go, some wait, some are refused.
"""

from __future__ import annotations

import queue
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.commands.init import lay_out
from gateway.commands.office import Office, alone, opened, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, day
from gateway.engine.entries import Write
from gateway.engine.policy import InForce
from gateway.engine.rulesets import RULES
from gateway.engine.scribe import Scribe
from gateway.facts import Judged, LegFact, Outcome, Published, Receipt, Received, Truth
from gateway.judge.case import Case, known_facts
from gateway.judge.decide import couple, decide
from gateway.transfer import Address, Leg, Party, Recipient, Transfer, Way, transfer_id
from tests.earnest import in_earnest
from tests.playbook import DIGEST, ITEM, attempted, scrubbed, sealed, shipped

DAY_MS = 86_400_000
SPAN_DAYS = 87
AT_ONCE = 80
"""Letters handed in together, at most: about one batch of the scribe's."""
MOMENTS = 30
"""At least so many times letters are handed in."""
LEGS = 2
Letter = tuple[str, tuple[str, str], str, str]
"""From, to, label (empty: it could not be determined), purpose."""
CITIZENS, COURT = ("anna@example.test", "ben@example.test"), ("registry@court.test", "judge@court.test")
LETTERS: tuple[Letter, ...] = (
    *(("alena@town.test", CITIZENS, "public", "general"),) * 8,
    *(("alena@town.test", COURT, "office", "litigation"),) * 6,
    *(("jo@town.test", COURT, "confidential", "litigation"),) * 4,
    *(("per@town.test", CITIZENS, "office", "general"),) * 3,
    ("jo@town.test", ("day@smithday.test", "judge@court.test"), "office", "litigation"),
    ("alena@town.test", ("registry@c0urt.test", "anna@example.test"), "public", "general"),
    ("jo@town.test", COURT, "sealed", "litigation"),
    ("alena@town.test", COURT, "", "litigation"),
)
"""What an office sends, as often as it does: most goes, the last ones are refused, and one waits."""
HARMLESS = (
    "hidden-content-found", "personal-data-found", "label-conflict", "first-contact", "many-recipients",
    "sender-second-factor",
)  # fmt: skip
FOUND = dict.fromkeys(HARMLESS, Truth.NO) | dict.fromkeys(
    ("recipient-key-known", "transport-verified", "working-hours"), Truth.YES
)


@dataclass(slots=True)
class Turned:
    """A clock that is turned by hand; its randomness is the kernel's."""

    at_ms: int

    def now_ms(self) -> int:
        """Where it stands."""
        return self.at_ms

    def random(self, size: int) -> bytes:
        """See `Clock.random`."""
        return SystemClock().random(size)


def lived(folder: Path, decisions: int, *, seed: int = 20261123) -> None:
    """Lay out an office in `folder` that has taken so many decisions, evenly, in the days until now."""
    now_ms, clock = SystemClock().now_ms(), Turned(0)
    clock.at_ms = now_ms - (SPAN_DAYS + 1) * DAY_MS
    lay_out(folder, base=20000, clock=clock, publish=in_earnest)
    dice, letters = random.Random(seed), decisions // LEGS
    at_once = min(AT_ONCE, max(1, letters // MOMENTS))
    step_ms = SPAN_DAYS * DAY_MS * at_once // letters
    with _writing(folder, clock) as (office, scribe):
        rules = office.folder_rules
        first = Published(digest=rules.digest, files=rules.files, signers=("init",), why="the first set")
        scribe.append_now(Write(stream=RULES, facts=(first,)))
        for begun in range(0, letters, at_once):
            clock.at_ms += step_ms
            _hand_in(scribe, [_letter(office, clock, dice) for _ in range(min(at_once, letters - begun))])


@contextmanager
def _writing(folder: Path, clock: Turned) -> Iterator[tuple[Office, Scribe]]:
    setting = Setting(folder=folder)
    with alone(setting), opened(setting, is_writing=True) as office:
        office = replace(office, clock=clock)
        scribe = scribe_of(office, InForce(office.folder_rules), lambda why: None)
        scribe.start()
        try:
            yield office, scribe
        finally:
            scribe.stop()
        if scribe.head:
            office.publication.publish(scribe.head)  # as the gateway does all the while


def _hand_in(scribe: Scribe, writes: list[Write]) -> None:
    done: queue.SimpleQueue[tuple[Receipt, ...] | BaseException] = queue.SimpleQueue()
    for write in writes:
        scribe.order((write,), done.put)
    for _ in writes:
        answer = done.get()
        if isinstance(answer, BaseException):
            raise answer


def _letter(office: Office, clock: Turned, dice: random.Random) -> Write:
    """One letter and what became of it."""
    sender, recipients, label, purpose = dice.choice(LETTERS)
    transfer = Transfer(
        id=transfer_id(clock.random(16)),
        way=Way.MAIL,
        sender=Party(person=sender, address=Address.of(sender), signed_in_by="password"),
        items=(replace(ITEM, name="claim.pdf", digest=DIGEST),),
        legs=tuple(Leg(ordinal=n, recipient=Recipient(address=Address.of(one))) for n, one in enumerate(recipients)),
        received_ms=clock.at_ms,
        label=label,
        purpose=purpose,
    )
    facts: list[Received | LegFact] = [Received(transfer=transfer), *_judged(office, transfer)]
    for ordinal in [one.leg for one in facts if isinstance(one, Judged) and one.outcome is Outcome.SEND]:
        way_out = (scrubbed(ordinal), sealed(ordinal), attempted(ordinal), shipped(ordinal))
        facts += way_out
    return Write(stream=transfer.id, facts=tuple(facts), expected=0, data_key=clock.random(32))


def _judged(office: Office, transfer: Transfer) -> Iterator[Judged]:
    """The judge's word on every leg, as `engine.inquiry` asks for it."""
    rules = office.folder_rules
    cases = [
        Case(
            sender_person=transfer.sender.person,
            recipient=leg.recipient,
            by=transfer.way,
            label=transfer.label or None,
            purpose=transfer.purpose,
            on=day(transfer.received_ms, InForce(rules).zone),
            facts=FOUND,
            at_ms=transfer.received_ms,
        )
        for leg in transfer.legs
    ]
    for leg, verdict in enumerate(couple([decide(rules, case) for case in cases])):
        yield Judged(
            leg=leg,
            outcome=verdict.outcome,
            rules=verdict.rules,
            demands=verdict.demands,
            reasons=verdict.reasons,
            known=known_facts(rules, cases[leg]),
            ruleset=rules.digest,
            mixed=verdict.mixed,
            label=transfer.label,
            purpose=transfer.purpose,
        )
