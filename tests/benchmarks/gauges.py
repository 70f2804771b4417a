"""What a server costs while it is measured: processor seconds and memory of all its processes together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.memory import held_mib
from tests.chaos.trial import family

EVERY_S = 0.1
LOOK_S = 0.25
REST_S = 2.5
"""Longer than the gateway sleeps between two looks at what is due."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """Of one measurement."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0


def cpu_s(pid: int) -> float:
    """Processor seconds of a process, of all that descend from it, and of those of them that have ended."""
    ticks = 0
    for member in family(pid):
        with suppress(OSError):
            words = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(word) for word in words[11:15])  # proc(5): utime, stime, cutime, cstime
    return ticks / _TICK


@contextmanager
def gauged(pid: int) -> Iterator[Cost]:
    """Measure what happens inside: the time it takes, and what the server spends on it."""
    cost, stop = Cost(), threading.Event()

    def sample() -> None:
        while not stop.wait(EVERY_S):
            cost.peak_mib = max(cost.peak_mib, held_mib(pid)[0])

    watcher = threading.Thread(target=sample, daemon=True)
    spent, began = cpu_s(pid), time.perf_counter()
    watcher.start()
    try:
        yield cost
        cost.seconds = time.perf_counter() - began
        cost.cpu_s = cpu_s(pid) - spent
    finally:
        stop.set()
        watcher.join()


def until_at_rest(pid: int, *, within_s: float = 300.0) -> float:
    """Wait until the server has done nothing for a while; the processor seconds it spent until then."""
    began = quiet = time.monotonic()
    first = last = cpu_s(pid)
    while (now_s := time.monotonic()) - quiet < REST_S and now_s - began < within_s:
        time.sleep(LOOK_S)
        now = cpu_s(pid)
        if now - last > 0.1 * LOOK_S:
            quiet = time.monotonic()
        last = now
    return last - first
