"""A reader that shares no code with ours, in Go with its standard library alone, reads the published ledger as we do.

Checkpoint, cosignature, entry bundles and hash tiles of several levels; and a flipped byte anywhere is found.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.engine.publication import Publication
from gateway.keep import Append, Head, LeafRow
from gateway.keep.sqlite import SqliteRecords
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.composing import Statement, compose
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.merkle import Frontier

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed: no second reader to agree with"),
]

SOURCE = Path(__file__).parent / "go" / "published" / "main.go"
LOG, WITNESS = Signer("town.test/ledger", b"l" * 32), Cosigner("county.test/witness", b"w" * 32)
SIZES = (1, 2, 255, 256, 257, 1000)
STEP = 4_999


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bool]:
    """Whether the Go program finds a published ledger true."""
    program = tmp_path_factory.mktemp("go") / "published"
    done = subprocess.run(["go", "build", "-o", str(program), str(SOURCE)], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr

    def read(folder: Path, *witnesses: str) -> bool:
        told = subprocess.run([program, folder, LOG.vkey, *witnesses], capture_output=True, timeout=60, check=False)
        assert told.returncode in (0, 1), told.stderr
        return told.returncode == 0

    return read


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same ledger at several sizes, as it was published then."""
    folder = tmp_path_factory.mktemp("published")
    found: dict[int, Path] = {}
    with closing(SqliteRecords(folder / "records.db")) as records:
        head, frontier = None, Frontier()
        publication = Publication(folder / "ledger", records, LOG.vkey)
        for size in SIZES:
            made = [
                compose(Statement(kind="tick"), time_ms=n, gateway="gw1", secrets={})
                for n in range(frontier.size, size)
            ]
            leaves = tuple(
                LeafRow(index=n, stream="log", version=0, leg=None, entry=leaf.entry, hash=leaf.hash, boxes=())
                for n, leaf in enumerate(made, start=frontier.size)
            )
            frontier = frontier.extend([leaf.hash for leaf in leaves])
            note = LOG.sign(format_checkpoint(LOG.name, size, frontier.root()))
            new = Head(size=size, root=frontier.root(), note=note)
            records.append([Append(stream="log", expected=0, rows=(), leaves=leaves)], old=head, new=new)
            head = new
            publication.publish(new)
            publication.vouch(note, [WITNESS.line(note.partition("\n\n")[0] + "\n", 1_800_000_000)])
            found[size] = folder / str(size)
            shutil.copytree(folder / "ledger", found[size])
    return found


@pytest.mark.parametrize("size", SIZES)
def test_go_reads_what_we_publish(size: int, published: dict[int, Path], reads: Callable[..., bool]) -> None:
    """Every size that was ever published, partial tiles and a second level among them; witnessed too."""
    assert reads(published[size])
    assert reads(published[size], WITNESS.vkey)
    assert not reads(published[size], Cosigner("county.test/witness", b"v" * 32).vkey)


def test_go_finds_a_flipped_byte(published: dict[int, Path], reads: Callable[..., bool], tmp_path: Path) -> None:
    """In the checkpoint, the bundles and the tiles that a reader of this size needs."""
    folder = tmp_path / "ledger"
    shutil.copytree(published[1000], folder)
    needed = [path for path in folder.rglob("*") if path.is_file() and path.name != "witnessed"]
    needed = [path for path in needed if ".p" not in path.parent.name or path.name in ("232", "3")]
    found = 0
    for path in needed:
        whole = path.read_bytes()
        for at in range(len(whole) // 2, len(whole), STEP):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert not reads(folder, WITNESS.vkey), f"{path} at {at}"
            found += 1
        path.write_bytes(whole)
    assert found >= len(needed)
    assert reads(folder, WITNESS.vkey)
