"""An alarm as a fact of the office, and every alarm there was.

It is declared like a containment: `Published`, in a stream of its own, signed by nobody, for nobody ordered it. That
somebody has looked is another fact, with their name and what they found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from gateway.engine.containment.declared import Said, declared
from gateway.facts import Fact, Published

STREAM = "office/alarms"
FILE = "alarm.toml"


class Kind(StrEnum):
    """What was unusual; the words of the thresholds in `gateway.toml`."""

    VOLUME = "volume"
    HOURS = "hours"
    NEW_RECIPIENTS = "new-recipients"
    REFUSALS = "refusals"
    SIGN_INS = "sign-ins"
    COLLECTIONS = "collections"


class Alarm(Said, frozen=True, kw_only=True):
    """What was seen, as it stands in the file."""

    id: str
    kind: Kind
    who: str
    at_ms: int
    count: int
    usual: int
    """The most of it that was ever seen before, within the time that is remembered."""
    span_ms: int
    pause: str = ""
    """The containment that pauses them; empty: nothing does."""

    def sounded(self) -> Published:
        """The fact."""
        why = f"{self.kind}: {self.count} within {self.span_ms // 60_000} minutes"
        return declared(FILE, "alarm", self, signers=(), why=why)


class Seen(Said, frozen=True, kw_only=True):
    """Somebody has looked."""

    id: str
    at_ms: int
    found: str

    def told(self, by: str) -> Published:
        """The fact."""
        return declared(FILE, "seen", self, signers=(by,), why=self.found)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alarm: Alarm | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounded:
    """One alarm, and who has looked."""

    alarm: Alarm
    seen: Seen | None = None
    seen_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has looked yet."""
        return self.seen is None


class Alarms:
    """Every alarm, oldest first. Lives on one loop."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._all: dict[str, Sounded] = {}
        for fact in facts:
            self.add(fact)

    @property
    def all(self) -> tuple[Sounded, ...]:
        """Oldest first."""
        return tuple(self._all.values())

    @property
    def open(self) -> tuple[Sounded, ...]:
        """Those at which nobody has looked."""
        return tuple(one for one in self._all.values() if one.is_open)

    def find(self, wanted: str) -> Sounded | None:
        """By its id."""
        return self._all.get(wanted)

    def add(self, fact: Fact) -> None:
        """One more fact of the stream, durable already. Raises `msgspec.ValidationError`."""
        if not isinstance(fact, Published):
            return
        ((_, text),) = fact.files
        said = msgspec.toml.decode(text, type=_File)
        if said.alarm is not None:
            self._all[said.alarm.id] = Sounded(alarm=said.alarm)
        elif said.seen is not None and said.seen.id in self._all:
            known = self._all[said.seen.id]
            self._all[said.seen.id] = replace(known, seen=said.seen, seen_by=";".join(fact.signers))
