"""The published tiles, rebuilt while entries pass by."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.engine.shelves import Shelves
from gateway.ledger.merkle import leaf_hash, root_of
from gateway.ledger.tiles import tiles_between

ENTRIES = [b"entry %d" % n for n in range(70_000)]
HASHES = [leaf_hash(entry) for entry in ENTRIES]


def publish(folder: Path, old: int, new: int) -> None:
    def fetch(level: int, index: int) -> bytes:
        return root_of(HASHES[index << level : (index + 1) << level])

    for name, content in tiles_between(old, new, fetch=fetch, entry=ENTRIES.__getitem__):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def wrong(folder: Path, size: int) -> list[str]:
    shelves = Shelves(folder, size)
    for entry, leaf in zip(ENTRIES, HASHES, strict=True):
        shelves.add(entry, leaf)
    shelves.finish()
    return shelves.wrong


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
def test_what_the_publisher_writes_is_what_is_expected(size: int, tmp_path: Path) -> None:
    """At every edge between tiles and levels the rebuilt tiles are those of C2SP tlog-tiles."""
    publish(tmp_path, 0, size)

    assert [] == wrong(tmp_path, size)


def test_every_file_counts(tmp_path: Path) -> None:
    """Any one file, of this size or an older one, damaged, is named."""
    publish(tmp_path, 0, 100)
    publish(tmp_path, 100, 600)
    named = []
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        named.append([f"{path.relative_to(tmp_path)} does not say what the entries say"] == wrong(tmp_path, 600))
        path.write_bytes(content)

    assert [True] * 9 == named


def test_a_tile_that_grew_meanwhile_serves_for_the_partial_one(tmp_path: Path) -> None:
    """A gateway that publishes on may tidy a partial tile away once the full one is there."""
    publish(tmp_path, 0, 300)

    assert [] == wrong(tmp_path, 200)
    assert ["tile/entries/001.p/30 is missing", "tile/0/001.p/30 is missing"] == wrong(tmp_path, 286)
