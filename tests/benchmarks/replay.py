"""How long `sealgate rules replay` takes over a hundred thousand decisions, and counting every rule's uses.

The past is written once, by the judge and the scribe (`past`), into a folder that goes away; then the verbs run as an
admin runs them, each in a process of its own.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.past import lived

DECISIONS, QUICK = 100_000, 5_000
EDIT = ('who = ["clerk", "registrar"]\nto = ["strangers"]', 'who = ["registrar"]\nto = ["strangers"]')


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took, start of the program included."""

    seconds: float
    cpu_s: float
    """Of the processor: what it takes on a machine that does nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What each verb took, and what was told."""

    decisions: int
    changed: int
    replay: Taken
    count: Taken
    again: Taken
    """Counting once more, when nothing is new."""


def measure(decisions: int = DECISIONS) -> Measured:
    """Lay out an office with that past, and run both verbs on it."""
    home = Path(tempfile.mkdtemp(prefix="sealgate-replay-"))
    try:
        office, edited = home / "office", home / "edited"
        lived(office, decisions)
        shutil.copytree(office / "rules", edited)
        rules = edited / "transfers.toml"
        rules.write_text(rules.read_text("utf-8").replace(*EDIT), "utf-8")
        replayed, said = _run(office, "rules", "replay", str(edited), "--json")
        told = json.loads(said)
        count, _ = _run(office, "rules", "list", "--json")
        again, _ = _run(office, "rules", "list", "--json")
        return Measured(
            decisions=told["decisions"],
            changed=told["changed"],
            replay=replayed,
            count=count,
            again=again,
        )
    finally:
        shutil.rmtree(home)


def _run(office: Path, *verb: str) -> tuple[Taken, bytes]:
    command = [sys.executable, "-m", "gateway.commands.main", "--office", str(office), *verb]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, capture_output=True, timeout=600, check=False)
    if ran.returncode not in (0, 1):
        raise RuntimeError(ran.stderr.decode()[-500:])
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(seconds, cpu_s), ran.stdout


def table(measured: Measured) -> str:
    """The figures."""
    rows: Sequence[tuple[str, Taken]] = (
        ("rules replay", measured.replay),
        ("rules list, counting uses for the first time", measured.count),
        ("rules list, again", measured.again),
    )
    each = measured.replay.cpu_s / measured.decisions * 1e6
    lines = [f"| {what} | {taken.seconds:.1f} s | {taken.cpu_s:.1f} s |" for what, taken in rows]
    head = [f"{measured.decisions:,} decisions, {measured.changed:,} change; {each:.0f} µs of CPU a decision.", ""]
    return "\n".join([*head, "| verb | time | CPU |", "|---|---|---|", *lines])
