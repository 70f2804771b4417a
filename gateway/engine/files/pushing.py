"""One delivery of one file: into a partner's own box, or onto our shelf, where the recipient comes for it.

For a box, in this order and no other:

1. The receipt of `Sealed` opens a connection to where `routes.toml` says; a pinned host key must prove itself.
2. If an attempt before this one has no known outcome, its trace is looked for: what lies there whole was delivered.
3. The rules of this instant, and the key, are asked again. No: nothing is sent.
4. `Attempted` is appended; its receipt permits the first byte.
5. The file, under its own name only once it is whole.
6. The outcome is appended with its evidence.

So a lost answer costs a question, not a second copy. What cannot be told apart from a stranger's file, or was whole and
is gone, waits for a person, whatever its label.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from gateway.engine.clock import Clock, day
from gateway.engine.inquiry import Inquiry
from gateway.engine.notes import Notes
from gateway.engine.outcomes import Outcomes
from gateway.engine.policy import InForce
from gateway.engine.vault import Vault
from gateway.engine.voyage import Log, Voyage
from gateway.errors import Misconfigured
from gateway.facts import Attempted, Offered, Reason, Receipt
from gateway.journey import LegJourney
from gateway.judge.stationshapes import RouteTable
from gateway.scrub.header import clean_name
from gateway.ship import FileLine, InDoubt, Never, NotNow, Target
from gateway.ship.sftp_route import LONGEST_NAME_BYTES, Login, Pin, SftpRoute
from gateway.transfer import Item, Seal

logger = logging.getLogger(__name__)

ENCRYPTED_ENDING = ".pgp"
LONGEST_ENDING = 24
CRASHED = "crashed-in-flight"
DOUBT = "doubt"
"""The parameter of a reason that says: an attempt before this one may have arrived, and nobody has looked yet."""
_LOST = ("reply-lost", "connection-lost")
"""Doubts that looking can end: only an answer is missing."""


class FileCarrier(Protocol):
    """Opens lines to partners' boxes; see `ship.sftp.SftpCarrier`."""

    def line(self, route: SftpRoute, sealed: Receipt, *, today: date) -> AbstractAsyncContextManager[FileLine | NotNow]:
        """A line to the route's server once it has proved itself, or why there is none. Raises `Misconfigured`."""
        ...


class Finder(Protocol):
    """Finds servers; see `ship.resolve.Resolver`."""

    async def targets(self, domain: str, via: str = "mx") -> tuple[Target, ...] | NotNow | Never:
        """The servers behind `via`."""
        ...


