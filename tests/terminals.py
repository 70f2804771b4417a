"""The command in a real terminal: what it shows there, and what a person types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass
class Terminal:
    """`sealgate` in a terminal of its own."""

    fd: int
    process: subprocess.Popen[bytes]
    said: str = ""

    def awaits(self, pattern: str) -> None:
        """Read until the terminal shows this."""
        deadline = time.monotonic() + 60
        while not re.search(pattern, self.said):
            assert time.monotonic() < deadline, self.said
            if select.select([self.fd], [], [], 1)[0]:
                self.said += os.read(self.fd, 4096).decode()

    def types(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def ends(self, pressing: str = "") -> int:
        """Read to its end; press this again whenever nothing came of it for a second, as a person does."""
        deadline = time.monotonic() + 60
        with suppress(OSError):  # what Linux says when the other end has closed
            self.types(pressing)
            while time.monotonic() < deadline:
                if select.select([self.fd], [], [], 1)[0]:
                    self.said += os.read(self.fd, 4096).decode()
                else:
                    self.types(pressing)
        return self.process.wait(60)


@contextmanager
def in_a_terminal(*words: str) -> Iterator[Terminal]:
    """The command, with a controlling terminal: Ctrl-C is a signal there, and a password is not echoed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.commands.main", *words], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.kill()
        process.wait(60)
        os.close(ours)
