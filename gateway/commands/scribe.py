"""The scribe's own process: alone it writes the records, alone it signs the ledger.

Started by `serve` as `python -m gateway.commands.scribe FOLDER` with a socket as standard input; or by systemd, as a
unit that serves whoever comes to its socket, one gateway after the other (`commands/part`). It ends when the gateway's
end of the socket closes, and not before what it has begun is durable. Signals meant for the gateway are not for it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gateway.commands.allocator import look_only_at_what_is_new, look_seldom
from gateway.commands.disposal import finish_begun, task_of
from gateway.commands.office import opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.forgetting.disposals import TASK as DISPOSE
from gateway.engine.safekeeping.snapshots import SIGN, Copyist, Signing
from gateway.engine.safekeeping.snapshots import TASK as COPY
from gateway.engine.scribing import ScribeEnd, refuse
from gateway.errors import Failure, InUse

OPENED, BEGIN = b"\x01", b"\x02"
"""What each says before the frames: the scribe, that the records are open; the gateway, that signing may begin.

A frame's first byte is another: the highest of its length.
"""
COMMAND = (sys.executable, "-m", "gateway.commands.scribe")
PATIENCE_S = 10.0
"""How long the scribe of a gateway that was killed may take to finish."""


def start(folder: Path) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process; our end of its socket. Raises `OSError`."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [*COMMAND, str(folder)]
        process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
    ours.setblocking(False)
    return ours, process


def main(folder: Path) -> None:
    """Write until the gateway has gone."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    write_for(socket.socket(fileno=os.dup(0)), folder)


def write_for(sock: socket.socket, folder: Path, *, heard: Callable[[], None] = lambda: None) -> None:
    """Write for the gateway at the other end until it has gone; `heard` is called after each order."""
    try:
        _write(sock, folder, heard)
    except Failure as why:
        refuse(sock, why)


def _write(sock: socket.socket, folder: Path, heard: Callable[[], None]) -> None:
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
                office.keyring.show_public(office.setting.keys)
                if not _is_told_to_begin(sock):
                    return
                scribe = scribe_of(office, rules_of_office(office), give_up)
                scribe.start()
                finish_begun(office, scribe)
                look_only_at_what_is_new()
                look_seldom()
                copyist = Copyist(office.writable, office.setting.var)
                signing = Signing(office.records, office.signer)
                tasks = {COPY: copyist.turn, SIGN: signing.sign, DISPOSE: task_of(office, scribe)}
                end = ScribeEnd(sock, scribe, tasks, heard)
                try:
                    end.greet()
                    end.serve()
                finally:
                    copyist.drop()
                    scribe.stop()
            return
        except InUse:
            if end is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _is_told_to_begin(sock: socket.socket) -> bool:
    """Say that the records are open; False if the gateway goes instead of beginning."""
    try:
        sock.sendall(OPENED)
        return sock.recv(1) == BEGIN
    except OSError:
        return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
