"""Every entry read again and held against the signed root: what changed at rest stops the gateway.

A short ledger is read before anything is signed, a long one in the background, from the start on and then once a day:
a page at a time, so that nobody waits for it. `fsck` looks further, at what the entries are about.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.errors import Failure, Tampering
from gateway.keep import Head, LeafRow, Reading
from gateway.ledger.merkle import Frontier, leaf_hash

log = logging.getLogger(__name__)

PAGE = 512
AT_START = 20_000
"""So many entries take a fraction of a second."""
EVERY_S = 86_400.0
PAUSE_S = 0.01


@dataclass(slots=True, kw_only=True)
class Rereading:
    """A chore for the caretaker."""

    records: Reading
    signed: Callable[[], Head | None]
    on_fatal: Callable[[Failure], None]
    every_s: float = EVERY_S

    async def turn(self) -> None:
        """Read all that was signed until now. What is not as it was signed ends the gateway."""
        head = self.signed()
        if head is None:
            return
        steps = _steps(self.records, head)
        try:
            while await asyncio.to_thread(next, steps, None) is not None:
                await asyncio.sleep(PAUSE_S)
        except Tampering as why:
            self.on_fatal(why)
            return
        log.info("ledger read again entries=%d", head.size)


def reread(records: Reading, head: Head) -> None:
    """Read every entry under `head`. Blocks. Raises `Tampering`."""
    for _ in _steps(records, head):
        pass


def _steps(records: Reading, head: Head) -> Iterator[int]:
    """A page a step; how far it is."""
    frontier = Frontier()
    while frontier.size < head.size:
        leaves = records.since(frontier.size, min(PAGE, head.size - frontier.size)).leaves
        if not leaves:
            raise Tampering(f"entry {frontier.size} of the ledger is missing, and all that follow; fsck says more")
        frontier = frontier.extend([_hash(leaf, at) for at, leaf in enumerate(leaves, start=frontier.size)])
        yield frontier.size
    if frontier.root() != head.root:
        raise Tampering("the ledger's entries do not give its signed root; fsck says where")


def _hash(leaf: LeafRow, at: int) -> bytes:
    if leaf.index != at:
        raise Tampering(f"entry {at} of the ledger is missing; fsck says more")
    digest = leaf_hash(leaf.entry)
    if digest != leaf.hash:
        raise Tampering(f"entry {at} of the ledger was changed; fsck says more")
    return digest
