"""The pen for large messages: GnuPG encrypts as a stream, in constant memory. Runs a program: call it in a thread.

It promises what `pen` promises: one PKESK to the vouched key, one SEIPD version 1 to the end. The first pieces leave
this function before the last can be checked, so the caller keeps nothing until the iterator has ended without an
exception. The certificate comes from a file in a throw-away home (`--recipient-file`): no ring, no trust database, no
other key within reach.

It runs GnuPG itself: python-gnupg insists on recipients from a ring, returns when all is encrypted, and hands out no
process to stop; and its `--status-fd` has nothing to say that the read-back does not prove.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway.errors import Misconfigured, Unreadable
from gateway.seal import gpg, packets
from gateway.seal.pen import Unsealed

PIECE = 256 * 1024


def encrypt_stream(plain: Iterable[bytes], certificate: bytes, *, program: str = "gpg") -> Iterator[bytes]:
    """The armoured message in pieces. Raises `Unsealed`, at the latest where the pieces end."""
    try:
        ids = packets.key_ids(certificate)
    except Unreadable as error:
        raise Unsealed(error.cause) from None
    with tempfile.TemporaryDirectory(prefix="sealgate-") as name:
        home = Path(name)
        recipient = home / "recipient.pgp"
        recipient.write_bytes(certificate)
        with _start(home, recipient, program) as process:
            yield from _pump(process, plain, ids)


def _start(home: Path, recipient: Path, program: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            gpg.arguments(home, *_verb(recipient), program=program),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=gpg.environment(home),
        )
    except FileNotFoundError:
        raise Misconfigured("GnuPG is not installed: no program named gpg") from None


def _verb(recipient: Path) -> tuple[str, ...]:
    return (
        "--rfc4880",  # no AEAD packets, which only GnuPG reads
        "--cipher-algo", "AES256", "--compress-algo", "none", "--no-encrypt-to", "--no-emit-version",
        "--no-comments", "--armor", "--recipient-file", str(recipient), "--output", "-", "--encrypt",
    )  # fmt: skip


def _pump(process: subprocess.Popen[bytes], plain: Iterable[bytes], ids: tuple[str, ...]) -> Iterator[bytes]:
    """Pieces as GnuPG writes them; then, in this order, our source's fault, the read-back's, GnuPG's own."""
    feeder = _Feeder(process, plain)
    feeder.start()
    armour, walker = packets.Dearmour(), packets.Walker()
    fault: Unsealed | None = None
    is_whole = False
    try:
        while piece := _read(process):
            walker.feed(armour.feed(piece))
            yield piece
        walker.feed(armour.close())
        packets.check_message(walker.close(), ids)
        is_whole = True
    except Unreadable as error:
        fault = Unsealed(f"read back: {error.cause}")
    finally:
        if not is_whole:
            process.kill()  # ours gave up, or what it wrote is wrong: the feeder must not wait for it
        feeder.join()
    if feeder.failure is not None:
        raise feeder.failure
    if fault is not None:
        raise fault
    if process.wait(gpg.PATIENCE_S) != 0 or not feeder.is_done:
        raise Unsealed("GnuPG did not encrypt all of it")


def _read(process: subprocess.Popen[bytes]) -> bytes:
    assert isinstance(process.stdout, io.BufferedReader)
    return process.stdout.read1(PIECE)


class _Feeder(threading.Thread):
    """Writes the plain text into GnuPG while the other side is read; two pipes and one thread would deadlock."""

    def __init__(self, process: subprocess.Popen[bytes], plain: Iterable[bytes]) -> None:
        super().__init__(name="seal-feeder", daemon=True)
        self._process = process
        self._plain = plain
        self.failure: BaseException | None = None
        self.is_done = False

    def run(self) -> None:
        """Feed all of it, then close. If the source fails, kill first: a close would look like the message's end."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            for piece in self._plain:
                stdin.write(piece)
            stdin.flush()
            self.is_done = True
        except BrokenPipeError:
            pass  # GnuPG stopped reading; `is_done` says so
        except BaseException as error:
            self.failure = error
            self._process.kill()
        finally:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
