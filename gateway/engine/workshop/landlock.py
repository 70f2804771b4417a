"""Landlock: this process may from now on open no file, use no TCP port and signal nobody outside.

The ruleset handles every right the running kernel knows and grants none. Rights come with the kernel's ABI version;
an older kernel denies less, which the probe then shows.
"""

from __future__ import annotations

import ctypes
import os

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same on every architecture
_VERSION = 1

_FS = ((1, 0x1FFF), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
"""Since which ABI: read, write, execute and make; refer; truncate; ioctl on devices."""
_NET = ((4, 0b11),)
"""Bind and connect of TCP."""
_SCOPED = ((6, 0b11),)
"""Abstract unix sockets and signals stay inside."""


def deny_all(libc: ctypes.CDLL) -> int:
    """Deny everything this kernel can deny; its ABI version, or 0 where Landlock is absent. Needs no_new_privs."""
    abi = _call(libc, _CREATE_RULESET, None, 0, _VERSION)
    if abi < 1:
        return 0
    handled = [_known(_FS, abi), _known(_NET, abi), _known(_SCOPED, abi)]
    while not handled[-1]:  # an older kernel takes a shorter structure
        handled.pop()
    attributes = (ctypes.c_uint64 * len(handled))(*handled)
    ruleset = _call(libc, _CREATE_RULESET, attributes, ctypes.sizeof(attributes), 0)
    if ruleset < 0:
        return 0
    try:
        return 0 if _call(libc, _RESTRICT_SELF, ruleset, 0) else abi
    finally:
        os.close(ruleset)


def _known(rights: tuple[tuple[int, int], ...], abi: int) -> int:
    return sum(bits for since, bits in rights if since <= abi)


def _call(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    wide = (ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments)
    result: int = libc.syscall(ctypes.c_long(number), *wide)
    return result
