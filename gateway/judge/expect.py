"""Runs the `[[expect]]` cases of a folder: what the rules must answer, whatever else changes.

A case says what it does not leave to `default`. Facts it does not name are computed if the folder can, else taken as
harmless: keys known, transport proved, nothing suspicious found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.rulebook import Rulebook
from gateway.judge.shapes import Expect, Gaps
from gateway.judge.verdict import Verdict
from gateway.transfer import Address, Recipient, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """An expectation that was not met: which, where it stands, what was wanted and what came."""

    that: str
    file: str
    line: int
    what: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"rules/{self.file}:{self.line}  {self.that}: {self.what} should be {self.wanted}, is {self.got}"


def run(rulebook: Rulebook) -> tuple[Miss, ...]:
    """Every expectation that is not met."""
    misses: list[Miss] = []
    for file, line, gaps, expect in rulebook.expects:
        verdict = decide(rulebook, case_of(rulebook, gaps, expect))
        for what, wanted, got in _differences(expect, verdict):
            misses.append(Miss(that=expect.that, file=file, line=line, what=what, wanted=wanted, got=got))
    return tuple(misses)


def case_of(rulebook: Rulebook, gaps: Gaps, expect: Expect) -> Case:
    """The case an expectation describes."""
    sender = expect.from_ or gaps.from_ or ""
    by = expect.by or gaps.by
    on = expect.on or gaps.on
    assert on is not None, "checks refuses an expectation without a day"
    stated = {**gaps.facts, **expect.facts}
    return Case(
        sender_person=sender_in(rulebook, sender),
        recipient=recipient_of(expect.to or gaps.to or ""),
        by=Way(by) if by else None,
        label=expect.label or gaps.label,
        purpose=expect.for_ or gaps.for_,
        on=on,
        facts={**harmless(), **{name: _truth(value) for name, value in stated.items()}},
        outside_recipients=1,
    )


def sender_in(rulebook: Rulebook, address: str) -> str:
    """The sender's address if it is one of ours, or claims to be; empty for an outsider."""
    is_ours = address.lower().rpartition("@")[2] in rulebook.gateway.office.domains
    return address if is_ours or rulebook.person(address) else ""


def recipient_of(text: str) -> Recipient:
    """`registry@court.test`, or `partner:court` for a partner's box. Raises `ValueError` on anything else."""
    if text.startswith(words.PARTNER):
        return Recipient(partner=text.removeprefix(words.PARTNER))
    return Recipient(address=Address.of(text))


def harmless() -> dict[str, Truth]:
    """The facts nobody computes, as an ordinary day has them."""
    return {
        name: Truth.YES if name in words.YES_IN_TESTS else Truth.NO
        for name in words.FACTS
        if name not in words.COMPUTED
    }


def _truth(value: bool | str) -> Truth:
    return Truth.UNKNOWN if isinstance(value, str) else Truth.YES if value else Truth.NO


def _differences(expect: Expect, verdict: Verdict) -> Iterable[tuple[str, str, str]]:
    if verdict.outcome is not expect.outcome:
        yield "outcome", expect.outcome, verdict.outcome
    for what, wanted, got in (
        ("rules", expect.rules, verdict.rules),
        ("unknown", expect.unknown, verdict.unknown),
        ("then", expect.then, verdict.demands),
    ):
        if wanted is not None and sorted(wanted) != sorted(got):
            yield what, _list(wanted), _list(got)
    if expect.nearest is None:
        return
    wanted = (expect.nearest.rule, *sorted(expect.nearest.missing))
    nearest = verdict.nearest
    got = (nearest.rule, *sorted(nearest.missing)) if nearest else ()
    if wanted != got:
        yield "nearest", _list(wanted), _list(got)


def _list(words_found: Iterable[str]) -> str:
    return " ".join(words_found) or "nothing"
