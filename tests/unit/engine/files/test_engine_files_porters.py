"""Porters carry large uploads; whatever becomes of them, nothing becomes of the uploads."""

from __future__ import annotations

import hashlib
import os
import signal
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.engine.files import porters as porters_module
from gateway.engine.files.porters import PUT, ROOM_BYTES, Porter, Porters
from gateway.errors import Tampering
from gateway.keep.scratch import Scratch
from gateway.keep.sealed import CHUNK, STRIDE, ChunkSeal
from gateway.transfer import BlobId

BLOB, KEY = BlobId("ab" * 16), b"k" * 32
CONTENT = hashlib.shake_128(b"content").digest(9 * CHUNK + 77)
SPAN = 4 * CHUNK


@pytest.fixture
def porters() -> Iterator[Porters]:
    """One porter, when it is needed."""
    porters = Porters(1, largest_bytes=1 << 20)
    yield porters
    porters.close()


def upload(folder: Path, porters: Porters) -> Scratch:
    """A new one."""
    return Scratch.begin(folder / "upload", BLOB, KEY, os.urandom, largest_bytes=1 << 20, hands=porters)


def porter_of(porters: Porters) -> Porter:
    """The one."""
    (porter,) = porters._porters
    return porter


def unsealed(path: Path) -> bytes:
    """What a finished file says, by the format alone."""
    sealed, seal = path.read_bytes(), ChunkSeal(KEY, BLOB, os.urandom)
    records = [sealed[at : at + STRIDE] for at in range(0, len(sealed), STRIDE)]
    return b"".join(seal.open(index, record, is_last=index == len(records) - 1) for index, record in enumerate(records))


def test_a_carried_upload_is_what_it_would_be(porters: Porters, tmp_path: Path) -> None:
    """What a porter hashed and sealed has the format, the bytes and the digest of what we seal ourselves."""
    scratch = upload(tmp_path, porters)
    for at in range(0, len(CONTENT), SPAN):
        scratch.write(at, CONTENT[at : at + SPAN])

    assert 1 == len(porter_of(porters).uploads)
    assert CONTENT[CHUNK - 5 : 3 * CHUNK] == scratch.read(CHUNK - 5, 2 * CHUNK + 5)
    assert hashlib.sha256(CONTENT).hexdigest() == scratch.finish().sha256
    assert CONTENT == unsealed(tmp_path / "upload")
    assert set() == porter_of(porters).uploads


def killed(porter: Porter) -> None:
    signal.pidfd_send_signal(porter._pidfd, signal.SIGKILL)


def stopped(porter: Porter) -> None:
    signal.pidfd_send_signal(porter._pidfd, signal.SIGSTOP)
    porter._sock.setsockopt(
        porters_module.socket.SOL_SOCKET, porters_module.socket.SO_RCVTIMEO, struct.pack("@ll", 0, 1)
    )


def confused(porter: Porter) -> None:
    porter.ask(PUT, b"nothing of the kind")


@pytest.mark.parametrize("fate", [killed, stopped, confused])
def test_an_upload_survives_its_porter(porters: Porters, tmp_path: Path, fate: Callable[[Porter], None]) -> None:
    """Whether it dies, hangs or talks nonsense in the middle: the upload goes on, whole, and the next has another."""
    scratch = upload(tmp_path, porters)
    scratch.write(0, CONTENT[:SPAN])
    porter = porter_of(porters)

    fate(porter)
    scratch.write(SPAN, CONTENT[SPAN:])

    assert porter.is_ended
    assert hashlib.sha256(CONTENT).hexdigest() == scratch.finish().sha256
    assert CONTENT == unsealed(tmp_path / "upload")
    other = Scratch.begin(tmp_path / "other", BLOB, KEY, os.urandom, largest_bytes=1 << 20, hands=porters)
    assert porter is not porter_of(porters)
    assert 1 == len(porter_of(porters).uploads)
    other.erase()


