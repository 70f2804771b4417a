"""Reads the rule folder from disk: the only place where rules meet a file system.

Promises: what is read is what stands in the folder itself. A link, a folder or file anybody may write to, a file that
is not a rule file, or one over 1 MiB is a problem like any other, and then nothing is loaded. It never writes.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.judge.problems import Problem
from gateway.judge.reading import MAX_FILE_BYTES
from gateway.judge.rulebook import Rulebook, read

COMPANIONS = ("README.md",)
"""May lie beside the rules, and says nothing to the gateway. So may names that begin with a dot."""
MAX_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The folder at one moment."""

    mark: object
    """Of just before it was read: another mark means that a file is not as it was read."""
    found: Rulebook | tuple[Problem, ...]


def look_at(path: Path) -> Seen:
    """The folder as it is now, read once."""
    mark = glance(path)
    return Seen(mark=mark, found=read_folder(path))


def read_folder(path: Path, *, on: date | None = None) -> Rulebook | tuple[Problem, ...]:
    """The rules in `path`, or every problem with them."""
    problems: list[Problem] = []
    files = _texts(path, problems)
    if problems:
        return tuple(problems)
    return read(files, on=on)


def glance(path: Path) -> tuple[tuple[str, int, int, int, int], ...]:
    """Name, inode, size and times of every file: different whenever a file is. Nothing if it cannot be looked at."""
    try:
        with os.scandir(path) as entries:
            found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
    except OSError:  # the next look finds it again; reading it then says what is wrong
        return ()
    folder = sorted(found)[: MAX_FILES + 1]
    return tuple((name, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for name, one in folder)


def _texts(path: Path, problems: list[Problem]) -> dict[str, str]:
    """Name and text of every rule file. Opened once and looked at through the descriptor, so nothing can be swapped."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as refused:
        problems.append(_problem("", f"cannot read the folder {path}: {refused.strerror}"))
        return {}
    try:
        if os.fstat(folder).st_mode & stat.S_IWOTH:
            problems.append(_problem("", "anybody may write to this folder; take that away with: chmod o-w rules"))
        names = sorted(name for name in os.listdir(folder) if not name.startswith(".") and name not in COMPANIONS)
        if len(names) > MAX_FILES:
            problems.append(_problem("", f"more than {MAX_FILES} files"))
            return {}
        return {name: _text(folder, name, problems) for name in names}
    finally:
        os.close(folder)


def _text(folder: int, name: str, problems: list[Problem]) -> str:
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as refused:
        is_link = refused.errno == errno.ELOOP  # what O_NOFOLLOW says of one
        problems.append(_problem(name, "a link; copy the file itself here" if is_link else f"{refused.strerror}"))
        return ""
    status = os.fstat(opened)
    if not stat.S_ISREG(status.st_mode):
        os.close(opened)
        problems.append(_problem(name, "not a file"))
        return ""
    with open(opened, "rb") as file:
        if status.st_mode & stat.S_IWOTH:
            problems.append(_problem(name, "anybody may write to this file; take that away with: chmod o-w"))
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        problems.append(_problem(name, "larger than 1 MiB"))
        return ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as refused:
        line = content.count(b"\n", 0, refused.start) + 1
        column = refused.start - (content.rfind(b"\n", 0, refused.start) + 1) + 1
        problems.append(Problem(file=name, line=line, column=column, text="not UTF-8"))
        return ""


def _problem(name: str, text: str) -> Problem:
    return Problem(file=name, line=1, column=1, text=text)
