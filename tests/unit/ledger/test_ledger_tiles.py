"""Tiles: their paths, their content, and a log that others made."""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.ledger.checkpoint import verify
from gateway.ledger.merkle import Frontier, inclusion, is_included, leaf_hash
from gateway.ledger.tiles import (
    Tile,
    decode_bundle,
    decode_tile,
    encode_bundle,
    grown,
    parse_path,
    reader,
    tiles_between,
)

OTHERS_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(2, 1234067), "tile/2/x001/x234/067"),
        (Tile(None, 1234067, 8), "tile/entries/x001/x234/067.p/8"),
        (Tile(0, 0, 255), "tile/0/000.p/255"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    """Paths are spelled as C2SP tlog-tiles has them, and read back."""
    assert path == tile.path
    assert tile == parse_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/00", "tile/0/x000/001", "tile/00/000", "tile/8/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/001/000", "tile/0/x001/x000", "/tile/0/000", "tile/0/000/", "tile/0/../000",
        "tile/0/000.p/8/", "tile/entries/", "tile/0/\u0661\u0661\u0661", "tile/0/000\n",
        "tile/0" + "/x111" * 50 + "/000",
    ],
)  # fmt: skip
def test_other_spellings_of_a_path_are_unreadable(path: str) -> None:
    """Leading zeros, full partials, wrong groups and climbing are refused."""
    with pytest.raises(Unreadable):
        parse_path(path)


@pytest.mark.parametrize(("content", "width"), [(b"", 1), (b"\x00", 1), (b"\x00\x02a", 1), (b"\x00\x01ab", 1),
                                                (b"\x00\x01a", 2), (b"\x00\x01a\x00\x01b", 1)])  # fmt: skip
def test_a_cut_or_padded_bundle_is_unreadable(content: bytes, width: int) -> None:
    """A bundle holds exactly its entries."""
    with pytest.raises(Unreadable):
        decode_bundle(content, width)


def test_the_longest_entry_fits() -> None:
    """65,535 bytes fit and come back, 65,536 do not."""
    assert (b"x" * 65_535, b"") == decode_bundle(encode_bundle([b"x" * 65_535, b""]), 2)
    with pytest.raises(ValueError, match="65,535"):
        encode_bundle([b"x" * 65_536])


def test_a_tile_of_another_length_is_unreadable() -> None:
    """32 bytes a hash, no more and no less."""
    with pytest.raises(Unreadable):
        decode_tile(bytes(33), 1)


def test_a_log_made_by_others_is_read(shared_vectors) -> None:
    """Each head of the tessera log is signed, and its tiles and bundles give its root and proofs."""
    folder = shared_vectors / "tessera-log"

    def read(path: str) -> bytes:
        return (folder / path).read_bytes()

    for size in range(1, 16):
        signed = verify((folder / f"checkpoint.{size}").read_text(), [OTHERS_KEY])
        assert (OTHERS_KEY,) == signed.signers
        fetch = reader(size, read)
        assert signed.checkpoint.root == Frontier.at(size, fetch).root()
        entries = decode_bundle(read(Tile(None, 0, size).path), size)
        for index, entry in enumerate(entries):
            path = inclusion(index, size, fetch)
            assert is_included(index, size, leaf_hash(entry), signed.checkpoint.root, path)


def test_a_log_made_by_others_is_written_alike(shared_vectors) -> None:
    """From the same entries we write the very tiles and bundles the tessera log has."""
    folder = shared_vectors / "tessera-log"
    entries = decode_bundle((folder / "tile/entries/000.p/15").read_bytes(), 15)
    for old, new in [(0, 1), (1, 5), (5, 15)]:
        fetch = grown(old, reader(old, lambda path: (folder / path).read_bytes()),
                      [leaf_hash(entry) for entry in entries[old:new]])  # fmt: skip
        written = dict(tiles_between(old, new, fetch=fetch, entry=entries.__getitem__))
        assert {f"tile/0/000.p/{new}", f"tile/entries/000.p/{new}"} == set(written)
        assert all((folder / path).read_bytes() == content for path, content in written.items())
