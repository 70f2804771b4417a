"""The vital signs of a gateway that serves, put together from its concrete parts: probes, gauges, health door."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import partial

from gateway.commands.assembly import Parts
from gateway.commands.expiring import expiring
from gateway.commands.office import Office
from gateway.commands.outsiders import STANDING, witnesses_of
from gateway.commands.soundings import is_synchronised
from gateway.doors.health import HealthDoor
from gateway.engine.clock import moment
from gateway.engine.health.gauges import CountedWorkshop, Gauges, MeasuredWriter
from gateway.engine.health.marks import Marks
from gateway.engine.health.vitals import Vitals
from gateway.engine.lawmaking.rulewatch import RuleWatch, Standing
from gateway.engine.outsiders.vouching import standing_at
from gateway.engine.workshop import Workshop
from gateway.engine.workshop.benches import Benches
from gateway.engine.writing import Writer, is_answering

KEYS_EVERY_MS = 3_600_000
"""Asking for the keys' last days runs GnuPG."""


@dataclass(slots=True, kw_only=True)
class Health:
    """One run's."""

    office: Office
    watch: Callable[[], RuleWatch | None]
    certificate_ends: Callable[[], datetime]
    """Of the certificate the doors show now."""
    gauges: Gauges = field(default_factory=Gauges)
    _keys_asked_ms: int = 0
    _benches: Benches | None = None

    def writer(self, writer: Writer) -> Writer:
        """The same writer, measured."""
        return MeasuredWriter(writer, self.gauges, self.office.clock)

    def deciding(self) -> AbstractContextManager[None]:
        """Around each verdict."""
        return self.gauges.timed(self.gauges.decision)

    def workshop(self, workshop: Benches) -> Workshop:
        """The same workshop, counted."""
        self._benches = workshop
        return CountedWorkshop(workshop, self.gauges)

    def refused(self, door: str, code: int | str) -> None:
        """A door has said no."""
        self.gauges.refusals.labels(door, code).inc()

    def alarm(self, kind: str) -> None:
        """The watch has sounded an alarm."""
        self.gauges.alarms.labels(kind).inc()

    def vitals(self, parts: Parts) -> Vitals:
        """The vital signs, as a chore for the caretaker."""
        return Vitals(
            records=self.office.records,
            archive=self.office.archive,
            clock=self.office.clock,
            gauges=self.gauges,
            marks=Marks(self.office.setting.var / "marks"),
            ready={
                "rules": partial(_rules, parts),
                "scribe": partial(_scribe, parts),
                "disk": partial(_disk, parts),
                "certificate": self._certificate,
                "workshop": self._workshop,
            },
            sample=partial(self._sample, parts),
        )

    async def _certificate(self) -> str:
        ends = self.certificate_ends()
        return "" if moment(self.office.clock.now_ms()) < ends else f"the doors' certificate ended on {ends:%Y-%m-%d}"

    async def _workshop(self) -> str:
        is_there = self._benches is not None and self._benches.is_standing
        return "" if is_there else "the workshop is away: documents wait, and mail is refused for now"

    def _sample(self, parts: Parts) -> None:
        gauges, office = self.gauges, self.office
        gauges.rules.info({"digest": parts.rules.rulebook.digest})
        watch = self.watch()
        is_broken = watch is not None and watch.state is not None and watch.state.standing is Standing.BROKEN
        gauges.rejected.set(is_broken)
        gauges.certificate_expiry.set(self.certificate_ends().timestamp())
        room = os.statvfs(office.setting.var)
        gauges.disk_free.set(room.f_bavail * room.f_frsize)
        gauges.workshop_up.set(self._benches is not None and self._benches.is_standing)
        gauges.synchronised.set(is_synchronised() is not False)
        if witnesses_of(parts.rules):
            vouched = [one.vouched_ms for one in standing_at(office.setting.var / STANDING)]
            gauges.witnessed.set(min(vouched, default=0) / 1000)
        self._sample_keys(parts)

    def _sample_keys(self, parts: Parts) -> None:
        now_ms = self.office.clock.now_ms()
        if now_ms - self._keys_asked_ms < KEYS_EVERY_MS:
            return
        self._keys_asked_ms = now_ms
        ends = [one.last for one in expiring(self.office, parts.rules.rulebook) if one.kind == "key"]
        if ends:
            last = datetime.combine(min(ends), time(), UTC)
            self.gauges.key_expiry.set(last.timestamp())


async def _rules(parts: Parts) -> str:
    return "" if parts.rules.rulebook.digest else "no rules are in force"


async def _scribe(parts: Parts) -> str:
    return "" if await is_answering(parts.scribe) else "the scribe does not answer"


async def _disk(parts: Parts) -> str:
    await asyncio.to_thread(parts.blobs.check_room)
    return ""


async def open_health(vitals: Vitals, places: tuple[str, ...]) -> HealthDoor:
    """The health door, at every place the rules list. Raises `OSError`."""
    door = HealthDoor(vitals)
    for place in places:
        host, _, port = place.rpartition(":")
        await door.listen(host.strip("[]"), int(port))
    return door
