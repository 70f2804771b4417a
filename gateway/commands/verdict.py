"""What a check of evidence came to, for a person and for a program: the same words wherever it is checked.

Depends on the standard library and the ledger's own formats alone, so that the stand-alone verifier is made of it too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gateway.commands.telling import details, headline, instant, printable
from gateway.errors import Unreadable
from gateway.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import FIELDS
from gateway.ledger.proof import Evidence
from gateway.ledger.verify import Report, StampCheck, Verdict, verify_bundle, verify_proof
from gateway.transfer import transfer_id

EXIT = {Verdict.TRUE: 0, Verdict.FALSE: 1, Verdict.UNDECIDED: 4}

_VERDICTS = {
    Verdict.TRUE: "TRUE: these entries stand in the ledger that this key signed, and nobody has changed them since.",
    Verdict.FALSE: "FALSE: do not rely on this file.",
    Verdict.UNDECIDED: "UNDECIDED: nothing is false, but not everything could be checked.",
}
_BRING_A_KEY = "Get the ledger's key from the office by a way you trust, and give it with --key."
_CLASSES = {
    "op": "rules and reasons",
    "snd": "who acted",
    "rcp": "the recipient",
    "obj": "the content's name and digests",
    "net": "addresses and Message-ID",
    "sec": "protection",
}
_MARKS = {Verdict.TRUE: "ok", Verdict.FALSE: "FALSE", Verdict.UNDECIDED: "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One numbered step of the check; `index` names the entry if it is about one."""

    step: int
    verdict: str
    words: str
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one entry says: in the open, and in what was disclosed."""

    index: int
    at: str
    kind: str
    transfer: str
    leg: int | None
    outcome: str
    values: dict[str, str]
    closed: tuple[str, ...]
    """Classes of which nothing is shown: hidden, or erased."""
    intent: int | None = None
    """The entry it goes back to: the leg's intent, or the order of an erasure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The whole answer."""

    verdict: str
    origin: str
    size: int
    steps: tuple[Step, ...]
    says: tuple[Said, ...]
    """Empty when anything is false: what a false bundle says is nothing."""
    unchecked: tuple[str, ...]


def check(untrusted: bytes, keys: tuple[str, ...], stamped: StampCheck | None = None) -> Report:
    """Verify a bundle or a `.tlog-proof`, whichever it is."""
    return verify_bundle(untrusted, keys, stamped) if untrusted.startswith(b"PK") else verify_proof(untrusted, keys)


def outcome_of(report: Report) -> Outcome:
    """The report as it is handed out."""
    head = _head(report.evidence)
    is_false = report.verdict is Verdict.FALSE
    return Outcome(
        verdict=report.verdict,
        origin=head.origin if head else "",
        size=head.size if head else 0,
        steps=tuple(Step(step=f.step, verdict=f.verdict, words=f.words, index=f.index) for f in report.findings),
        says=() if is_false or report.evidence is None else tuple(_said(report.evidence)),
        unchecked=report.unchecked,
    )


def _head(evidence: Evidence | None) -> Checkpoint | None:
    try:
        return parse_checkpoint(parse_note(evidence.note).text) if evidence else None
    except Unreadable:
        return None


def _said(evidence: Evidence) -> Iterator[Said]:
    for proof in evidence.proofs:
        entry = read_entry(proof.entry)
        yield Said(
            index=proof.index,
            at=instant(entry.time_ms),
            kind=entry.kind,
            transfer=transfer_id(entry.x) if entry.x else "",
            leg=entry.leg,
            outcome=entry.outcome,
            values={f"{one.cls}.{one.field}": one.value for one in proof.disclosures if one.value is not None},
            closed=closed(entry.kind, {one.cls for one in proof.disclosures}),
            intent=entry.intent,
        )


def closed(kind: str, shown: Collection[str]) -> tuple[str, ...]:
    """The classes that say something in an entry of this kind and of which nothing is shown."""
    return tuple(cls for cls, fields in FIELDS.get(kind, {}).items() if fields and cls not in shown)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def lines(outcome: Outcome, *, has_key: bool) -> Iterator[str]:
    """The whole answer for a person."""
    yield _VERDICTS[Verdict(outcome.verdict)]
    if outcome.origin:
        yield f"Ledger {printable(outcome.origin)}, as of {outcome.size:,} entries."
    if not has_key:
        yield _BRING_A_KEY
    yield ""
    yield "What was checked"
    for step in _shown(outcome):
        yield f"  {step.step}. {_MARKS[Verdict(step.verdict)]:<6} {printable(step.words)}"
    if outcome.says:
        yield ""
        yield "What it says" if outcome.verdict == Verdict.TRUE else "What it claims"
        for said in outcome.says:
            yield from story(said)
    yield ""
    yield "What was not checked"
    for words in outcome.unchecked:
        yield f"  - {words}"


def _shown(outcome: Outcome) -> Iterator[Step]:
    """Each step; of the many disclosures that are true, only their number."""
    true = [step for step in outcome.steps if step.step == 5 and step.verdict == Verdict.TRUE]
    words = f"{len(true)} disclosed fields are what was committed to"
    for step in outcome.steps:
        if step not in true:
            yield step
        elif step is true[0]:
            yield Step(step=5, verdict=Verdict.TRUE, words=words, index=None)


def story(said: Said) -> Iterator[str]:
    """One entry, in words."""
    leg = "" if said.leg is None else f" · recipient {said.leg + 1}"
    yield f"  {said.at}  {headline(said.kind, said.outcome, intent=said.intent)}{leg} · entry {said.index}"
    for word, value in details(said.values):
        yield f"      {word:<30} {value}"
    if said.closed:
        yield f"      {'not shown':<30} {', '.join(_CLASSES[cls] for cls in said.closed)}"
