"""The running gateway dies at random moments under load; nothing acknowledged is lost, and nothing leaves unledgered.

`SEALGATE_CRASHES=n` asks for another number of crashes than the 200 of the full run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import certificate
from tests.chaos.counting import Count
from tests.chaos.trial import Round, with_round
from tests.house import House
from tests.world import Correspondent

A_ROUND = 25
QUICK = 12
CONFIDENTIAL = ("registry@court.test",)


def crashes(folder: Path, number: int, seed: int) -> Count:
    """So many crashes of one office under load, and what came of it."""
    dice = random.Random(seed)

    def act(round_: Round) -> None:
        for _ in range(number):
            round_.dies_at_random(dice)

    return with_round(folder, act, clients=4)


@pytest.fixture
def correspondent(tmp_path: Path) -> Iterator[Correspondent]:
    """The court's registry, with a key."""
    born = Correspondent.born(CONFIDENTIAL[0], tmp_path)
    yield born
    born.dies()


@pytest.mark.chaos
def test_a_dozen_crashes_under_load_lose_nothing(tmp_path: Path) -> None:
    """Killed twelve times under load, all it acknowledged arrives or waits, each copy intended before it left."""
    result = crashes(tmp_path, QUICK, seed=1)
    print(result)
    assert result.is_clean, f"{result}\n{result.faults}"
    assert QUICK == result.crashes
    assert result.acknowledged > QUICK
    assert result.dup_most <= 1


@pytest.mark.chaos
def test_confidential_mail_in_doubt_waits_for_a_person(tmp_path: Path, correspondent: Correspondent) -> None:
    """Of mail that must not leave twice by itself, no copy does: what a crash left in doubt is parked."""
    dice = random.Random(2)

    def prepare(house: House) -> None:
        house.opens()
        house.trusts(correspondent)
        assert 0 == house.closes()

    def act(round_: Round) -> None:
        for _ in range(4):
            round_.dies_at_random(dice)

    result = with_round(
        tmp_path, act, clients=3, prepare=prepare, recipients=CONFIDENTIAL, subject="[case] CANARY subject"
    )
    print(result)
    assert result.is_clean, f"{result}\n{result.faults}"
    assert [] == [one for one in result.dup_to if one in CONFIDENTIAL]
    assert result.delivered > 0


@pytest.mark.chaos
@pytest.mark.slow
def test_two_hundred_crashes_under_load_lose_nothing(tmp_path: Path) -> None:
    """The full run: what it counted goes into the crash certificate when `SEALGATE_CERTIFICATE` is set."""
    wanted, result = int(os.environ.get("SEALGATE_CRASHES", "200")), Count()
    for seed in range(-(-wanted // A_ROUND)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        result += crashes(folder, min(A_ROUND, wanted - seed * A_ROUND), seed=100 + seed)
        print(result)
    certificate.enter("random moments", str(result))
    assert result.is_clean, f"{result}\n{result.faults}"
    assert result.dup_most <= 1
