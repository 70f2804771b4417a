"""Starts a fresh interpreter for confined work: executed, never forked, because our memory may hold keys.

It inherits one socket and /dev/null, has an empty environment, runs no `site` hooks, and imports exactly from where
this process imports. It is not confined yet: its `main` does that itself, first thing after its imports.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from gateway.engine.workshop import frames

_BOOT = "import sys; sys.path[:] = sys.argv[2].split(chr(0o12)); __import__(sys.argv[1], fromlist=['main']).main()"
_NULL = "/dev/null"


def launch(module: str, arguments: tuple[str, ...] = ()) -> tuple[socket.socket, int]:
    """Run `module.main()`; our end of its socket and its pidfd. Takes about a millisecond. Raises `OSError`."""
    ours, theirs = frames.pair()
    ours.setblocking(False)
    try:
        with theirs:
            return ours, launch_on(theirs.fileno(), module, arguments)
    except BaseException:
        ours.close()
        raise


def launch_on(descriptor: int, module: str, arguments: tuple[str, ...] = ()) -> int:
    """Run `module.main()` on a socket that is there already; its pidfd.

    Call it from a thread that lives as long as the process shall: the kernel kills the child when that thread ends.
    """
    places = "\n".join(str(Path(place).resolve()) for place in sys.path)
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _BOOT, module, places, *arguments]
    child = os.posix_spawn(
        sys.executable,
        command,
        {},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, _NULL, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
            (os.POSIX_SPAWN_DUP2, descriptor, frames.SOCKET),
        ],
        setsid=True,
    )
    return os.pidfd_open(child)
