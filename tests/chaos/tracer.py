"""Kills or fails a *running* gateway at one system call of one of its threads, with strace attached from outside.

strace counts calls for each thread by itself, so a point is (thread, call, n). Threads are told apart by what they do
with a reference message: the scribe is the one that syncs the log, the disk thread the one that names blobs.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.faults import WRITING
from tests.chaos.trial import family, is_scribe
from tests.world import eventually

CALLS = tuple(f"openat,{WRITING}".split(","))
_LINE = re.compile(r"(\d+) +(\w+)\(")


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of a running gateway by what they do, and how often each made which call for one message."""

    groups: dict[str, tuple[int, ...]]
    calls: dict[str, Counter[str]]

    @property
    def points(self) -> list[tuple[str, str, int]]:
        """Every point of one message: group, call, n."""
        return [
            (group, call, n + 1)
            for group, counted in self.calls.items()
            for call in sorted(counted)
            for n in range(counted[call])
        ]


@contextmanager
def attached(pids: tuple[int, ...], *options: str, follow: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """strace on these threads for as long as the block lasts; what it traces goes on unharmed afterwards."""
    where = [word for pid in pids for word in ("-p", str(pid))]
    command = ["strace", *(["-f"] if follow else []), "-qq", *options, *where]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not eventually(lambda: tracer.poll() is not None or all(_is_traced(pid) for pid in pids), 10):
            raise AssertionError("strace did not attach")
        yield tracer
    finally:
        tracer.terminate()
        tracer.wait(10)


def _is_traced(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # gone already
    return "TracerPid:\t0" not in status


def threads_of(pid: int, *, only: str = "") -> tuple[int, ...]:
    """All threads of `serve` and of its scribe, or of one of them; the confined processes touch no file."""
    scribes = [child for child in family(pid)[1:] if is_scribe(child)]
    keepers = {"": [pid, *scribes], "serve": [pid], "scribe": scribes}[only]
    return tuple(sorted(int(name) for keeper in keepers for name in os.listdir(f"/proc/{keeper}/task")))


def watched(pid: int, act: Callable[[], None], *, linger_s: float = 0.0, calls: tuple[str, ...] = CALLS) -> Threads:
    """Let `act()` happen under strace, and what follows within `linger_s`; who did what."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace", errors="replace") as log:
        with attached(threads_of(pid), "-o", log.name, "-e", f"trace={','.join(calls)}", follow=True):
            act()
            threading.Event().wait(linger_s)
        made: dict[int, Counter[str]] = {tid: Counter() for tid in threads_of(pid)}
        for match in filter(None, map(_LINE.match, log.read().splitlines())):
            made.setdefault(int(match[1]), Counter())[match[2]] += 1
    groups: dict[str, tuple[int, ...]] = {}
    counted: dict[str, Counter[str]] = {}
    for tid, own in made.items():
        name = _name(own, is_main=tid == pid)
        groups[name] = (*groups.get(name, ()), tid)
        counted[name] = counted.get(name, Counter()) | own  # of several, the one that made most
    return Threads(groups, counted)


def _name(own: Counter[str], *, is_main: bool) -> str:
    if is_main:
        return "loop"
    if own["fdatasync"]:
        return "scribe"
    return "disk" if own["renameat"] else "others"
