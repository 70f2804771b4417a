"""Kills or fails a program at the n-th system call, with strace; and counts how many there are to try.

    calls = traced("tests.chaos.accept:main", folder)          # one undisturbed run: the calls, in order
    for call in calls:
        run = struck("tests.chaos.accept:main", folder, call)  # dies entering exactly that call
        check(folder, run.output)

The program is a function of a module, given one text; it runs alone in a fresh interpreter with one thread. It tells
what it has acknowledged by `tell`, which reaches us however it ends. What it had written before it was killed stays in
the page cache: this models the death of a process, not a power cut (for that see `vfs`).
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

WRITING = "pwrite64,write,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"
"""What can leave the disk half changed. A file just created holds nothing, so its creation is no case of its own."""
TOLD = 1
ROOT = Path(__file__).parents[2]
LIMIT_S = 60

_LINE = re.compile(r"(?:\[?pid +\d+\]? |\d+ +)?(?P<name>\w+)\((?P<arguments>.*)")


@dataclass(frozen=True, slots=True)
class Call:
    """The `nth` call of this name."""

    name: str
    nth: int
    arguments: str

    def __str__(self) -> str:
        """For a test's report."""
        return f"{self.name}#{self.nth}({self.arguments[:60]}"


@dataclass(frozen=True, slots=True)
class Run:
    """How a program ended, and what it told before."""

    code: int
    told: tuple[str, ...]
    errors: str

    @property
    def was_killed(self) -> bool:
        """True if it was stopped in the middle."""
        return self.code in (-9, 137)


def need_strace() -> None:
    """Skip aloud where strace is missing or may not trace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no kill at each system call")
    if subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here: no kill at each system call")


def tell(text: str) -> None:
    """Say what was acknowledged; for the program under test."""
    os.write(TOLD, text.encode() + b"\n")


def traced(program: str, argument: str) -> tuple[Call, ...]:
    """The calls of one undisturbed run that change something, in order."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        run = _run(["-o", log.name, "-e", f"trace={WRITING}"], program, argument)
        assert run.code == 0, run.errors
        lines = log.read().splitlines()
    counts: dict[str, int] = {}
    calls = []
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        name = match["name"]
        counts[name] = counts.get(name, 0) + 1
        calls.append(Call(name, counts[name], match["arguments"]))
    return tuple(calls)


def edges(calls: Sequence[Call]) -> tuple[Call, ...]:
    """Without those in the middle of a row of the same name: for a quick look; a release tries them all."""
    names = ["", *(call.name for call in calls), ""]
    return tuple(call for n, call in enumerate(calls) if not names[n] == names[n + 1] == names[n + 2])


def struck(program: str, argument: str, call: Call, *, error: str = "") -> Run:
    """Run it and kill it as it enters `call`, or make that call fail with `error` (`EIO`, say) instead."""
    how = f"error={error}" if error else "signal=KILL"
    return _run(["-o", os.devnull, "-e", f"trace={call.name}", "-e", f"inject={call.name}:{how}:when={call.nth}"],
                program, argument)  # fmt: skip


def _run(options: list[str], program: str, argument: str) -> Run:
    command = ["strace", "-f", "-qq", *options, sys.executable, "-B", "-m", "tests.chaos.faults", program, argument]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    return Run(done.returncode, tuple(done.stdout.splitlines()), done.stderr)


if __name__ == "__main__":
    module, _, function = sys.argv[1].partition(":")
    getattr(importlib.import_module(module), function)(sys.argv[2])
