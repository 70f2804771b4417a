"""The watch of a running gateway, put together from its concrete parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.commands.assembly import Parts
from gateway.engine.alarms.retelling import retold
from gateway.engine.alarms.signs import Sign
from gateway.engine.alarms.telling import Telling
from gateway.engine.alarms.watching import Watching


def nobody_counts_alarms(kind: str) -> None:
    """Where nothing is measured."""


def watching_of(
    parts: Parts, look: Callable[[], None], sounded: Callable[[str], None] = nobody_counts_alarms
) -> Watching:
    """The watch, as a chore; `look` wakes the runner, `sounded` counts alarms by kind."""
    office, alertness = parts.office, parts.alertness

    def past(until_ms: int, past_ms: int) -> Iterator[Sign]:
        return retold(office.records, office.archive, office.keyring.index_key, until_ms=until_ms, past_ms=past_ms)

    return Watching(
        rules=parts.rules,
        scribe=parts.scribe,
        clock=office.clock,
        ear=alertness.ear,
        alarms=alertness.alarms,
        containments=alertness.containments,
        telling=Telling(rules=parts.rules, notes=parts.notes, clock=office.clock, containments=alertness.containments),
        past=past,
        look=look,
        sounded=sounded,
    )
