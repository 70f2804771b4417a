"""The published ledger: C2SP tlog-tiles and a checkpoint, as files any independent tool can read.

Everything here is made from the store and can be made again. A tile is written before the checkpoint that needs it:
write, fsync, rename, fsync the folder. Partial tiles stay until the full one exists.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gateway.errors import StoreAway, Tampering, Unreadable
from gateway.keep import Head, LeafRow, Reading
from gateway.ledger.checkpoint import verify
from gateway.ledger.merkle import Fetch, Frontier
from gateway.ledger.tiles import WIDTH, grown, reader, tiles_between

PAGE = 2048


class Publication:
    """A folder with `checkpoint` and `tile/`."""

    def __init__(self, folder: Path, records: Reading, vkey: str) -> None:
        self._folder = folder
        self._records = records
        self._vkey = vkey

    def size(self) -> int:
        """How many entries the published checkpoint covers; 0 when nothing is published. Raises `Tampering`."""
        note = self.checkpoint()
        if note is None:
            return 0
        signed = verify(note, [self._vkey])
        if not signed.signers:
            raise Tampering("the published checkpoint is not signed by this ledger's key")
        return signed.checkpoint.size

    def checkpoint(self) -> str | None:
        """The published checkpoint, or None."""
        try:
            return (self._folder / "checkpoint").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def fetch(self, size: int) -> Fetch:
        """Tree hashes from the published tiles of a tree of `size`."""
        return reader(size, lambda path: (self._folder / path).read_bytes())

    def frontier(self, head: Head | None) -> Frontier:
        """The right edge of the tree under `head`, from tiles and whatever followed them. Raises `Tampering`.

        The root it gives must be the signed one, so tiles need no trust of their own.
        """
        if head is None:
            return Frontier()
        published = min(self.size(), head.size)
        try:
            frontier = Frontier.at(published, self.fetch(published)) if published else Frontier()
        except (OSError, ValueError, Unreadable):
            frontier, published = Frontier(), 0
        for leaves in self._pages(published, head.size):
            frontier = frontier.extend([leaf.hash for leaf in leaves])
        if frontier.size != head.size or frontier.root() != head.root:
            raise Tampering("the ledger's entries do not give its signed root")
        return frontier

    def publish(self, head: Head) -> int:
        """Bring the folder up to `head`; how many entries are new. Blocks. Raises `StoreAway`."""
        old = self.size()
        if head.size <= old:
            return 0
        first = old // WIDTH * WIDTH
        rows = [leaf for leaves in self._pages(first, head.size) for leaf in leaves]
        new = [leaf.hash for leaf in rows[old - first :]]
        tree = grown(old, self.fetch(old), new)
        try:
            for path, content in tiles_between(old, head.size, fetch=tree, entry=lambda i: rows[i - first].entry):
                _write(self._folder / path, content)
                if ".p/" not in path:
                    shutil.rmtree(self._folder / (path + ".p"), ignore_errors=True)
            _write(self._folder / "checkpoint", head.note.encode())
        except OSError as why:
            raise StoreAway(f"cannot publish the ledger: {why.strerror}") from why
        return head.size - old

    def _pages(self, first: int, end: int) -> list[tuple[LeafRow, ...]]:
        pages = []
        while first < end:
            leaves = self._records.since(first, min(PAGE, end - first)).leaves
            if not leaves:
                raise Tampering(f"entry {first} is missing")
            pages.append(leaves)
            first += len(leaves)
        return pages


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
