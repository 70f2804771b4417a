"""How the gateway reaches its scribe: a child it starts, or a unit of its own, at a socket in the file system.

Either way the scribe opens the records first, and so puts beside them what a process that may only read them needs
(SQLite's `-wal` and `-shm`: on a mount that is read-only a reader cannot make them). Only then are they opened here.
And either way it composes and signs nothing before it is told to begin: witnesses are asked in between.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.commands.scribe import BEGIN, OPENED, start
from gateway.engine.scribewire import decode_answer, failure_of, read_frame
from gateway.errors import Misconfigured, StoreAway

PATIENCE_S = 60.0
"""The scribe of a gateway that was killed has that long to finish, and the next to start."""


@dataclass(frozen=True, slots=True)
class Link:
    """A scribe that has the records open."""

    sock: socket.socket
    process: subprocess.Popen[bytes] | None

    def begin(self) -> socket.socket:
        """Let it sign from now on; the socket to give it orders by. Blocks no longer than the kernel."""
        self.sock.setblocking(True)
        self.sock.sendall(BEGIN)
        self.sock.setblocking(False)
        return self.sock

    def wait(self) -> None:
        """Until it has gone, where it is our child. Blocks."""
        if self.process is not None:
            self.process.wait()


@contextmanager
def linked(folder: Path, place: Path | None) -> Iterator[Link]:
    """The scribe of this office: at `place`, or started here. Raises what keeps it from opening the records."""
    sock, process = start(folder) if place is None else (_connected(place), None)
    link = Link(sock, process)
    try:
        _await_opened(sock)
        yield link
    finally:
        sock.close()  # it has taken its last order; where it was not told to begin it never took one
        link.wait()


def _connected(place: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(str(place))
    except OSError as why:
        sock.close()
        raise Misconfigured(f"no scribe listens at {place}: {why.strerror}; see: systemctl status "
                            "sealgate-scribe.socket sealgate-scribe.service") from why  # fmt: skip
    return sock


def _await_opened(sock: socket.socket) -> None:
    sock.settimeout(PATIENCE_S)
    try:
        said = sock.recv(1, socket.MSG_PEEK)
        if said == OPENED:
            sock.recv(1)
            return
        with sock.makefile("rb") as answers:
            frame = read_frame(answers)
    except TimeoutError as why:
        raise StoreAway(f"the scribe has not opened the records within {PATIENCE_S:.0f} seconds") from why
    except OSError as why:
        raise StoreAway(f"the scribe cannot be heard: {why.strerror}") from why
    if not frame:
        raise StoreAway("the scribe ended before it had opened the records; its log says why")
    raise failure_of(decode_answer(frame)) or StoreAway("the scribe said what nobody asked")
