"""A copy of the records while a gateway writes them: asked for by whoever makes a backup, made by the scribe.

It is made in turns of a second or two, so that no order hangs and nothing is left running when whoever asked has died:
the next one begins anew. Between the steps of a turn the scribe's own commits come first.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine.safekeeping.manifest import Manifest, signed
from gateway.errors import Misconfigured, StoreAway
from gateway.keep import Copies, Copying, Reading
from gateway.ledger.checkpoint import Signer

TASK, SIGN = "copy", "sign-backup"
PLACE = Path("backup")
RECORDS = "copy.db"
"""The copy's name, in `PLACE` below `var/`. Not that of the records: who took the gateway may link the folder there."""
TURN_S = 1.5
BREATHER_S = 0.002
"""Between steps: whoever waits to commit has the lock first, and disks are left to others."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a copy is, in pages."""

    done: int
    of: int
    is_whole: bool = False


class _Turn(msgspec.Struct, frozen=True, kw_only=True):
    goes_on: bool


@dataclass(slots=True)
class Copyist:
    """The scribe's end. On one thread, beside the one that writes."""

    copies: Copies
    var: Path
    """Where the copy goes is the scribe's own knowledge: a gateway that was taken over must not choose it."""
    turn_s: float = TURN_S
    _copying: Copying | None = None

    def turn(self, given: bytes) -> bytes:
        """Begin a copy, or go on with it, for one turn."""
        asked = msgspec.msgpack.decode(given, type=_Turn)
        if not asked.goes_on:
            self.drop()
            self._copying = self.copies.begin_copy(self.var / PLACE / RECORDS)
        if self._copying is None:
            raise StoreAway("the copy was given up; begin again")
        return msgspec.msgpack.encode(self._step(self._copying))

    def drop(self) -> None:
        """Give up what was begun."""
        copying, self._copying = self._copying, None
        if copying is not None:
            copying.drop()

    def _step(self, copying: Copying) -> Progress:
        until = time.monotonic() + self.turn_s
        while time.monotonic() < until:
            if copying.step():
                self._copying = None
                done, of = copying.done
                return Progress(done=done, of=of, is_whole=True)
            time.sleep(BREATHER_S)
        done, of = copying.done
        return Progress(done=done, of=of)


@dataclass(frozen=True, slots=True)
class Signing:
    """The scribe's end, of the other thing a backup needs of it: nobody else may have the key that signs."""

    records: Reading
    signer: Signer

    def sign(self, given: bytes) -> bytes:
        """A manifest, signed, if it is one of this ledger as it is or was. Raises `Misconfigured`."""
        try:
            manifest = msgspec.json.decode(given, type=Manifest)
        except msgspec.MsgspecError as why:
            raise Misconfigured("this is no manifest of a backup") from why
        head = self.records.since(0, 0).head
        if head is None or manifest.origin != self.signer.name or manifest.size > head.size:
            raise Misconfigured("this is no manifest of this ledger")
        return signed(manifest, self.signer)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The gateway's end."""

    task: Callable[[str, bytes], Awaitable[bytes]]
    """Has the scribe do something; see `scribing.DistantScribe.task`."""

    async def turn(self, *, goes_on: bool) -> Progress:
        """One turn. Raises `StoreAway`."""
        given = _Turn(goes_on=goes_on)
        return msgspec.msgpack.decode(await self.task(TASK, msgspec.msgpack.encode(given)), type=Progress)

    async def sign(self, manifest: str) -> str:
        """The manifest as it is kept. Raises `Misconfigured`."""
        return (await self.task(SIGN, manifest.encode())).decode()
