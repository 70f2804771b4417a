"""The system call filter: a short list of calls a confined process may make; every other answers EPERM.

An allow-list, so that calls invented after us are denied too. What is on it moves bytes between descriptors the
process already has, or manages its own memory and time. Nothing on it opens, connects, signals, traces, starts or
looks at another process; memory can never become executable.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_ARCHES: dict[str, tuple[int, int]] = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the tables below, and the kernel's AUDIT_ARCH value."""

_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "brk": (12, 214),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "close": (3, 57),
    "dup": (32, 23),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "fallocate": (285, 47),
    "fcntl": (72, 25),
    "fstat": (5, 80),
    "ftruncate": (77, 46),
    "futex": (202, 98),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "getrusage": (98, 165),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "lseek": (8, 62),
    "madvise": (28, 233),
    "membarrier": (324, 283),
    "memfd_create": (319, 279),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    # GAP: glibc's fstat is this call, and Landlock does not cover it: a taken process can learn that a path exists
    # and how large it is, within what its uid may see.
    "newfstatat": (262, 79),
    "poll": (7, None),
    "ppoll": (271, 73),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "read": (0, 63),
    "readv": (19, 65),
    "recvmsg": (47, 212),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "sendmsg": (46, 211),
    "set_robust_list": (273, 99),
    "sigaltstack": (131, 132),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "write": (1, 64),
    "writev": (20, 66),
}

_NOT_EXECUTABLE: dict[str, tuple[int, int]] = {"mmap": (9, 222), "mprotect": (10, 226)}
"""Allowed unless their third argument asks for PROT_EXEC."""

_FORGE: dict[str, tuple[int, int]] = {
    "clone": (56, 220),
    "close_range": (436, 436),
    "dup3": (292, 24),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "pidfd_open": (434, 434),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "uname": (63, 160),
    "wait4": (61, 260),
}
"""What the forge needs besides: to fork children, and for them to confine themselves further."""

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCH, _THIRD_ARGUMENT = 0, 4, 32
_ALLOW, _KILL_PROCESS, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_PROT_EXEC = 4
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(libc: ctypes.CDLL, *, may_fork: bool) -> bool:
    """Filter this process and all its descendants for good. False where it cannot be done. Needs no_new_privs."""
    code = program(os.uname().machine, may_fork=may_fork)
    if code is None:
        return False
    filters = _Program(len(code) // 8, code)
    status: int = libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(filters), 0, 0)
    return status == 0


def program(machine: str, *, may_fork: bool) -> bytes | None:
    """The filter as classic BPF, or None for a machine whose call numbers we do not know."""
    if machine not in _ARCHES:
        return None
    column, arch = _ARCHES[machine]
    allowed: list[tuple[int | None, ...]] = [*_ALLOWED.values(), *(_FORGE.values() if may_fork else ())]
    code = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, arch, 1, 0),
        _step(_RETURN, _KILL_PROCESS),  # another architecture's calls have other numbers
        _step(_LOAD, _NUMBER),
    ]
    for number in (row[column] for row in allowed):
        if number is not None:
            code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ALLOW)]
    for row in _NOT_EXECUTABLE.values():
        code += [
            _step(_EQUAL, row[column], 0, 4),
            _step(_LOAD, _THIRD_ARGUMENT),
            _step(_ANY_BIT, _PROT_EXEC, 0, 1),
            _step(_RETURN, _DENY),
            _step(_RETURN, _ALLOW),
        ]
    code.append(_step(_RETURN, _DENY))
    return b"".join(code)


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
