"""The running gateway dies at random moments while files come and go; nothing acknowledged is lost, nothing that was
not closed is taken, and nothing goes out twice.

`SEALGATE_FILE_CRASHES=n` asks for another number of crashes than the 60 of the full run.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.chaos import certificate
from tests.chaos.counting import Count
from tests.chaos.filing import Clerks, FileRound, with_files

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed: nobody makes the keys"),
]
A_ROUND = 20
QUICK = 5


def crashes(folder: Path, number: int, seed: int) -> tuple[Count, Clerks]:
    """So many crashes of one office while clerks upload, and what came of it."""
    dice = random.Random(seed)

    def act(round_: FileRound) -> None:
        for _ in range(number):
            round_.dies_at_random(dice)

    return with_files(folder, act, clerks=4, seed=seed)


def test_a_few_crashes_while_files_come_and_go_lose_nothing(tmp_path: Path) -> None:
    """Killed in uploads, while names settle and in deliveries: what was acknowledged is there once, and no more."""
    result, clerks = crashes(tmp_path, QUICK, seed=3)
    print(result, clerks.broken_off, clerks.resumed)
    assert result.is_clean, f"{result}\n{result.faults}"
    assert QUICK == result.crashes
    assert result.acknowledged > QUICK
    assert clerks.broken_off > 0
    assert 0 == result.dup


@pytest.mark.slow
def test_sixty_crashes_while_files_come_and_go_lose_nothing(tmp_path: Path) -> None:
    """The full run: what it counted goes into the crash certificate when `SEALGATE_CERTIFICATE` is set."""
    wanted, result = int(os.environ.get("SEALGATE_FILE_CRASHES", "60")), Count()
    resumed = broken_off = 0
    for seed in range(-(-wanted // A_ROUND)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        counted, clerks = crashes(folder, min(A_ROUND, wanted - seed * A_ROUND), seed=200 + seed)
        result += counted
        resumed, broken_off = resumed + clerks.resumed, broken_off + clerks.broken_off
        print(result)
    words = str(result).replace("acknowledged (", f"files acknowledged, {resumed} of them gone on with after a break (")
    certificate.enter("files: random moments", f"{words}; {broken_off} never closed, none of them taken")
    assert result.is_clean, f"{result}\n{result.faults}"
    assert resumed > 0
    assert broken_off > 0
