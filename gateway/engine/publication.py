"""The published ledger: C2SP tlog-tiles and a checkpoint, as files any independent tool can read.

Everything here is made from the store and can be made again. A tile is written before the checkpoint that needs it:
write, fsync, rename, fsync the folder. Partial tiles stay until the full one exists.

Beside `checkpoint` lies `witnessed`: the last head that outsiders vouch for, with their lines. As long as that is the
published head, `checkpoint` bears the lines too.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from gateway.errors import StoreAway, Tampering, Unreadable
from gateway.keep import Head, LeafRow, Reading
from gateway.ledger import succession
from gateway.ledger.checkpoint import verify
from gateway.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Fetch, Frontier, consistency, is_consistent, leaf_hash
from gateway.ledger.tiles import WIDTH, Tile, grown, parse_path, reader, tiles_between

PAGE = 2048


class Publication:
    """A folder with `checkpoint` and `tile/`."""

    def __init__(self, folder: Path, records: Reading, vkey: str, *earlier: str) -> None:
        """`earlier`: the ledger's keys before that one, under which an older head may still be published."""
        self._folder = folder
        self._records = records
        self._keys = (vkey, *earlier)
        self._lock = threading.Lock()
        """Around the checkpoint: heads are published while witnesses answer."""

    def size(self) -> int:
        """How many entries the published checkpoint covers; 0 when nothing is published. Raises `Tampering`."""
        note = self.checkpoint()
        if note is None:
            return 0
        signed = verify(note, self._keys)
        if not signed.signers:
            raise Tampering("the published checkpoint is not signed by this ledger's key")
        return signed.checkpoint.size

    def checkpoint(self) -> str | None:
        """The published checkpoint, or None."""
        return self._note("checkpoint")

    def witnessed(self) -> str | None:
        """The last head that outsiders vouch for, with their lines, or None."""
        return self._note("witnessed")

    def succession(self) -> bytes | None:
        """How the ledger's keys follow each other, or None while there was but one; see `ledger.succession`."""
        try:
            return (self._folder / succession.FILE).read_bytes()
        except FileNotFoundError:
            return None

    def succeed(self, proofs: bytes) -> None:
        """Publish how one key follows another. Blocks. Raises `StoreAway`."""
        try:
            _write(self._folder / succession.FILE, proofs)
        except OSError as why:
            raise StoreAway(f"the succession of keys cannot be published: {why.strerror}") from why

    def vouch(self, note: str, lines: Sequence[str]) -> None:
        """Publish what outsiders say of a published head. Blocks. Raises `StoreAway`."""
        cosigned = note + "".join(lines)
        try:
            _write(self._folder / "witnessed", cosigned.encode())
            with self._lock:
                published = self.checkpoint() or ""
                if published.partition("\n\n")[0] == note.partition("\n\n")[0]:
                    _write(self._folder / "checkpoint", cosigned.encode())
        except OSError as why:
            raise StoreAway(f"cannot publish what witnesses say: {why.strerror}") from why

    def _note(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def fetch(self, size: int) -> Fetch:
        """Tree hashes from the published tiles of a tree of `size`."""
        return reader(size, self._read)

    def root_at(self, size: int, head: Head) -> bytes:
        """The root of the first `size` entries under `head`. Blocks. Raises `Tampering` if entries are missing.

        Tiles are believed as far as they lead to the signed root; beyond that the entries are hashed again.
        """
        if size == head.size:
            return head.root
        if not size:
            return EMPTY_ROOT
        try:
            published = self.size()
            fetch, tree = self.fetch(published), Frontier.at(published, self.fetch(published))
            root = Frontier.at(size, fetch).root()
            path = consistency(size, published, fetch)
            if published <= head.size and is_consistent(size, published, root, tree.root(), path):
                self.frontier(head)  # the published tree is the beginning of the signed one
                return root
        except (OSError, ValueError, Unreadable, Tampering):
            pass
        frontier = Frontier()
        for leaves in self._pages(0, size):
            frontier = frontier.extend([leaf_hash(leaf.entry) for leaf in leaves])
        return frontier.root()

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
        """Bring the folder up to `head`, once it was read back; how many entries are new. Blocks.

        Raises `StoreAway`, and `Tampering` if what is stored or published is not what was signed.
        """
        old = self.size()
        if head.size <= old:
            return 0
        first = old // WIDTH * WIDTH
        rows = [leaf for leaves in self._pages(first, head.size) for leaf in leaves]
        new = [leaf.hash for leaf in rows[old - first :]]
        self._require_whole(rows, old, new, head)
        tree = grown(old, self.fetch(old), new)
        try:
            for path, content in tiles_between(old, head.size, fetch=tree, entry=lambda i: rows[i - first].entry):
                _write(self._folder / path, content)
                if ".p/" not in path:
                    shutil.rmtree(self._folder / (path + ".p"), ignore_errors=True)
            with self._lock:
                _write(self._folder / "checkpoint", head.note.encode())
        except OSError as why:
            raise StoreAway(f"cannot publish the ledger: {why.strerror}") from why
        return head.size - old

    def _require_whole(self, rows: Sequence[LeafRow], old: int, new: Sequence[bytes], head: Head) -> None:
        """Read back what the writer wrote, on a connection of our own: leaves, tree, root, our signature.

        Raises `Tampering`: what is not so must not leave the house under our name.
        """
        signed = verify(head.note, self._keys)
        if not signed.signers or (signed.checkpoint.size, signed.checkpoint.root) != (head.size, head.root):
            raise Tampering("the head that was stored is not the one that was signed")
        for leaf in rows:
            if leaf_hash(leaf.entry) != leaf.hash:
                raise Tampering(f"entry {leaf.index} was stored with other bytes than were signed")
        try:
            frontier = Frontier.at(old, self.fetch(old)) if old else Frontier()
        except (OSError, Unreadable) as why:
            raise Tampering("the published tiles cannot be read back; fsck says which") from why
        if frontier.extend(new).root() != head.root:
            raise Tampering("what was stored, after what is published, does not give the signed root; fsck says where")

    def _read(self, path: str) -> bytes:
        """A tile; a partial one may have been tidied away since, and then stands at the beginning of the full one."""
        try:
            return (self._folder / path).read_bytes()
        except FileNotFoundError:
            tile = parse_path(path)
            if tile.width == WIDTH or tile.level is None:
                raise
            full = Tile(tile.level, tile.index)
            return (self._folder / full.path).read_bytes()[: HASH_BYTES * tile.width]

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
    if path.read_bytes() != content:
        raise Tampering(f"{path.name} does not read back as it was published")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
