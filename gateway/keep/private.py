"""Folders and files that belong to this user alone: opened without following links, checked, replaced whole.

A file is only ever seen as it was before or as it is after: written beside, fsynced, renamed, directory fsynced.
Whoever may write to such a folder may become the gateway; so a wrong owner or mode is refused, not mended.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import Failure, Misconfigured, StoreAway, StoreBroken

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
LARGEST_FILE = 16 * 1024 * 1024

_TRY_AGAIN = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM}
)


def failure_of(why: OSError, doing: str) -> Failure:
    """Whose fault it is: a full, read-only or busy disk may be tried again; anything unforeseen stops the process."""
    cause = f"{doing}: {why.strerror or type(why).__name__}"
    return StoreAway(cause) if why.errno in _TRY_AGAIN else StoreBroken(cause)


def sync(descriptor: int, what: str) -> None:
    """Make a file or directory durable, or raise `StoreBroken`, whatever the error.

    After a failed fsync the kernel may hold the lost bytes as clean: a second one would lie.
    """
    try:
        os.fsync(descriptor)
    except OSError as why:
        raise StoreBroken(f"fsync of {what} failed: {why.strerror}") from why


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """A descriptor for as long as the block lasts. Raises `OSError`."""
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    with opened(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) as folder:
        sync(folder, str(path))


def write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of `data` at `offset`. Raises `OSError`."""
    rest = memoryview(data)
    while rest:
        done = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[done:], offset + done


def open_folder(path: Path, *, create: bool = False) -> int:
    """A descriptor of a folder only this user can use. Raises `Misconfigured`; the caller closes it."""
    try:
        if create and not path.is_dir():
            path.mkdir(mode=0o700)
            sync_folder(path.parent)
        folder = os.open(path, FOLDER)
    except OSError as why:
        raise Misconfigured(f"{path} must be a folder this user can open: {why.strerror}") from why
    try:
        _check_ours(folder, path, "0700")
    except Misconfigured:
        os.close(folder)
        raise
    return folder


def read_file(path: Path) -> bytes:
    """The whole of a file only this user can use. Raises `Misconfigured`, also when there is none."""
    try:
        with opened(path, READ) as file:
            _check_ours(file, path, "0600")
            content = os.read(file, LARGEST_FILE + 1)
    except OSError as why:
        raise Misconfigured(f"{path} cannot be read: {why.strerror}") from why
    if len(content) > LARGEST_FILE:
        raise Misconfigured(f"{path} is larger than {LARGEST_FILE} bytes")
    return content


def create_file(folder: int, name: str, content: bytes) -> None:
    """Write a new file, durable but for its name: the caller syncs the folder. Raises `OSError` if it exists."""
    file = os.open(name, CREATE, 0o600, dir_fd=folder)
    try:
        write_all(file, content, 0)
        sync(file, name)
    finally:
        os.close(file)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of what `path` held, durably. One writer at a time: hold `locked`."""
    new = path.name + ".new"
    with opened(path.parent, FOLDER) as folder:
        try:
            if _exists(folder, new):  # left by a crash: it was never renamed, so never true
                os.unlink(new, dir_fd=folder)
            create_file(folder, new, content)
            os.rename(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as why:
            raise failure_of(why, f"writing {path.name}") from why
        sync(folder, str(path.parent))


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _check_ours(descriptor: int, path: Path, mode: str) -> None:
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid():
        raise Misconfigured(f"{path} belongs to user {found.st_uid}; it must belong to the user the gateway runs as")
    if found.st_mode & 0o077:
        raise Misconfigured(f"{path} can be used by others (mode {found.st_mode & 0o7777:04o}); make it {mode}")
