"""A rule as a value: four verbs of one shape."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.facts import Mixed
from gateway.transfer import Way


class Verb(StrEnum):
    """What a rule does. Only `allow` widens."""

    ALLOW = "allow"
    FORBID = "forbid"
    REQUIRE = "require"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. An empty clause means anything; values in a clause mean any of; `when` means all of.

    `unless` exempts only if all of its facts are yes.
    """

    verb: Verb
    id: str
    because: str
    who: frozenset[str] = frozenset()
    to: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    by: frozenset[Way] = frozenset()
    for_: frozenset[str] = frozenset()
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    until: date | None = None
    """An allow's last day."""
    owner: str = ""
    """Who can renew an allow, or grant an exception from it: a person's address."""
    mixed: Mixed = Mixed.ALL_OR_NOTHING
    may_be_sender_sealed: bool = False
    is_seldom: bool = False
    is_watched: bool = False
    """Judged and recorded, without effect."""
    then: tuple[str, ...] = ()
    say: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """File and line, for whoever wants to read it."""
        return f"rules/transfers.toml:{self.line}"
