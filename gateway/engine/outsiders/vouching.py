"""The office's side of C2SP tlog-witness: once a minute each witness is shown the published head and asked to sign it.

No commit waits for it. What they sign is checked and published (`Publication.vouch`); a witness that lags, errs or is
away is an alarm in the log, and what it held last stands in `var/anchors`. A witness that holds a head of ours which we
do not have shows that we were rolled back: then the gateway stops, and `anchors` keeps it from signing again.

The cadence is fixed, whether anything happened or not: how much an office sends shows in its heads as it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import msgspec

from gateway.engine.clock import Clock
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.publication import Publication
from gateway.errors import Failure, Misconfigured, PeerTemporary, RolledBack, StoreAway, Tampering, Unreadable
from gateway.keep import Head
from gateway.keep.private import replace_file
from gateway.keep.witnessed import name_of
from gateway.ledger.checkpoint import LARGEST_NOTE, Checkpoint, own_note, parse_vkey, verify
from gateway.ledger.cosignature import cosignatures, parse_witness_key
from gateway.ledger.merkle import consistency
from gateway.ledger.strict import number
from gateway.ledger.witnessing import SIZE_TYPE, Request, format_request
from gateway.ship.web import Reply, Web

log = logging.getLogger(__name__)

EVERY_S = 60.0
LAG_MS = 600_000
"""A witness that has not vouched for this long is an alarm."""
_LONGEST_SIZE = 32
SKEW_S = 600
"""A line whose time is further away than this was not made for us now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """A witness of ours: where it is asked, and the key its lines are checked with."""

    at: str
    key: str

    def __post_init__(self) -> None:
        try:
            parse_witness_key(self.key)
        except Unreadable as why:
            raise Misconfigured(
                f"gateway.toml, ledger.witnesses: {self.key} is no witness's key ({why.cause})"
            ) from why


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a witness stands to us, as `sealgate ledger witness list` shows it."""

    at: str
    key: str
    size: int = 0
    """The head it vouched for last."""
    vouched_ms: int = 0
    """When, by our clock; 0: never."""
    trouble: str = ""
    """Why not at the last round."""


@dataclass(slots=True, kw_only=True)
class Vouching:
    """A chore for the caretaker."""

    witnesses: Callable[[], tuple[Outsider, ...]]
    """Whom the rules in force name, as of now."""
    publication: Publication
    anchors: Anchors
    vkey: str
    clock: Clock
    web: Web
    place: Path
    """Where the standing is kept for others to read."""
    signed: Callable[[], Head | None]
    """The head that was signed last, published or not."""
    on_fatal: Callable[[Failure], None]
    every_s: float = EVERY_S
    _standing: dict[str, Standing] = field(default_factory=dict)
    _began_ms: int = 0

    def __post_init__(self) -> None:
        self._standing = {one.key: one for one in standing_at(self.place)}
        self._began_ms = self.clock.now_ms()

    async def turn(self) -> None:
        """Ask every witness once, side by side, and publish what they say."""
        note, witnesses = await asyncio.to_thread(self.publication.checkpoint), self.witnesses()
        if note is None or not witnesses:
            return
        head = verify(note, [self.vkey]).checkpoint
        ours = own_note(note, self.vkey)
        lines = [line for line in await asyncio.gather(*(self._show(one, ours, head) for one in witnesses)) if line]
        try:
            if lines:
                await asyncio.to_thread(self.publication.vouch, ours, lines)
            kept = msgspec.json.encode([self._standing[one.key] for one in witnesses])
            await asyncio.to_thread(replace_file, self.place, kept)
        except StoreAway as why:
            log.error("witnesses' lines not kept cause=%r", why.cause)
        self._raise_alarms(witnesses)

    async def _show(self, witness: Outsider, note: str, head: Checkpoint) -> str:
        """Show it to one; its line, or nothing."""
        before = self._standing.get(witness.key) or Standing(at=witness.at, key=witness.key)
        try:
            line = await self._line(witness, note, head, before.size)
            now_ms = self.clock.now_ms()
            self._standing[witness.key] = Standing(at=witness.at, key=witness.key, size=head.size, vouched_ms=now_ms)
            return line
        except RolledBack as why:
            self.on_fatal(why)
            trouble = why.cause
        except Failure as why:
            trouble = why.cause
        except (OSError, ValueError) as why:  # a tile that is being tidied away: the next round finds another
            trouble = f"no proof could be made: {why}"
        self._standing[witness.key] = msgspec.structs.replace(before, at=witness.at, trouble=trouble)
        return ""

    async def _line(self, witness: Outsider, note: str, head: Checkpoint, old: int) -> str:
        """Its line, checked. Asks twice at most: the first answer may tell what it holds. Raises `Failure`."""
        old = min(old, head.size)
        for _ in range(2):
            request = format_request(Request(old, await self._proof(old, head), note))
            reply = await self.web.ask(f"{witness.at}/add-checkpoint", request)
            if reply.status == HTTPStatus.OK:
                return self._checked(witness, note, reply.untrusted_body)
            if reply.status != HTTPStatus.CONFLICT:
                raise PeerTemporary(f"it answered {reply.status}")
            old = await self._contradicted(witness, head, reply)
        raise PeerTemporary("it names another size each time it is asked")

    async def _proof(self, old: int, head: Checkpoint) -> tuple[bytes, ...]:
        if not 0 < old < head.size:
            return ()
        return await asyncio.to_thread(lambda: consistency(old, head.size, self.publication.fetch(head.size)))

    def _checked(self, witness: Outsider, note: str, untrusted: bytes) -> str:
        """Of its lines the one under the key we have of it. Raises `Tampering`, `Unreadable`, `PeerTemporary`."""
        if len(untrusted) > LARGEST_NOTE:
            raise Unreadable("its answer is too large for lines")
        for line in untrusted.decode("utf-8", "replace").splitlines(keepends=True):
            for found in cosignatures(note + line, [witness.key]):
                if abs(found.at_s - self.clock.now_ms() // 1000) > SKEW_S:
                    raise PeerTemporary(f"its line is of second {found.at_s}: stale, or one of our clocks is wrong")
                return line
        raise PeerTemporary("no line of its answer is by the key we have of it")

    async def _contradicted(self, witness: Outsider, head: Checkpoint, reply: Reply) -> int:
        """It saw something else: the size to build on. Raises `RolledBack` if it can show what we do not have."""
        held = None
        if reply.media == SIZE_TYPE and len(reply.untrusted_body) <= _LONGEST_SIZE:
            held = number(reply.untrusted_body.decode("ascii", "replace").removesuffix("\n"))
        if held is not None and held <= head.size:
            return held
        if await consult(witness, anchors=self.anchors, vkey=self.vkey, web=self.web):
            signed = self.signed()
            if signed is not None:
                await asyncio.to_thread(self.anchors.check, signed, lambda size: self.publication.root_at(size, signed))
        claim = "another root" if held is None else f"{held:,} entries"
        raise Tampering(f"it claims to have seen {claim}, and shows no head of ours that says so")

    def _raise_alarms(self, witnesses: Sequence[Outsider]) -> None:
        now_ms = self.clock.now_ms()
        for one in (self._standing[witness.key] for witness in witnesses):
            if one.trouble and now_ms - max(one.vouched_ms, self._began_ms) > LAG_MS:
                log.error(
                    "not witnessed by=%r size=%d since_ms=%d cause=%r", one.at, one.size, one.vouched_ms, one.trouble
                )
            elif one.trouble:
                log.warning("not witnessed yet by=%r cause=%r", one.at, one.trouble)


async def consult(witness: Outsider, *, anchors: Anchors, vkey: str, web: Web) -> bool:
    """Ask a witness what it saw of us last and keep that as an anchor; False if it saw nothing.

    Raises `PeerTemporary` if it cannot be asked, `Tampering` if what it shows was not signed by us.
    """
    key = parse_vkey(vkey)
    reply = await web.ask(f"{witness.at}/{name_of(key.name)}/checkpoint")
    if reply.status == HTTPStatus.NOT_FOUND:
        return False
    if reply.status != HTTPStatus.OK:
        raise PeerTemporary(f"the witness at {witness.at} answered {reply.status}")
    try:
        note = reply.untrusted_body.decode()
        signed = verify(note, anchors.keys)
    except (Unreadable, Tampering, UnicodeDecodeError) as why:
        raise Tampering(f"what the witness at {witness.at} shows is no checkpoint of ours") from why
    if not signed.signers or signed.checkpoint.origin != key.name:
        raise Tampering(f"what the witness at {witness.at} shows is no checkpoint of ours")
    await asyncio.to_thread(anchors.learn, witness.at, note)
    return True


def standing_at(place: Path) -> tuple[Standing, ...]:
    """How the witnesses stood after the last round; nothing before the first, or if it cannot be read."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=tuple[Standing, ...])
    except (FileNotFoundError, msgspec.MsgspecError):
        return ()
