"""The published ledger held against the entries it was made from, byte for byte, in one pass and constant memory.

Every tile a reader of the published size needs must be there, and every file under `tile/`, older partial tiles too,
must say what the entries say. Files may be tidied away while we look: a partial tile whose full one exists is not
missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.errors import Unreadable
from gateway.ledger.merkle import root_of
from gateway.ledger.tiles import TOP_LEVEL, WIDTH, Tile, encode_bundle, parse_path


class Shelves:
    """Rebuilds the tiles of the first `size` entries as they are added, and compares each as soon as it is complete."""

    def __init__(self, folder: Path, size: int) -> None:
        self.wrong: list[str] = []
        """What is missing or differs, in words."""
        self._folder = folder
        self._size = size
        self._count = 0
        self._entries: list[bytes] = []
        self._levels: list[list[bytes]] = [[] for _ in range(TOP_LEVEL + 1)]
        self._full = [0] * (TOP_LEVEL + 1)
        """How many full tiles of each level have been seen."""
        self._seen: set[str] = set()

    def add(self, entry: bytes, leaf: bytes) -> None:
        """The next entry and its leaf hash; beyond the published size it changes nothing."""
        if self._count == self._size:
            return
        self._count += 1
        self._entries.append(entry)
        if len(self._entries) == WIDTH:
            self._compare(None, self._full[0], encode_bundle(self._entries))
            self._entries.clear()
        self._put(0, leaf)

    def finish(self) -> None:
        """No more entries: compare what is not full, and look for files that belong to no tile."""
        if self._entries:
            self._compare(None, self._full[0], encode_bundle(self._entries), len(self._entries))
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(level, self._full[level], b"".join(hashes), len(hashes))
        for path in self._files():
            if path not in self._seen:
                self.wrong.append(f"{path} belongs to no tile of this ledger")

    def _put(self, level: int, node: bytes) -> None:
        hashes = self._levels[level]
        hashes.append(node)
        if len(hashes) == WIDTH:
            self._compare(level, self._full[level], b"".join(hashes))
            self._full[level] += 1
            self._levels[level] = []
            self._put(level + 1, root_of(hashes))

    def _compare(self, level: int | None, index: int, content: bytes, width: int = WIDTH) -> None:
        """Hold the tile, and every partial one it grew from, against `content`."""
        full, wanted = Tile(level, index), Tile(level, index, width)
        found = self._read(wanted.path)
        if found is None:
            wider = self._read(full.path) if width < WIDTH else None  # grown and tidied since the checkpoint was read
            if wider is None or not wider.startswith(content):
                self.wrong.append(f"{wanted.path} is missing")
        elif found != content:
            self.wrong.append(f"{wanted.path} does not say what the entries say")
        self._seen.update((wanted.path, full.path))
        for partial in self._partials(full):
            found = self._read(partial.path)
            self._seen.add(partial.path)
            if partial.width < width and found is not None and found != _cut(content, partial):
                self.wrong.append(f"{partial.path} does not say what the entries say")

    def _partials(self, full: Tile) -> Iterator[Tile]:
        folder = self._folder / f"{full.path}.p"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.isascii() and path.name.isdigit() and 0 < int(path.name) < WIDTH:
                yield Tile(full.level, full.index, int(path.name))

    def _files(self) -> Iterator[str]:
        """Files of tiles within the published size; later ones are being published right now."""
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            if path.is_dir() or not name.startswith("tile/") or name.endswith(".new"):
                continue
            try:
                tile = parse_path(name)
            except Unreadable:
                yield name
                continue
            reach = (tile.index * WIDTH + tile.width) << (8 * (tile.level or 0))
            if reach <= self._size:
                yield name

    def _read(self, path: str) -> bytes | None:
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None


def _cut(content: bytes, partial: Tile) -> bytes:
    """The beginning of a tile, `partial.width` wide."""
    if partial.level is not None:
        return content[: 32 * partial.width]
    at = 0
    for _ in range(partial.width):
        at += 2 + int.from_bytes(content[at : at + 2], "big")
    return content[:at]
