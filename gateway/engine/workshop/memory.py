"""`Memory`: content in an anonymous file: as large as need be, mapped, handed to a confined process as a descriptor.

Promises: nothing of it touches a disk's directory, and from the first `view` or `seal` on nobody, whoever holds a
descriptor, can change a byte or its length: what was checked is what is used. Does not promise to be kept.
"""

from __future__ import annotations

import fcntl
import os
from mmap import MAP_PRIVATE, PROT_READ, mmap
from types import TracebackType

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Memory:
    """Write first, then look. Its owner closes it; a view outlives that."""

    def __init__(self, content: bytes = b"") -> None:
        self._hold(os.memfd_create("sealgate", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), 0)
        self.write(content)

    @classmethod
    def adopt(cls, untrusted_descriptor: int) -> Memory:
        """Take over a descriptor from another process. Raises `ValueError` if its content could still change."""
        try:
            seals = fcntl.fcntl(untrusted_descriptor, fcntl.F_GET_SEALS)
        except OSError:  # only anonymous files have seals at all
            seals = 0
        if seals & _SEALS != _SEALS:
            os.close(untrusted_descriptor)
            raise ValueError("not a sealed anonymous file")
        memory = cls.__new__(cls)
        memory._hold(untrusted_descriptor, os.fstat(untrusted_descriptor).st_size)
        return memory

    def _hold(self, descriptor: int, size: int) -> None:
        # A file object closes itself when it is forgotten, and says so in development.
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._view: bytes | mmap | None = None
        self.size = size
        """Bytes so far; still known after `close`."""

    @property
    def descriptor(self) -> int:
        """The file descriptor."""
        return self._file.fileno()

    def write(self, piece: bytes) -> int:
        """Append; returns the length of `piece`. Raises `OSError` when there is no room, or once it is sealed."""
        rest = memoryview(piece)
        while rest:
            written = self._file.write(rest)
            self.size += written
            rest = rest[written:]
        return len(piece)

    def seal(self) -> None:
        """End writing, for everyone."""
        if fcntl.fcntl(self._file, fcntl.F_GET_SEALS) & _SEALS != _SEALS:
            fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, _SEALS)

    def view(self) -> bytes | mmap:
        """The content, mapped read-only; empty bytes when there is none. Seals."""
        if self._view is None:
            self.seal()
            # Shared mappings of a sealed file are refused by kernels before 6.7; a private one copies nothing either.
            self._view = mmap(self.descriptor, 0, flags=MAP_PRIVATE, prot=PROT_READ) if self.size else b""
        return self._view

    def close(self) -> None:
        """Give it back. Harmless when called twice."""
        self._view = None
        self._file.close()

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True  # an empty one is still one

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
