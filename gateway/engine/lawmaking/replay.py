"""What other rules would have said: every recorded decision taken again under an edited set.

A decision is taken again from what was recorded of it. Facts the folder decides are computed anew, or renewing an
agreement would change nothing; a fact nobody recorded is unknown, and unknown holds. What stood in the way beside the
rules (a document that could not be cleaned, a key that was missing) is taken to stand there still, and so is what
people signed. Under the very rules that were in force nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.engine.archive import Archive
from gateway.engine.clock import moment
from gateway.engine.glass import Glass
from gateway.engine.lawmaking.decisions import Decision
from gateway.engine.rulesets import every
from gateway.errors import Misconfigured
from gateway.facts import Known, Outcome, Truth
from gateway.judge import circumstances
from gateway.judge.case import Case, determine
from gateway.judge.decide import couple
from gateway.judge.questions import CONFIRMATION, CONFIRMED, is_question
from gateway.judge.rulebook import Rulebook
from gateway.judge.verdict import Verdict

THE_JUDGES = frozenset({"unknown", "waits", "others-wait"})
"""Why the rules hold. Any other reason of a leg that was held stood in the way beside them."""
_OWN_NO = frozenset({"lookalike", "forbidden", "miss", "no-rule"})
"""Why the rules refuse a leg for its own sake."""
_OF_THE_FOLDER = frozenset({"agreement-current", "address-verified", "lookalike-domain"})
SETS_REMEMBERED = 16

SetOf = Callable[[str], Rulebook | None]
"""The published set of a digest; None if there is none, or this version does not read it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A decision that would be another."""

    decision: Decision
    case: Case
    after: Verdict
    unrecorded: tuple[str, ...]
    """Facts the edited rules ask for and nobody recorded then."""

    @property
    def before(self) -> Outcome:
        """What was decided."""
        return self.decision.judged.outcome


def replayed(
    acts: Iterator[tuple[Decision, ...]], edited: Rulebook, was: SetOf, glass: Glass
) -> Iterator[tuple[int, list[Change]]]:
    """For each act how many decisions it held, and those of them that change. `glass` is what two people signed."""
    asked = tuple(name for name, _, _ in edited.sieve.facts)
    then: dict[str, _Then] = {}
    for act in acts:
        digests = [decision.judged.ruleset for decision in act]
        then.update({digest: _Then.of(was(digest), edited) for digest in digests if digest not in then})
        cases = [_case(decision, edited, then[digest]) for decision, digest in zip(act, digests, strict=True)]
        is_explained = any(_OWN_NO.intersection(_codes(one)) for one in act)
        verdicts = couple(
            [
                _with_obstacles(glass.decide(edited, case, one.transfer.id), one, is_explained=is_explained)
                for case, one in zip(cases, act, strict=True)
            ]
        )
        yield (
            len(act),
            [
                Change(decision=one, case=case, after=verdict, unrecorded=_unrecorded(asked, case, verdict))
                for one, case, verdict in zip(act, cases, verdicts, strict=True)
                if verdict.outcome is not one.judged.outcome
            ],
        )


def published_sets(archive: Archive) -> SetOf:
    """The sets that were in force, by digest, from the office's own ledger."""
    sets = {one.digest: one for one in every(archive)}

    @lru_cache(SETS_REMEMBERED)
    def set_of(digest: str) -> Rulebook | None:
        try:
            return sets[digest].rulebook() if digest in sets else None
        except Misconfigured:
            return None

    return set_of


@dataclass(frozen=True, slots=True)
class _Then:
    """A set that was in force, beside the edited one."""

    rulebook: Rulebook | None
    is_same_world: bool
    """Both have the same partners, people and numbers: what the folder decided then, it decides now."""

    @classmethod
    def of(cls, was: Rulebook | None, edited: Rulebook) -> _Then:
        """The two, compared once."""
        return cls(was, was is not None and _world(was) == _world(edited))


