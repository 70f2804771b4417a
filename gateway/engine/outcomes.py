"""What is appended when a delivery ended, whatever carried it: who is told, when it is tried again, when no more.

A parcel that must wait is stored first: the next attempt sends the very same bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, replace
from typing import assert_never

from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.vault import Vault
from gateway.engine.voyage import Log, Voyage
from gateway.facts import Deferred, Hop, Judged, Outcome, Reason, Shipped, Undeliverable
from gateway.journey import LegJourney
from gateway.ship import Never, NotNow, Taken
from gateway.ship.bounce import Kind
from gateway.ship.retry import next_try_ms, owes_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Writes ends down."""

    vault: Vault
    clock: Clock
    rules: InForce
    notes: Notes

    # ── before ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def start_over(self, voyage: Voyage, leg: LegJourney) -> Judged | None:
        """The fact that sends a leg back to the start, under the rules of now, if its parcel is gone.

        It was small, and a crash took it before it left. None if the parcel is there.
        """
        assert leg.sealed is not None
        assert leg.judged is not None
        if leg.leg.ordinal in voyage.parcels or await self.vault.holds(leg.sealed.parcel.blob):
            return None
        return replace(leg.judged, outcome=Outcome.SEND, reasons=())

    def chunks(self, voyage: Voyage, leg: LegJourney) -> AsyncIterable[bytes] | tuple[bytes]:
        """The parcel's bytes, from where they are."""
        assert leg.sealed is not None
        parcel, small = leg.sealed.parcel, voyage.parcels.get(leg.leg.ordinal)
        return self.vault.stream(parcel.blob, voyage.data_key, parcel.size_bytes) if small is None else (small,)

    async def store(self, voyage: Voyage, leg: LegJourney) -> None:
        """Make the parcel durable if it is not."""
        small = voyage.parcels.pop(leg.leg.ordinal, None)
        if small is not None and leg.sealed is not None:
            await self.vault.put(voyage.data_key, [small], leg.sealed.parcel.blob)

    # ── what is appended ─────────────────────────────────────────────────────────────────────────────────────────

    async def forbidden(self, voyage: Voyage, verdict: Judged, log: Log) -> None:
        """At the first byte the rules said something else."""
        notes: tuple[Write, ...] = ()
        if verdict.outcome is not Outcome.SEND:  # sealed again, to a key that changed: nobody need know
            kind = Kind.FAILED if verdict.outcome is Outcome.BLOCK else Kind.HELD
            notes = await self.notes.about(voyage.journey, verdict.leg, kind, verdict.reasons, outcome=verdict.outcome)
        await log(verdict, notes=notes)

    async def ended(self, voyage: Voyage, leg: LegJourney, log: Log, hop: Hop, outcome: Taken | NotNow | Never) -> None:
        """The other side said something that leaves no doubt."""
        match outcome:
            case Taken(reply=reply, is_notifying=is_notifying):
                shipped = Shipped(leg=leg.leg.ordinal, hop=hop, reply=reply)
                relayed = Reason(code="relayed")
                notes = () if is_notifying else await self._note(voyage, leg, Kind.RELAYED, relayed, reply)
                await log(shipped, notes=notes)
            case NotNow():
                await self.not_now(voyage, leg, log, outcome)
            case Never():
                await self.never(voyage, leg, log, outcome)
            case _:
                assert_never(outcome)

    async def not_now(self, voyage: Voyage, leg: LegJourney, log: Log, outcome: NotNow) -> None:
        """It is tried again, or has been for long enough."""
        now_ms, schedule = self.clock.now_ms(), self.rules.schedule
        since_ms, is_told = self._since_ms(leg), leg.deferred is not None and leg.deferred.is_told
        until_ms = self.next_try_ms(leg)
        if until_ms is None:
            await self.never(voyage, leg, log, Never(reason=outcome.reason, reply=outcome.reply))
            return
        is_owed = owes_note(schedule, since_ms=since_ms, now_ms=now_ms, is_told=is_told)
        notes = await self._note(voyage, leg, Kind.DELAYED, outcome.reason, outcome.reply) if is_owed else ()
        await self.store(voyage, leg)
        fact = Deferred(
            leg=leg.leg.ordinal,
            until_ms=until_ms,
            reason=outcome.reason,
            reply=outcome.reply,
            since_ms=since_ms,
            is_told=is_owed or is_told,
        )
        await log(fact, notes=notes)

    async def never(self, voyage: Voyage, leg: LegJourney, log: Log, outcome: Never) -> None:
        """It is not tried again."""
        notes = await self._note(voyage, leg, Kind.FAILED, outcome.reason, outcome.reply)
        await log(Undeliverable(leg=leg.leg.ordinal, reason=outcome.reason, reply=outcome.reply), notes=notes)

    async def doubt(
        self, voyage: Voyage, leg: LegJourney, reason: Reason, *, is_parked: bool
    ) -> tuple[Deferred, tuple[Write, ...]]:
        """The remote may have it: a person decides, or the next turn does."""
        ordinal, now_ms = leg.leg.ordinal, self.clock.now_ms()
        await self.store(voyage, leg)
        since_ms, is_told = self._since_ms(leg), leg.deferred is not None and leg.deferred.is_told
        if is_parked:
            parked = Deferred(
                leg=ordinal, until_ms=now_ms, reason=reason, is_in_doubt=True, since_ms=since_ms, is_told=True
            )
            return parked, await self._note(voyage, leg, Kind.DELAYED, reason, "")
        until_ms = now_ms + (self.rules.schedule.first_retry_ms if leg.attempts else 0)
        return Deferred(leg=ordinal, until_ms=until_ms, reason=reason, since_ms=since_ms, is_told=is_told), ()

    def next_try_ms(self, leg: LegJourney) -> int | None:
        """When the leg is due after one more failure; None: no more."""
        return next_try_ms(
            self.rules.schedule,
            attempts=leg.attempts + 1,
            since_ms=self._since_ms(leg),
            now_ms=self.clock.now_ms(),
            dice=int.from_bytes(self.clock.random(4), "big") / 2**32,
        )

    def _since_ms(self, leg: LegJourney) -> int:
        """When trying began: now, unless it has failed before."""
        return (leg.deferred.since_ms if leg.deferred else 0) or self.clock.now_ms()

    async def _note(self, voyage: Voyage, leg: LegJourney, kind: Kind, reason: Reason, reply: str) -> tuple[Write, ...]:
        return await self.notes.about(voyage.journey, leg.leg.ordinal, kind, (reason,), reply=reply)
