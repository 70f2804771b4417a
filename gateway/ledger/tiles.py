"""C2SP tlog-tiles: the tree and its entries as static files that any mirror can serve.

A hash tile holds up to 256 hashes of one tile level (tree levels 0, 8, 16 …); level L+1 hashes only full tiles of
level L. A bundle holds up to 256 entries. Tiles are derived: losing one loses nothing, and what is read from one counts
only once a proof made from it verifies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.errors import Unreadable
from gateway.ledger.merkle import HASH_BYTES, Fetch, node_hash, root_of

WIDTH = 256
_HEIGHT = 8
LONGEST_ENTRY = 65_535
TILES_REMEMBERED = 16
TOP_LEVEL = 7
"""8 bits a level: level 7 covers 2^64 entries."""

Read = Callable[[str], bytes]
"""The content of a tile by its path. Raises what the reader likes if there is none."""

_PATH = re.compile(r"tile/(entries|[0-9])((?:/x[0-9]{3})*/[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_LONGEST_PATH = 60


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: of `level` (None: an entry bundle), the `index`-th, `width` wide; 256 is full."""

    level: int | None
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if self.index < 0 or not 1 <= self.width <= WIDTH or not (self.level is None or 0 <= self.level <= TOP_LEVEL):
            raise ValueError("no such tile")

    @property
    def path(self) -> str:
        """Its path: 1234067 is `x001/x234/067`."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        name = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level is None else str(self.level)
        return f"tile/{level}/{name}" + ("" if self.width == WIDTH else f".p/{self.width}")


def parse_path(untrusted: str) -> Tile:
    """The tile of a path, in its one spelling. Raises `Unreadable`."""
    match = _PATH.fullmatch(untrusted) if len(untrusted) <= _LONGEST_PATH else None
    if match is None:
        raise Unreadable("not a tile path")
    level, digits, width = match.groups()
    try:
        tile = Tile(
            None if level == "entries" else int(level),
            int(digits.replace("/x", "").replace("/", "")),
            int(width) if width else WIDTH,
        )
    except ValueError as why:
        raise Unreadable("not a tile path") from why
    if tile.path != untrusted:  # a leading x000, or .p/256
        raise Unreadable("not a tile path")
    return tile


# ── content ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: `u16 length ‖ entry` each."""
    if not 1 <= len(entries) <= WIDTH or any(len(entry) > LONGEST_ENTRY for entry in entries):
        raise ValueError("a bundle holds 1 to 256 entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(untrusted: bytes, width: int) -> tuple[bytes, ...]:
    """The `width` entries of a bundle. Raises `Unreadable`."""
    entries: list[bytes] = []
    at = 0
    while at < len(untrusted) and len(entries) < width:
        end = at + 2 + int.from_bytes(untrusted[at : at + 2], "big")
        if at + 2 > len(untrusted) or end > len(untrusted):
            raise Unreadable("a cut entry bundle")
        entries.append(untrusted[at + 2 : end])
        at = end
    if at != len(untrusted) or len(entries) != width:
        raise Unreadable("an entry bundle of another width")
    return tuple(entries)


def decode_tile(untrusted: bytes, width: int) -> tuple[bytes, ...]:
    """The `width` hashes of a tile. Raises `Unreadable`."""
    if len(untrusted) != width * HASH_BYTES:
        raise Unreadable("a hash tile of another width")
    return tuple(untrusted[i : i + HASH_BYTES] for i in range(0, len(untrusted), HASH_BYTES))


# ── writing and reading ──────────────────────────────────────────────────────────────────────────────────────────────


def tiles_between(
    old: int, new: int, *, fetch: Fetch, entry: Callable[[int], bytes] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Every tile, as path and content, that the tree of `new` has and that of `old` has not, partials included.

    Without `entry` no bundles: those are for auditors only and a log may keep them back.
    """
    if entry is not None:
        for tile in _changed(None, old, new):
            first = tile.index * WIDTH
            yield tile.path, encode_bundle([entry(i) for i in range(first, first + tile.width)])
    level = 0
    while new >> (_HEIGHT * level):
        for tile in _changed(level, old >> (_HEIGHT * level), new >> (_HEIGHT * level)):
            first = tile.index * WIDTH
            yield tile.path, b"".join(fetch(_HEIGHT * level, i) for i in range(first, first + tile.width))
        level += 1


def _changed(level: int | None, old: int, new: int) -> Iterator[Tile]:
    """The tiles of one level that grew when its hashes went from `old` to `new`."""
    if old == new:
        return
    for index in range(old // WIDTH, -(-new // WIDTH)):
        yield Tile(level, index, min(WIDTH, new - index * WIDTH))


def reader(size: int, read: Read) -> Fetch:
    """A `Fetch` over the tiles of a tree of `size`. Raises `Unreadable` for a tile of the wrong length."""

    @lru_cache(maxsize=TILES_REMEMBERED)  # a proof, or the next tile, asks the same few tiles again and again
    def hashes(tile: Tile) -> tuple[bytes, ...]:
        return decode_tile(read(tile.path), tile.width)

    def fetch(level: int, index: int) -> bytes:
        if (index + 1) << level > size:
            raise ValueError("the tree has no such complete subtree")
        tile_level, height = divmod(level, _HEIGHT)
        number, offset = divmod(index << height, WIDTH)
        tile = Tile(tile_level, number, min(WIDTH, (size >> (_HEIGHT * tile_level)) - number * WIDTH))
        return root_of(hashes(tile)[offset : offset + (1 << height)])

    return fetch


def grown(old: int, stored: Fetch, leaves: Sequence[bytes]) -> Fetch:
    """A `Fetch` over a stored tree of size `old` and the leaf hashes that follow it."""

    def fetch(level: int, index: int) -> bytes:
        if (index + 1) << level <= old:
            return stored(level, index)
        if level == 0:
            return leaves[index - old]
        return node_hash(fetch(level - 1, 2 * index), fetch(level - 1, 2 * index + 1))

    return fetch