def _world(rulebook: Rulebook) -> tuple[object, ...]:
    """All that facts are computed from."""
    office = rulebook.gateway.office
    return rulebook.partners, set(rulebook.people.by_address), office.domains, office.zone, rulebook.transfers.facts


def _case(decision: Decision, edited: Rulebook, then: _Then) -> Case:
    transfer, judged = decision.transfer, decision.judged
    at = moment(decision.at_ms, ZoneInfo(edited.gateway.office.zone))
    case = Case(
        sender_person=transfer.sender.person,
        recipient=decision.leg.recipient,
        by=transfer.way,
        label=judged.label or transfer.label or None,
        purpose=judged.purpose or transfer.purpose or None,
        on=at.date(),
        at_ms=decision.at_ms,
        approved_by=tuple(approval.by for approval in decision.approvals if CONFIRMED not in approval.covers),
        is_confirmed=_is_confirmed(decision),
        waited_seconds=max(0, decision.at_ms - transfer.received_ms) // 1000,
    )
    if then.is_same_world:
        facts = {known.name: known.value for known in judged.known}
    else:
        again = ((known.name, _again(known, case, edited, then.rulebook)) for known in judged.known)
        facts = {name: value for name, value in again if value is not None}
    facts["working-hours"] = circumstances.working_hours(edited.transfers.facts.working_hours, at)
    return replace(case, facts=facts)


def _is_confirmed(decision: Decision) -> bool:
    """By an answer about this transfer, or by an earlier one: then it was demanded, and nobody was asked."""
    judged = decision.judged
    was_met = CONFIRMATION in judged.demands and not any(is_question(reason) for reason in judged.reasons)
    return was_met or any(CONFIRMED in approval.covers for approval in decision.approvals)


def _again(known: Known, case: Case, edited: Rulebook, was: Rulebook | None) -> Truth | None:
    """What a recorded fact is worth under the edited rules; None: to be computed, or unknown."""
    if known.name in _OF_THE_FOLDER:
        # Recorded otherwise than the folder of then had it, it was found out in the world (another MX): that stands.
        computed = determine(was, case, (known.name,))[known.name] if was else known.value
        return None if computed is known.value else known.value
    if was is None:
        return known.value
    then, now = was.transfers.facts, edited.transfers.facts
    match known.name:
        case "many-recipients":
            # How many they were is not recorded: only what stays on its side of the number is still known.
            surely = Truth.NO if now.many_recipients > then.many_recipients else Truth.YES
            is_same = now.many_recipients == then.many_recipients
            return known.value if is_same or known.value is surely else Truth.UNKNOWN
        case "personal-data-found" if now.personal_data != then.personal_data:
            return Truth.UNKNOWN
        case _:
            return known.value


def _with_obstacles(verdict: Verdict, decision: Decision, *, is_explained: bool) -> Verdict:
    """`is_explained`: the rules refused one of the legs recorded together, and the others perhaps for its sake."""
    judged = decision.judged
    if verdict.outcome is Outcome.BLOCK or judged.outcome is Outcome.SEND:
        return verdict
    if judged.outcome is Outcome.BLOCK:
        # It could not be read, or somebody was refused at the door, of whom there is no record.
        return verdict if is_explained else replace(verdict, outcome=Outcome.BLOCK, reasons=judged.reasons)
    obstacles = tuple(reason for reason in judged.reasons if reason.code not in THE_JUDGES)
    return replace(verdict, outcome=Outcome.HOLD, reasons=(*verdict.reasons, *obstacles)) if obstacles else verdict


def _codes(decision: Decision) -> frozenset[str]:
    return frozenset(reason.code for reason in decision.judged.reasons)


def _unrecorded(asked: tuple[str, ...], case: Case, verdict: Verdict) -> tuple[str, ...]:
    return tuple(name for name in verdict.unknown if name in asked and name not in case.facts)
