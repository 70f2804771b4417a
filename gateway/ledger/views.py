"""Whose eyes see what of the ledger: one table, and nothing else decides it.

Powers come from `people.toml`; who asks without signing in has none. A view closes classes of private values: what an
entry says in the open (kind, time, outcome, place) everybody sees, for it can be read in the published ledger too.

The table is discipline, not cryptography: whoever holds the office's keys can open every box that is not erased. What
it promises is that our own verbs show nobody more than this, and that the ledger says which view somebody had.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.ledger.leaf import CLASSES


class Role(StrEnum):
    """As what somebody looks."""

    AUDITOR = "auditor"
    REGULATOR = "regulator"
    SUPERVISOR = "supervisor"
    SUBJECT = "subject"
    OPERATOR = "operator"
    PUBLIC = "public"


class Whose(StrEnum):
    """Of whose transfers."""

    ALL = "everybody's"
    UNIT = "of the own unit"
    OWN = "the own"


@dataclass(frozen=True, slots=True)
class Sight:
    """One line of the table."""

    role: Role
    power: str | None
    """What it takes in `people.toml`; empty: to have signed in; None: nothing."""
    opens: tuple[str, ...]
    whose: Whose
    days: int | None = None
    """The account must end within so many days: a regulator is let in for a visit, not for good."""


# The first line whose power somebody has is theirs.
SIGHTS: tuple[Sight, ...] = (
    Sight(Role.AUDITOR, "audit", CLASSES, Whose.ALL),
    Sight(Role.REGULATOR, "inspect", CLASSES, Whose.ALL, days=92),
    Sight(Role.SUPERVISOR, "supervise", ("op", "snd", "rcp", "obj", "sec"), Whose.UNIT),
    Sight(Role.SUBJECT, "", ("op", "snd", "rcp", "obj"), Whose.OWN),
    Sight(Role.OPERATOR, None, (), Whose.ALL),
    Sight(Role.PUBLIC, None, (), Whose.ALL),
)
POWERS = frozenset(sight.power for sight in SIGHTS if sight.power)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks, as the rules in force know them."""

    address: str
    powers: Collection[str]
    until: date
    """The last day their account counts."""
    unit: Collection[str] = ()
    """Everybody of the same unit, by address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What somebody may see."""

    role: Role
    opens: frozenset[str]
    people: frozenset[str] | None = None
    """Only of transfers that one of these had a part in; None: of all."""

    def of(self, involved: Collection[str]) -> frozenset[str]:
        """The classes that are open in an entry about these people, by address."""
        if self.people is None or not self.people.isdisjoint(one.lower() for one in involved):
            return self.opens
        return frozenset()

    def closed(self, classes: Collection[str]) -> tuple[str, ...]:
        """Which of these classes it never opens."""
        return tuple(cls for cls in CLASSES if cls in classes and cls not in self.opens)


EVERYTHING = View(role=Role.AUDITOR, opens=frozenset(CLASSES))
"""For the gateway itself."""
NOTHING = View(role=Role.OPERATOR, opens=frozenset())


def view_of(viewer: Viewer | None, on: date) -> View:
    """What the viewer may see on a day; None is whoever is at the machine and has not signed in."""
    sight = next(sight for sight in SIGHTS if _has(viewer, sight, on))
    people: Mapping[Whose, frozenset[str] | None] = {
        Whose.ALL: None,
        Whose.UNIT: frozenset(one.lower() for one in viewer.unit) if viewer else frozenset(),
        Whose.OWN: frozenset({viewer.address.lower()}) if viewer else frozenset(),
    }
    return View(role=sight.role, opens=frozenset(sight.opens), people=people[sight.whose])


def _has(viewer: Viewer | None, sight: Sight, on: date) -> bool:
    if viewer is None or on > viewer.until:
        return sight.power is None
    if sight.days is not None and (viewer.until - on).days > sight.days:
        return False
    return not sight.power or sight.power in viewer.powers
