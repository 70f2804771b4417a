"""The scribe's own process, started by `serve`: alone it writes the records, alone it signs the ledger.

Run as `python -m gateway.commands.scribe FOLDER` with a socket as standard input. Signals meant for the gateway are not
for the scribe: it ends when the gateway's end of the socket closes, and not before what it has begun is durable.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from gateway.commands.allocator import look_only_at_what_is_new
from gateway.commands.office import opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.scribing import ScribeEnd, refuse
from gateway.errors import Failure, InUse

PATIENCE_S = 10.0
"""How long the scribe of a gateway that was killed may take to finish."""


def start(folder: Path) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process; our end of its socket. Raises `OSError`."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "gateway.commands.scribe", str(folder)]
        process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
    ours.setblocking(False)
    return ours, process


def main(folder: Path) -> None:
    """Write until the gateway has gone."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    sock = socket.socket(fileno=os.dup(0))
    try:
        _write(sock, folder)
    except Failure as why:
        refuse(sock, why)


def _write(sock: socket.socket, folder: Path) -> None:
    end: ScribeEnd | None = None

    def give_up(why: Failure) -> None:
        """Durability is no longer certain: say so and go. Nothing that could still be written may be."""
        if end is not None:
            refuse(sock, why)
        sock.shutdown(socket.SHUT_RDWR)

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with opened(Setting(folder=folder), is_writing=True) as office:
                scribe = scribe_of(office, rules_of_office(office), give_up)
                scribe.start()
                look_only_at_what_is_new()
                end = ScribeEnd(sock, scribe)
                try:
                    end.greet()
                    end.serve()
                finally:
                    scribe.stop()
            return
        except InUse:
            if end is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