def test_out_of_order_is_carried_no_further(porters: Porters, tmp_path: Path) -> None:
    """A porter is for what comes in order: anything else lets it go, and the digest is still that of the whole."""
    scratch = upload(tmp_path, porters)
    scratch.write(0, CONTENT[:SPAN])
    scratch.write(2 * SPAN, CONTENT[2 * SPAN :])
    scratch.write(SPAN, CONTENT[SPAN : 2 * SPAN])

    assert set() == porter_of(porters).uploads
    assert hashlib.sha256(CONTENT).hexdigest() == scratch.finish().sha256


def test_what_it_wrote_is_remembered(porters: Porters, tmp_path: Path) -> None:
    """A chunk put back to what a porter wrote before, by somebody who holds the disk, is not taken for the newer."""
    scratch = upload(tmp_path, porters)
    scratch.write(0, CONTENT[:SPAN])
    older = (tmp_path / "upload").read_bytes()
    scratch.write(0, b"another beginning")
    scratch.sync()
    with (tmp_path / "upload").open("r+b") as file:
        file.write(older[:STRIDE])

    with pytest.raises(Tampering):
        scratch.read(0, 10)


def test_a_disk_that_refuses_is_our_own_trouble(tmp_path: Path) -> None:
    """A porter that may not write ends; what the disk then says to us is what the client hears."""
    porters = Porters(1, largest_bytes=CHUNK)  # twice as much may a porter's file have
    scratch = upload(tmp_path, porters)

    scratch.write(0, CONTENT)

    assert porter_of(porters).is_ended
    assert hashlib.sha256(CONTENT).hexdigest() == scratch.finish().sha256
    porters.close()


def test_a_span_no_porter_can_be_handed(tmp_path: Path) -> None:
    """More than the shared memory holds is sealed by ourselves."""
    porters, large = Porters(1, largest_bytes=1 << 22), bytes(ROOM_BYTES + 1)
    scratch = Scratch.begin(tmp_path / "upload", BLOB, KEY, os.urandom, largest_bytes=1 << 22, hands=porters)

    scratch.write(0, large)

    assert hashlib.sha256(large).hexdigest() == scratch.finish().sha256
    porters.close()


def test_a_porter_holds_nothing_but_its_uploads(porters: Porters, tmp_path: Path) -> None:
    """It is confined: filtered, unable to gain rights, and open in it are its socket, its uploads and the void."""
    scratch = upload(tmp_path, porters)
    scratch.write(0, CONTENT[:SPAN])
    fdinfo = Path(f"/proc/self/fdinfo/{porter_of(porters)._pidfd}").read_text()
    pid = next(line.split()[1] for line in fdinfo.splitlines() if line.startswith("Pid:"))
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())

    assert ("2", "1") == (status["Seccomp"], status["NoNewPrivs"])
    if os.geteuid() == 0:
        opened = tuple(os.readlink(one.path) for one in os.scandir(f"/proc/{pid}/fd"))
        assert 5 == len(opened)
        assert opened.count("/dev/null") == 3
        assert str(tmp_path / "upload") in opened


def test_after_the_end_nobody_carries(porters: Porters, tmp_path: Path) -> None:
    """Closing ends the process, leaves an upload to itself, and lends no more hands."""
    scratch = upload(tmp_path, porters)
    scratch.write(0, CONTENT[:SPAN])
    porter = porter_of(porters)

    porters.close()
    scratch.write(SPAN, CONTENT[SPAN:])

    assert porter.is_ended
    assert hashlib.sha256(CONTENT).hexdigest() == scratch.finish().sha256
    assert porters.lend(0, KEY, BLOB) is None


def test_where_none_can_be_started(porters: Porters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An office whose unit may start no process takes uploads all the same."""

    def refused(module: str) -> tuple[object, int]:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(porters_module, "launch", refused)
    scratch = upload(tmp_path, porters)
    scratch.write(0, CONTENT)

    assert hashlib.sha256(CONTENT).hexdigest() == scratch.finish().sha256
