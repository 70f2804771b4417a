"""Who and what the rules leave stranded: papers nobody can approve, partners nobody may write to, labels nobody sends.

Everything is asked over every combination of what live rules permit; a question too hard to answer yields no finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.judge import words
from gateway.judge.oddities import Finding
from gateway.judge.permitted import Permitted
from gateway.judge.rulebook import Rulebook
from gateway.judge.universe import OUTSIDERS


def stranded(rulebook: Rulebook, permitted: Permitted) -> tuple[Finding, ...]:
    """Stuck approvals, then what is unreachable."""
    return (*_stuck(rulebook, permitted), *_unreachable(permitted))


# ── stuck ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stuck(rulebook: Rulebook, permitted: Permitted) -> Iterator[Finding]:
    for place, rule in enumerate(permitted.requires.rules):
        for demand in rule.then:
            if demand.startswith(words.APPROVAL):
                role = demand.removeprefix(words.APPROVAL)
                labels_by_lack: dict[str, list[str]] = {}
                for label in permitted.universe.label.values:
                    if lack := _lacking(permitted, tuple(permitted.requires.boxes(place)), role, label):
                        labels_by_lack.setdefault(lack, []).append(label)
                for lack, labels in labels_by_lack.items():
                    text = (
                        f"{rule.id}: {', '.join(labels)} papers wait for approval by {role}, and there is nobody {lack}"
                    )
                    yield Finding(kind="stuck", about=rule.id, rule=rule, text=text)


def _lacking(permitted: Permitted, boxes: tuple[int, ...], role: str, label: str) -> str:
    """Who is missing to approve a paper of this label as `role`; empty: nobody is (`fulfilment.may_approve`)."""
    universe, space = permitted.universe, permitted.universe.space
    holders = tuple(one for people in universe.people.values() for one in people if role in one.roles)
    able = holders if universe.label.values.index(label) <= universe.ranks[role] else ()
    only = able[0] if len(able) == 1 else None
    stuck = tuple(roles for roles in universe.who.values if not able or only in universe.people[roles])
    papers = space.box(space.only(universe.who, stuck), space.only(universe.label, (label,)))
    if not any(permitted.reaches(space.box(box, papers), unsure=False) for box in boxes):
        return ""
    if not able:
        return "who holds that role and may handle them" if holders else "who holds that role"
    return f"but {able[0].name}, who may send them"


# ── unreachable ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _unreachable(permitted: Permitted) -> Iterator[Finding]:
    universe, space = permitted.universe, permitted.universe.space
    ours = space.only(universe.who, (roles for roles in universe.who.values if roles != OUTSIDERS))
    for names, partners in universe.partners.items():
        if partners and not permitted.reaches(space.box(ours, space.only(universe.to, (names,))), unsure=True):
            for partner in partners:
                text = f"nobody may write to {partner.name} ({words.PARTNER}{partner.id})"
                yield Finding(kind="unreachable", about=words.PARTNER + partner.id, text=text)
    for label in universe.label.values:
        if not permitted.reaches(space.box(ours, space.only(universe.label, (label,))), unsure=True):
            yield Finding(kind="unreachable", about=f"label:{label}", text=f"nobody may send a paper labelled {label}")
    for purpose in universe.purpose.values:
        if not permitted.reaches(space.box(ours, space.only(universe.purpose, (purpose,))), unsure=True):
            yield Finding(kind="unreachable", about=f"for:{purpose}", text=f"nobody may send anything for {purpose}")
