"""A transfer's original, opened for work: its bytes, its skeleton, and the documents in it.

Small mail is plain bytes. Large mail lies in an anonymous file, and only one large mail is open in the whole gateway:
that, not luck, is why fifty of them at once fit into its memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.engine.vault import LARGE_BYTES, Vault
from gateway.engine.workshop import Workshop
from gateway.engine.workshop.memory import Memory
from gateway.intake.fault import Fault
from gateway.skeleton import Octets, Part, Skeleton
from gateway.transfer import Item

REMEMBERED_BYTES = 32 * 1024 * 1024
"""How much of what was just accepted stays in memory for the voyage that follows at once."""


@dataclass(slots=True)
class Content:
    """One mail, opened."""

    raw: bytes | Memory
    skeleton: Skeleton
    octets: Octets = field(init=False)
    """The original's bytes, without a copy."""

    def __post_init__(self) -> None:
        self.octets = self.raw.view() if isinstance(self.raw, Memory) else self.raw

    def close(self) -> None:
        """Give the memory back."""
        if isinstance(self.raw, Memory):
            self.raw.close()


def documents(skeleton: Skeleton) -> Iterator[Part]:
    """The parts that are documents and must be opened: every leaf but a plain text that is nobody's file."""
    return (part for part in leaves(skeleton) if part.media != "text/plain" or not _is_body(part))


def bodies(skeleton: Skeleton) -> Iterator[Part]:
    """The texts that make the message, as far as nobody signed them."""
    texts = ("text/plain", "text/html")
    return (p for p in leaves(skeleton) if p.media in texts and _is_body(p) and not p.is_frozen)


def leaves(skeleton: Skeleton) -> Iterator[Part]:
    """The parts that hold no parts."""
    parents = {part.parent for part in skeleton.parts}
    return (p for index, p in enumerate(skeleton.parts) if index not in parents and not p.is_multipart)


def _is_body(part: Part) -> bool:
    return not part.names and part.disposition != "attachment"


@dataclass(slots=True)
class Contents:
    """Opens originals and keeps the number of large ones at one."""

    vault: Vault
    workshop: Workshop
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _open: dict[str, Content] = field(default_factory=dict)
    _remembered: int = 0
    _reserved: set[str] = field(default_factory=set)
    """The transfers that hold something large."""

    async def scan(self, raw: bytes | Memory) -> Skeleton | Fault:
        """The skeleton of a mail, found in a confined worker."""
        return await self.workshop.skeleton(raw)

    async def scan_stored(self, item: Item, data_key: bytes) -> Skeleton | Fault:
        """The same for one that lies in the vault."""
        async with self._large:
            raw = await self.vault.take(item.blob, data_key, item.size_bytes)
            try:
                return await self.scan(raw)
            finally:
                if isinstance(raw, Memory):
                    raw.close()

    def remember(self, transfer: str, raw: bytes, skeleton: Skeleton) -> None:
        """Keep a small mail that was just accepted, so that its voyage need not read it back."""
        if self._remembered + len(raw) <= REMEMBERED_BYTES:
            self._open[transfer] = Content(raw, skeleton)
            self._remembered += len(raw)

    async def open(self, transfer: str, item: Item, data_key: bytes) -> Content | Fault:
        """The original; the same one until `release`. A fault means it was changed since it was accepted."""
        known = self._open.get(transfer)
        if known is not None:
            return known
        await self.reserve(transfer, item.size_bytes)
        raw: bytes | Memory = b""
        skeleton = None
        try:
            raw = await self.vault.take(item.blob, data_key, item.size_bytes)
            skeleton = await self.scan(raw)
        finally:
            if not isinstance(skeleton, Skeleton):  # a fault, or whatever went wrong on the way to it
                if isinstance(raw, Memory):
                    raw.close()
                self._give_back(transfer)
        if isinstance(skeleton, Fault):
            return skeleton
        content = self._open[transfer] = Content(raw, skeleton)
        if isinstance(raw, bytes):
            self._remembered += len(raw)
        return content

    async def reserve(self, transfer: str, size_bytes: int) -> None:
        """Wait until content of this size may be held in memory, until `release`. Harmless when repeated."""
        if size_bytes > LARGE_BYTES and transfer not in self._reserved:
            await self._large.acquire()
            self._reserved.add(transfer)

    def release(self, transfer: str) -> None:
        """Close it. Harmless if it is not open."""
        content = self._open.pop(transfer, None)
        if content is not None:
            if isinstance(content.raw, bytes):
                self._remembered -= len(content.raw)
            content.close()
        self._give_back(transfer)

    def _give_back(self, transfer: str) -> None:
        if transfer in self._reserved:
            self._reserved.remove(transfer)
            self._large.release()
