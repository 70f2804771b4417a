"""Takes from this process everything it does not need, for good. Called in the child, never in the gateway.

1. descriptors  every one but those named is closed
2. limits       memory, CPU, file size, descriptors, processes; no core dump
3. uid          if root: no groups, another user, so no capability either
4. privileges   none can be gained; nobody may look in; it dies with its parent
5. Landlock     no path, no TCP, no signal, no abstract socket
6. seccomp      only calls that move bytes it already has

Each step that holds is named in the result. What the mechanisms really deny is what `probe` finds by trying.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from enum import StrEnum

from gateway.engine.workshop import landlock, seccomp

MIB = 1024 * 1024
NOBODY = 65534

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


class Level(StrEnum):
    """How much is taken away."""

    FULL = "full"
    LIMITS = "limits"
    """Steps 1 to 4 only: what remains on a kernel that knows neither Landlock nor seccomp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the process may use."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    descriptors: int = 32
    may_fork: bool = False


def confine(bounds: Bounds, *, keep: tuple[int, ...], level: Level = Level.FULL) -> tuple[str, ...]:
    """Confine this process; the names of the mechanisms that hold. Everything it will need must be imported already."""
    libc = ctypes.CDLL(None, use_errno=True)
    held = ["descriptors", "limits"]
    _close_all_but(keep)
    _limit(bounds)
    if _leave_root():
        held.append("uid")
    if _renounce(libc):
        held.append("no-new-privs")
        if level is Level.FULL and (abi := landlock.deny_all(libc)):
            held.append(f"landlock-{abi}")
        if level is Level.FULL and seccomp.install(libc, may_fork=bounds.may_fork):
            held.append("seccomp")
    return tuple(held)


def _close_all_but(keep: tuple[int, ...]) -> None:
    below = 3
    for descriptor in sorted(keep):
        os.closerange(below, descriptor)
        below = descriptor + 1
    os.closerange(below, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def _limit(bounds: Bounds) -> None:
    for what, most in (
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_CPU, bounds.cpu_seconds),
        (resource.RLIMIT_FSIZE, bounds.file_bytes),
        (resource.RLIMIT_NOFILE, bounds.descriptors),
        (resource.RLIMIT_CORE, 0),
    ):
        _lower(what, most)
    if not bounds.may_fork:
        _lower(resource.RLIMIT_NPROC, 0)


def _lower(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _leave_root() -> bool:
    """True if this process belongs to nobody, now or already. A gateway that is not root shares its uid with it."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    return os.geteuid() == NOBODY


def _renounce(libc: ctypes.CDLL) -> bool:
    # After the change of user: that resets both.
    libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(0), 0, 0, 0)
    status: int = libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0)
    return status == 0
