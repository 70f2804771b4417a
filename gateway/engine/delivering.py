"""One delivery attempt of one leg. Its steps, in this order and no other:

1. The receipt of `Sealed` opens a connection to where the rules route this recipient.
2. The server proves what the rules demand; below that, nothing is sent and the leg waits.
3. The rules of this instant, and the key, are asked again; so is what a server must prove. No: nothing is sent.
4. `Attempted` is appended; its receipt permits the first byte.
5. The envelope, the parcel.
6. The outcome is appended with its evidence; only then is the work done.

A crash between 4 and 6 leaves a doubt; `settle` decides about it, by rule, never by guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.inquiry import Inquiry
from gateway.engine.notes import Notes
from gateway.engine.outcomes import Outcomes
from gateway.engine.policy import InForce
from gateway.engine.vault import Vault
from gateway.engine.voyage import Log, Voyage
from gateway.facts import Attempted, Deferred, Reason, Receipt
from gateway.journey import LegJourney
from gateway.seal.hop import Demand
from gateway.ship import Carrier, InDoubt, Line, Never, NotNow, Slip, Target
from gateway.ship.resolve import Resolver
from gateway.transfer import Transfer


@dataclass(slots=True, kw_only=True)
class Delivering:
    """Delivers mail legs."""

    vault: Vault
    clock: Clock
    rules: InForce
    inquiry: Inquiry
    notes: Notes
    carrier: Carrier
    resolver: Resolver
    _outcomes: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        self._outcomes = Outcomes(vault=self.vault, clock=self.clock, rules=self.rules, notes=self.notes)

    async def ship(self, voyage: Voyage, ordinal: int, log: Log, sealed: Receipt) -> None:
        """Try once. Appends what happened through `log`."""
        leg = voyage.journey.legs[ordinal]
        address = leg.leg.recipient.address
        if address is None or leg.sealed is None:
            raise AssertionError("only a sealed mail leg ships by SMTP")
        again = await self._outcomes.start_over(voyage, leg)
        if again is not None:
            await log(again)
            return
        via = self.rules.via(leg.leg.recipient)
        targets = await self.resolver.targets(address.host, via)
        if isinstance(targets, Never):
            await self._outcomes.never(voyage, leg, log, targets)
        elif isinstance(targets, NotNow):
            await self._outcomes.not_now(voyage, leg, log, targets)
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
                await self._outcomes.not_now(voyage, leg, log, line)
                return None
            return await self._over(line, demand, voyage, leg, log, attempted)

    async def _over(
        self, line: Line, demand: Demand, voyage: Voyage, leg: LegJourney, log: Log, attempted: Receipt | None
    ) -> Receipt | None:
        transfer, sealed = voyage.journey.transfer, leg.sealed
        assert sealed is not None
        is_first = attempted is None
        verdict = await self.inquiry.at_the_first_byte(voyage.journey, leg.leg.ordinal, line.hop)  # 3
        if verdict is not None and is_first:
            await self._outcomes.forbidden(voyage, verdict, log)
            return None
        if verdict is not None:
            # No verdict may follow `Attempted`: nothing is sent, and the next turn appends what the rules say.
            reason = Reason(code="connection-lost", about=(("host", line.hop.host),))
            await self._outcomes.not_now(voyage, leg, log, NotNow(reason=reason))
            return None
        recipient = leg.leg.recipient
        if self.rules.demand(recipient, self.rules.via(recipient)) != demand:  # what it proved is not what is asked now
            await self._outcomes.not_now(voyage, leg, log, NotNow(reason=Reason(code="rules-changed")))
            return None
        if attempted is None:
            attempted = await log(Attempted(leg=leg.leg.ordinal, hop=line.hop))  # 4
        chunks = self._outcomes.chunks(voyage, leg)
        outcome = await line.deliver(sealed.parcel, slip_of(transfer, leg), chunks, attempted)  # 5
        match outcome:  # 6
            case NotNow(is_line_stale=True) if is_first:
                return attempted
            case InDoubt(reason=reason):
                if reason.code == "connection-lost":  # behind the end of the message: only the answer is missing
                    reason = replace(reason, code="reply-lost")
                fact, notes = await self._doubt(voyage, leg, reason)
                await log(fact, notes=notes)
            case _:
                await self._outcomes.ended(voyage, leg, log, line.hop, outcome)
        return None

    async def _doubt(self, voyage: Voyage, leg: LegJourney, reason: Reason) -> tuple[Deferred, tuple[Write, ...]]:
        """From the label the rules name up, a person decides; below it, once more at the next turn."""
        is_parked = self.rules.parks(voyage.journey.transfer.label)
        return await self._outcomes.doubt(voyage, leg, reason, is_parked=is_parked)


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
