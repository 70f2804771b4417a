"""One delivery attempt of one leg. Its steps, in this order and no other:

1. The receipt of `Sealed` opens a connection to where the rules route this recipient.
2. The server proves what the rules demand; below that, nothing is sent and the leg waits.
3. The rules of this instant, and the key, are asked again. No: nothing is sent.
4. `Attempted` is appended; its receipt permits the first byte.
5. The envelope, the parcel.
6. The outcome is appended with its evidence; only then is the work done.

A crash between 4 and 6 leaves a doubt; `settle` decides about it, by rule, never by guess.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, replace
from typing import assert_never

from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.inquiry import Inquiry
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.runner import Log, Voyage
from gateway.engine.vault import Vault
from gateway.facts import Attempted, Deferred, Judged, LegFact, Outcome, Reason, Receipt, Shipped, Undeliverable
from gateway.journey import LegJourney
from gateway.seal.hop import Demand
from gateway.ship import Carrier, InDoubt, Line, Never, NotNow, Slip, Taken, Target
from gateway.ship.bounce import Kind, Notice
from gateway.ship.resolve import Resolver
from gateway.ship.retry import next_try_ms, owes_note
from gateway.transfer import Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Delivers mail legs."""

    vault: Vault
    clock: Clock
    rules: InForce
    inquiry: Inquiry
    notes: Notes
    carrier: Carrier
    resolver: Resolver

    async def ship(self, voyage: Voyage, ordinal: int, log: Log, sealed: Receipt) -> None:
        """Try once. Appends what happened through `log`."""
        leg = voyage.journey.legs[ordinal]
        address = leg.leg.recipient.address
        if address is None or leg.sealed is None:
            raise AssertionError("only a sealed mail leg ships by SMTP")
        if ordinal not in voyage.parcels and not await self.vault.holds(leg.sealed.parcel.blob):
            # It was small and a crash took it before it left: back to the start, under the rules of now.
            assert leg.judged is not None
            await log(replace(leg.judged, outcome=Outcome.SEND, reasons=()))
            return
        via = self.rules.via(leg.leg.recipient)
        targets = await self.resolver.targets(address.host, via)
        if isinstance(targets, Never):
            await self._never(voyage, leg, log, targets)
        elif isinstance(targets, NotNow):
            await self._not_now(voyage, leg, log, targets)
        else:
            demand = self.rules.demand(leg.leg.recipient, via)
            stale = await self._try(demand, targets, voyage, leg, log, sealed)
            if stale is not None:
                # A warm line whose server had left must not cost the leg five minutes: once more, at once, over a line
                # that answers. It is the same attempt, and `Attempted` stands for it: no server has heard a byte of
                # the content, so there is no doubt to settle, and a crash from here on is read as it always is. The
                # stale line has been given back, so that twenty legs in this place do not wait for each other's slots.
                await self._try(demand, targets, voyage, leg, log, sealed, stale)

    async def settle(self, voyage: Voyage, ordinal: int) -> None:
        """An attempt without an outcome: park it for a person, or send once more with the same Message-ID, by rule."""
        leg = voyage.journey.legs[ordinal]
        fact, notes = await self._doubt(voyage, leg, Reason(code="crashed-in-flight"))
        voyage.add(fact)
        voyage.notes.extend(notes)

    # ── over a line that proved itself ───────────────────────────────────────────────────────────────────────────

    async def _try(
        self, demand: Demand, targets: tuple[Target, ...], voyage: Voyage, leg: LegJourney, log: Log, sealed: Receipt,
        attempted: Receipt | None = None,
    ) -> Receipt | None:  # fmt: skip
        """Over one line; the receipt of `Attempted` if that line was stale, and nothing else has been appended."""
        async with self.carrier.line(demand, targets, sealed) as line:  # 1, 2
            if isinstance(line, NotNow):
                await self._not_now(voyage, leg, log, line)
                return None
            return await self._over(line, voyage, leg, log, attempted)

    async def _over(
        self, line: Line, voyage: Voyage, leg: LegJourney, log: Log, attempted: Receipt | None
    ) -> Receipt | None:
        transfer, sealed = voyage.journey.transfer, leg.sealed
        assert sealed is not None
        is_first = attempted is None
        verdict = await self.inquiry.at_the_first_byte(voyage.journey, leg.leg.ordinal, line.hop)  # 3
        if verdict is not None and is_first:
            await log(verdict, notes=await self._about_verdict(voyage, verdict))
            return None
        if verdict is not None:
            # No verdict may follow `Attempted`: nothing is sent, and the next turn appends what the rules say.
            reason = Reason(code="connection-lost", about=(("host", line.hop.host),))
            await self._not_now(voyage, leg, log, NotNow(reason=reason))
            return None
        if attempted is None:
            attempted = await log(Attempted(leg=leg.leg.ordinal, hop=line.hop))  # 4
        small = voyage.parcels.get(leg.leg.ordinal)
        chunks: AsyncIterable[bytes] | tuple[bytes] = (
            self.vault.stream(sealed.parcel.blob, voyage.data_key, sealed.parcel.size_bytes) if small is None else (small,)
        )
        outcome = await line.deliver(sealed.parcel, slip_of(transfer, leg), chunks, attempted)  # 5
        match outcome:  # 6
            case Taken(reply=reply, is_notifying=is_notifying):
                shipped = Shipped(leg=leg.leg.ordinal, hop=line.hop, reply=reply)
                notes = () if is_notifying else await self._note(voyage, leg, Kind.RELAYED, Reason(code="relayed"), reply)
                await log(shipped, notes=notes)
            case NotNow(is_line_stale=True) if is_first:
                return attempted
            case NotNow():
                await self._not_now(voyage, leg, log, outcome)
            case Never():
                await self._never(voyage, leg, log, outcome)
            case InDoubt(reason=reason):
                if reason.code == "connection-lost":  # behind the end of the message: only the answer is missing
                    reason = replace(reason, code="reply-lost")
                fact, notes = await self._doubt(voyage, leg, reason)
                await log(fact, notes=notes)
            case _:
                assert_never(outcome)
        return None

    # ── what is appended ─────────────────────────────────────────────────────────────────────────────────────────

    async def _not_now(self, voyage: Voyage, leg: LegJourney, log: Log, outcome: NotNow) -> None:
        now_ms, since_ms = self.clock.now_ms(), voyage.journey.transfer.received_ms
        schedule = self.rules.schedule
        until_ms = next_try_ms(
            schedule, attempts=leg.attempts + 1, since_ms=since_ms, now_ms=now_ms, dice=self._dice()
        )
        if until_ms is None:
            await self._never(voyage, leg, log, Never(reason=outcome.reason, reply=outcome.reply))
            return
        # The attempt before this one was due at the last `until`: if that was early, nobody has been told yet.
        last_ms = leg.deferred.until_ms if leg.deferred else since_ms
        is_told = last_ms - since_ms >= schedule.note_after_ms
        notes: tuple[Write, ...] = ()
        if owes_note(schedule, since_ms=since_ms, now_ms=now_ms, is_told=is_told):
            notes = await self._note(voyage, leg, Kind.DELAYED, outcome.reason, outcome.reply)
        await self._store(voyage, leg)
        fact = Deferred(leg=leg.leg.ordinal, until_ms=until_ms, reason=outcome.reason, reply=outcome.reply)
        await log(fact, notes=notes)

    async def _never(self, voyage: Voyage, leg: LegJourney, log: Log, outcome: Never) -> None:
        notes = await self._note(voyage, leg, Kind.FAILED, outcome.reason, outcome.reply)
        await log(Undeliverable(leg=leg.leg.ordinal, reason=outcome.reason, reply=outcome.reply), notes=notes)

    async def _doubt(self, voyage: Voyage, leg: LegJourney, reason: Reason) -> tuple[LegFact, tuple[Write, ...]]:
        """From the label the rules name up, a person decides; below it, once more at the next turn."""
        ordinal, now_ms = leg.leg.ordinal, self.clock.now_ms()
        await self._store(voyage, leg)
        if self.rules.parks(voyage.journey.transfer.label):
            parked = Deferred(leg=ordinal, until_ms=now_ms, reason=reason, is_in_doubt=True)
            return parked, await self._note(voyage, leg, Kind.DELAYED, reason, "")
        pause_ms = self.rules.schedule.first_retry_ms if leg.attempts else 0
        return Deferred(leg=ordinal, until_ms=now_ms + pause_ms, reason=reason), ()

    async def _store(self, voyage: Voyage, leg: LegJourney) -> None:
        """A parcel that must wait is stored: the next attempt sends the very same bytes."""
        small = voyage.parcels.pop(leg.leg.ordinal, None)
        if small is not None and leg.sealed is not None:
            await self.vault.put(voyage.data_key, [small], leg.sealed.parcel.blob)

    async def _about_verdict(self, voyage: Voyage, verdict: Judged) -> tuple[Write, ...]:
        if verdict.outcome is Outcome.SEND:  # sealed again, to a key that changed: nobody need know
            return ()
        kind = Kind.FAILED if verdict.outcome is Outcome.BLOCK else Kind.HELD
        return await self.notes.about(voyage.journey, verdict.leg, kind, verdict.reasons, outcome=verdict.outcome)

    async def _note(self, voyage: Voyage, leg: LegJourney, kind: Kind, reason: Reason, reply: str) -> tuple[Write, ...]:
        return await self.notes.about(voyage.journey, leg.leg.ordinal, kind, (reason,), reply=reply)

    def _dice(self) -> float:
        return int.from_bytes(self.clock.random(4), "big") / 2**32


def slip_of(transfer: Transfer, leg: LegJourney) -> Slip:
    """The SMTP envelope of a leg."""
    address = leg.leg.recipient.address
    assert address is not None
    return Slip(
        sender=transfer.sender.address,
        recipient=address,
        is_eight_bit=transfer.envelope.is_eight_bit,
        is_utf8=transfer.envelope.is_utf8,
        ret=transfer.envelope.ret,
        envid=transfer.envelope.envid,
        notify=leg.leg.notify,
        original_recipient=leg.leg.original_recipient,
    )
