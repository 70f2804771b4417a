"""An append dies, or fails, at every system call of its whole way: store, published files, anchor.

Whatever happened, the next start goes on with one history: every acknowledged entry is in it, and no size ever had two
roots that were signed.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.commands.office import anchors_of, opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.ledger.checkpoint import Checkpoint, verify
from tests.audited import Past, checked, laid_out
from tests.chaos import certificate
from tests.chaos.appending import append
from tests.chaos.faults import TOLD, Call, Run, need_strace, struck, traced

PROGRAM = "tests.chaos.appending:main"
QUICK = 6


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    need_strace()
    return laid_out(tmp_path_factory.mktemp("append") / "office")


@pytest.fixture
def fresh(past: Past, tmp_path: Path) -> Callable[[], Path]:
    """The office as it was, again and again."""

    def copy() -> Path:
        folder = tmp_path / "office"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(past.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
        return folder

    return copy


def heads_told(run: Run, vkey: str) -> dict[int, bytes]:
    """Size and root of every head that was acknowledged."""
    found: dict[int, bytes] = {}
    for line in run.told:
        head = verify(bytes.fromhex(line.split(" ")[2]).decode(), [vkey]).checkpoint
        assert found.setdefault(head.size, head.root) == head.root
    return found


def settles(folder: Path, run: Run, vkey: str) -> None:
    """The next start: all that was acknowledged is there, under the roots that were signed; then it goes on."""
    told = heads_told(run, vkey)
    with opened(Setting(folder=folder), is_writing=True) as office:
        rules = rules_of_office(office)
        scribe = scribe_of(office, rules, lambda why: None)
        head = scribe.head
        assert head is not None
        assert head.size >= max(told, default=0)
        streams = {line.split(" ")[0]: int(line.split(" ")[1]) for line in run.told}
        assert streams == {name: office.archive.story(name).rows[-1].version for name in streams}  # type: ignore[union-attr]
        seen: list[Checkpoint] = [one.head for one in anchors_of(office, rules).known()]
        append(scribe, "consulted/after", "does it go on?")
        assert scribe.head is not None
        for size, root in [*told.items(), *((one.size, one.root) for one in seen)]:
            assert root == office.publication.root_at(size, scribe.head), f"two roots for {size}"
        office.publication.publish(scribe.head)
    report = checked(folder)
    assert report.is_whole, report.findings


def sweep(fresh: Callable[[], Path], calls: tuple[Call, ...], vkey: str, *, error: str = "") -> int:
    """Strike at each of these; how many were reached."""
    reached = 0
    for call in calls:
        folder = fresh()
        run = struck(PROGRAM, str(folder), call, error=error)
        reached += run.was_killed or len(run.told) < 3
        assert run.was_killed or run.code == 0, f"{call}: {run.errors[-600:]}"
        settles(folder, run, vkey)
    return reached


@pytest.mark.chaos
@pytest.mark.slow
def test_a_sample_of_calls_loses_nothing(past: Past, fresh: Callable[[], Path]) -> None:
    """Killed, and failing with EIO, at some of the calls."""
    calls = traced(PROGRAM, str(fresh()))
    some = tuple(random.Random(5).sample(calls, QUICK))
    assert sweep(fresh, some, past.ledger_key) == QUICK
    sweep(fresh, _on_trial(some)[: QUICK // 2], past.ledger_key, error="EIO")


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("error", ["", "EIO", "ENOSPC"], ids=["killed", "EIO", "ENOSPC"])
def test_every_call_loses_nothing(past: Past, fresh: Callable[[], Path], error: str) -> None:
    """Killed at every call, or every call fails: with EIO, with ENOSPC."""
    calls = traced(PROGRAM, str(fresh()))
    calls = _on_trial(calls) if error else calls
    reached = sweep(fresh, calls, past.ledger_key, error=error)
    certificate.enter(
        f"an append, {error or 'kill -9'} at every call",
        f"{len(calls)} calls, {reached} kept it from its end; nothing acknowledged was lost, one root a size",
    )
    assert error or reached == len(calls)


def _on_trial(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Without the program's own telling: that it can fail is no affair of the ledger's."""
    return tuple(call for call in calls if not call.arguments.startswith(f"{TOLD}, "))
