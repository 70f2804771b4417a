"""A witness follows the logs it vouches for from key to key, by the succession their offices publish.

A request to witness a head (C2SP tlog-witness) has no word for it. So the witness looks where its operator said that a
log is published, at its start and every few minutes, or is handed the file. What it reads there is trusted for nothing:

1. It counts as far as a key vouches for it that this witness holds, and that still signs; see `ledger.succession`.
2. Only the proofs are kept, beside what the operator gave: what counts is concluded from them each time.
3. What was learned once is not forgotten: an older file, or another one, brings no retired key back.

Nobody who asks for a head to be witnessed makes it look: strangers cannot send it anywhere.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from gateway.engine.outsiders.witness import keys_by_origin
from gateway.errors import Failure, Misconfigured, PeerTemporary, Theirs
from gateway.keep.witnessed import Witnessed
from gateway.ledger.checkpoint import parse_vkey
from gateway.ledger.succession import FILE, LARGEST, continued
from gateway.ship.web import Web

log = logging.getLogger(__name__)

EVERY_S = 300
"""Well within the ten minutes after which an office raises an alarm about a witness that lags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a succession told that was not known."""

    added: tuple[str, ...]
    retired: tuple[tuple[str, int], ...]
    """Keys, and the last size each counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """A chore for a witness that serves."""

    kept: Witnessed
    web: Web

    async def turn(self) -> None:
        """Look once where each log is published, side by side. What goes wrong is an alarm, and the old keys count."""
        places = await asyncio.to_thread(self.kept.published)
        await asyncio.gather(*(self._look(origin, place) for origin, place in places.items()))

    async def _look(self, origin: str, place: str) -> None:
        try:
            untrusted = await published(place, self.web)
            if untrusted is not None:
                _tell(origin, await asyncio.to_thread(learn, self.kept, origin, untrusted))
        except Failure as why:
            level = logging.WARNING if isinstance(why, Theirs) else logging.ERROR
            log.log(level, "keys not followed of=%r at=%r cause=%r", origin, place, why.cause)


def learn(kept: Witnessed, origin: str, untrusted: bytes) -> Learned:
    """Go from the keys that are known of a log to those they vouch for. Durable when it returns. Blocks.

    Raises `Misconfigured` for a log this witness does not know, `Unreadable`, and `Tampering` for a false proof.
    """
    with kept.changing():
        before = keys_by_origin(kept).get(origin)
        if before is None:
            raise Misconfigured(f"this witness knows no key of {origin}: sealgate ledger witness add")
        given = [vkey for vkey in kept.logs() if parse_vkey(vkey).name == origin]
        held = kept.succession(origin)
        # GAP: that the entry about a key stands in the history witnessed here is not checked, only that a counting key
        # signed a head with it. Who stole one can plant a key of theirs before the office rotates: decision 0016.
        proofs = continued(given, held, untrusted)  # 1
        if proofs != held:
            kept.succeed(origin, proofs)  # 2
        now = keys_by_origin(kept)[origin]
    return Learned(
        added=tuple(key for key in now if key not in before),
        retired=tuple((key, last) for key, last in now.items() if last is not None and before.get(key) is None),
    )


async def published(place: str, web: Web) -> bytes | None:
    """The succession at a web address, in a folder, or the file itself; None where there is none.

    Raises `PeerTemporary`, `Misconfigured`.
    """
    if not place.startswith(("http:", "https:")):
        return await asyncio.to_thread(_read, Path(place))
    address = place if place.endswith(f"/{FILE}") else f"{place.rstrip('/')}/{FILE}"
    reply = await web.ask(address)
    if reply.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return None
    if reply.status != HTTPStatus.OK:
        raise PeerTemporary(f"{address} answers {reply.status}")
    return reply.untrusted_body


def _read(path: Path) -> bytes | None:
    try:
        with (path / FILE if path.is_dir() else path).open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as why:
        raise Misconfigured(f"{path} cannot be read: {why.strerror}") from why


def _tell(origin: str, learned: Learned) -> None:
    for key in learned.added:
        log.info("key learned of=%r key=%r", origin, key)
    for key, last in learned.retired:
        log.info("key retired of=%r key=%r last=%d", origin, key, last)
