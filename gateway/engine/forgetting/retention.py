"""The office's retention rules, as `shred.schedule` asks them."""

from __future__ import annotations

from gateway.judge.stationshapes import HoldTable, RetentionFile, RetentionTable
from gateway.shred.schedule import Hold, Keep, Schedule

DAY_S = 86_400


def schedule_of(file: RetentionFile) -> Schedule:
    """The schedule of a checked `retention.toml`."""
    return Schedule(keeps=tuple(_keep(table) for table in file.keep), holds=tuple(_hold(table) for table in file.hold))


def _keep(table: RetentionTable) -> Keep:
    return Keep(
        id=table.id,
        because=table.because,
        what=frozenset(table.what),
        labels=frozenset(table.labels),
        purposes=frozenset(table.purposes),
        of=frozenset(table.of_),
        until=table.for_.after,
        owner=table.owner or "",
        warn_days=table.warn.seconds // DAY_S if table.warn else 0,
    )


def _hold(table: HoldTable) -> Hold:
    return Hold(
        id=table.id,
        because=table.because,
        owner=table.owner,
        until=table.until,
        partners=frozenset(table.partners),
        people=frozenset(address.lower() for address in (*table.people, *table.addresses)),
        purposes=frozenset(table.purposes),
    )
