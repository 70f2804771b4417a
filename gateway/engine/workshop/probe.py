"""Tries what a confined process must not be able to do. A mechanism that is said to hold is only believed if it does.

Called in a process that was just confined, before it has seen a hostile byte. Harmless where nothing is denied.
"""

from __future__ import annotations

import mmap
import os
import socket
from collections.abc import Callable
from contextlib import suppress

_DISCARD = ("127.0.0.1", 9)
_HOARD_BYTES = 1 << 34


def denied() -> tuple[str, ...]:
    """The names of the attempts that failed."""
    return tuple(name for name, attempt in _ATTEMPTS if _is_denied(attempt))


def _is_denied(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except ConnectionRefusedError:  # somebody was asked, so asking was possible
        return False
    except (OSError, MemoryError):
        return True
    return False


def _read() -> None:
    """A file that certainly exists: our own code."""
    os.close(os.open(__file__, os.O_RDONLY))


def _write() -> None:
    """A file in a folder that everyone may write, without a name, so that nothing stays."""
    os.close(os.open("/tmp", os.O_TMPFILE | os.O_WRONLY, 0o600))


def _tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.connect(_DISCARD)


def _udp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(_DISCARD)


def _unix() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect("\0sealgate-nobody-listens")


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _signal() -> None:
    os.kill(os.getppid(), 0)


def _trace() -> None:
    """Look into another process: our parent."""
    os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY))


def _execute() -> None:
    """Start a program that is not there: who gets as far as missing it was not stopped. Landlock alone is not seen."""
    with suppress(FileNotFoundError):
        os.execv("/sealgate-nobody-is-here", ["nobody"])


def _hoard() -> None:
    """Reserve more address space than any document is worth; unconfined this touches no memory."""
    mmap.mmap(-1, _HOARD_BYTES).close()


_ATTEMPTS: tuple[tuple[str, Callable[[], object]], ...] = (
    ("read", _read),
    ("write", _write),
    ("tcp", _tcp),
    ("udp", _udp),
    ("unix", _unix),
    ("fork", _fork),
    ("signal", _signal),
    ("trace", _trace),
    ("execute", _execute),
    ("hoard", _hoard),
)

EVERYTHING = tuple(name for name, _ in _ATTEMPTS)