@dataclass(slots=True, kw_only=True)
class Pushing:
    """Delivers files."""

    vault: Vault
    clock: Clock
    rules: InForce
    inquiry: Inquiry
    notes: Notes
    carrier: FileCarrier
    resolver: Finder
    secret_of: Callable[[str], bytes]
    """What a route's `credential` names: a private key, or a password. Blocks. Raises `Misconfigured`."""
    _outcomes: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        self._outcomes = Outcomes(vault=self.vault, clock=self.clock, rules=self.rules, notes=self.notes)

    async def ship(self, voyage: Voyage, ordinal: int, log: Log, sealed: Receipt) -> None:
        """Try once. Appends what happened through `log`."""
        leg = voyage.journey.legs[ordinal]
        again = await self._outcomes.start_over(voyage, leg)
        route = self.rules.route(leg.leg.recipient)
        if again is not None:
            await log(again)
        elif route is None:
            await self._offer(voyage, leg, log)
        else:
            await self._push(route, voyage, leg, log, sealed)

    async def settle(self, voyage: Voyage, ordinal: int) -> None:
        """An attempt without an outcome: the next turn looks for it before anything is sent."""
        leg = voyage.journey.legs[ordinal]
        fact, notes = await self._outcomes.doubt(voyage, leg, Reason(code=CRASHED), is_parked=False)
        voyage.add(fact)
        voyage.notes.extend(notes)

    # ── onto our shelf ───────────────────────────────────────────────────────────────────────────────────────────

    async def _offer(self, voyage: Voyage, leg: LegJourney, log: Log) -> None:
        """The door asks the rules once more when the recipient takes it: the first byte leaves then."""
        verdict = await self.inquiry.at_the_first_byte(voyage.journey, leg.leg.ordinal, None)
        if verdict is not None:
            await self._outcomes.forbidden(voyage, verdict, log)
            return
        await self._outcomes.store(voyage, leg)
        offered = Offered(leg=leg.leg.ordinal, until_ms=self.clock.now_ms() + self.rules.pickup_ms)
        await log(offered, notes=await self.notes.of_arrival(voyage.journey, leg.leg.ordinal, offered.until_ms))

    # ── into a box ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _push(self, route: RouteTable, voyage: Voyage, leg: LegJourney, log: Log, sealed: Receipt) -> None:
        targets = await self.resolver.targets("", route.at)
        if isinstance(targets, Never | NotNow):
            await self._not_now(voyage, leg, log, NotNow(reason=targets.reason, reply=targets.reply))
            return
        async with AsyncExitStack() as stack:
            line = await self._line(stack, route, targets[0], sealed)  # 1
            if isinstance(line, NotNow):
                await self._not_now(voyage, leg, log, line)
            elif not is_in_question(leg) or not await self._is_settled(line, voyage, leg, log):  # 2
                await self._over(line, voyage, leg, log)

    async def _line(
        self, stack: AsyncExitStack, route: RouteTable, target: Target, sealed: Receipt
    ) -> FileLine | NotNow:
        today = day(self.clock.now_ms(), self.rules.zone)
        try:
            secret = await self.vault.on_disk(lambda: self.secret_of(route.credential))
            line = self.carrier.line(_box(route, target, secret), sealed, today=today)
            return await stack.enter_async_context(line)
        except (Misconfigured, ValueError) as why:  # ours to mend: a file must not be lost over it
            cause = why.cause if isinstance(why, Misconfigured) else "the route's values do not fit"
            logger.error("route unusable route=%s cause=%r", route.id, cause)
            about = (("host", target.host), ("route", route.id), ("status", "4.3.5"))
            return NotNow(reason=Reason(code="route-unusable", about=about))

    async def _is_settled(self, line: FileLine, voyage: Voyage, leg: LegJourney, log: Log) -> bool:
        """Look for an earlier attempt; False if it was surely not delivered. Sends no byte."""
        assert leg.sealed is not None
        found = await line.settle(leg.sealed.parcel, name_of(voyage.journey.transfer.items[0], leg.sealed.parcel.seal))
        if found is None:
            return False
        if isinstance(found, InDoubt) and found.reason.code == "cannot-compare":  # nothing new is known
            await self._not_now(voyage, leg, log, NotNow(reason=found.reason))
            return True
        await log(Attempted(leg=leg.leg.ordinal, hop=line.hop))  # an outcome follows an attempt
        if isinstance(found, InDoubt):
            code = "stranger-there" if found.reason.code == "name-taken" else found.reason.code
            reason = replace(found.reason, code=code)
            fact, notes = await self._outcomes.doubt(voyage, leg, reason, is_parked=True)
            await log(fact, notes=notes)
        else:
            await self._outcomes.ended(voyage, leg, log, line.hop, found)
        return True

    async def _over(self, line: FileLine, voyage: Voyage, leg: LegJourney, log: Log) -> None:
        assert leg.sealed is not None
        verdict = await self.inquiry.at_the_first_byte(voyage.journey, leg.leg.ordinal, line.hop)  # 3
        if verdict is not None:
            await self._outcomes.forbidden(voyage, verdict, log)
            return
        # Durable first: after a crash what lies there is compared with these very bytes, and no pen writes them twice.
        await self._outcomes.store(voyage, leg)
        attempted = await log(Attempted(leg=leg.leg.ordinal, hop=line.hop))  # 4
        parcel = leg.sealed.parcel
        name = name_of(voyage.journey.transfer.items[0], parcel.seal)
        outcome = await line.deliver(parcel, name, self._outcomes.chunks(voyage, leg), attempted)  # 5
        if not isinstance(outcome, InDoubt):  # 6
            await self._outcomes.ended(voyage, leg, log, line.hop, outcome)
            return
        can_ask = outcome.reason.code in _LOST and self._outcomes.next_try_ms(leg) is not None
        reason = _in_question(replace(outcome.reason, code="reply-lost")) if can_ask else outcome.reason
        fact, notes = await self._outcomes.doubt(voyage, leg, reason, is_parked=not can_ask)
        await log(fact, notes=notes)

    async def _not_now(self, voyage: Voyage, leg: LegJourney, log: Log, outcome: NotNow) -> None:
        """No line: whatever was in question still is."""
        if is_in_question(leg):
            outcome = replace(outcome, reason=_in_question(outcome.reason))
        await self._outcomes.not_now(voyage, leg, log, outcome)


def name_of(item: Item, seal: Seal) -> str:
    """What a file is called where it arrives: something every system takes, with its ending, however long it was."""
    stem, dot, ending = clean_name(item.name).rpartition(".")
    tail = dot + ending + (ENCRYPTED_ENDING if seal is Seal.OPENPGP else "")
    if not dot or len(tail) > LONGEST_ENDING:
        stem, tail = stem + dot + ending, ENCRYPTED_ENDING if seal is Seal.OPENPGP else ""
    room = LONGEST_NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + tail


def is_in_question(leg: LegJourney) -> bool:
    """True if an attempt may have arrived and nobody has looked. Not once a person decided: then it is sent."""
    before = leg.deferred
    if before is None or before.is_in_doubt:
        return False
    return before.reason.code == CRASHED or bool(before.reason.get(DOUBT))


def _in_question(reason: Reason) -> Reason:
    return reason if reason.get(DOUBT) else replace(reason, about=(*reason.about, (DOUBT, "open")))


def _box(route: RouteTable, target: Target, secret: bytes) -> SftpRoute:
    """The route as its carrier wants it. Raises `ValueError`."""
    pins = tuple(
        Pin(fingerprint=key) if isinstance(key, str) else Pin(fingerprint=key.key, since=key.from_, until=key.until)
        for key in route.host_keys
    )
    is_key = secret.lstrip().startswith(b"-----BEGIN ")
    return SftpRoute(
        id=route.id,
        target=target,
        pins=pins,
        login=Login(
            user=route.user,
            secret_key=secret if is_key else b"",
            secret_password="" if is_key else secret.decode("utf-8").rstrip("\r\n"),
        ),
        folder=route.folder,
        sweeps=route.sweeps,
    )
