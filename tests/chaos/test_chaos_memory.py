"""However many large messages come at once, the whole gateway stays under 400 MiB; with files, under 300.

The curves, for people: `python -m tests.benchmarks.memory`, and `… memory files` with ten uploads of 2 GiB.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.memory import (
    FILES_LIMIT_MIB,
    LIMIT_MIB,
    STALLED_LIMIT_MIB,
    Curve,
    measure,
    measure_stalled,
    measure_uploads,
)


def _holds(curve: Curve, number: int) -> None:
    print(curve)
    assert number == curve.taken, curve.refused
    assert number == curve.arrived, str(curve)
    assert LIMIT_MIB > curve.peak[1], str(curve)


@pytest.mark.chaos
def test_eight_large_messages_at_once(tmp_path: Path) -> None:
    """Eight connections, 50 MiB each: the quick look."""
    _holds(measure(tmp_path, connections=8, size_mib=50, sealed=False), 8)


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("attached", [False, True], ids=["body", "attachment"])
@pytest.mark.parametrize("sealed", [False, True], ids=["transport", "openpgp"])
def test_fifty_large_messages_at_once(tmp_path: Path, sealed: bool, attached: bool) -> None:
    """Fifty connections, 50 MiB each, to an address with a key and to one without: all taken, all delivered."""
    _holds(measure(tmp_path, connections=50, size_mib=50, sealed=sealed, attached=attached, within_s=590), 50)


@pytest.mark.chaos
@pytest.mark.slow
def test_ten_large_uploads_at_once(tmp_path: Path) -> None:
    """Ten OpenSSH clients, 256 MiB each: all taken, all kept until a person decides; the size makes no difference."""
    curve = measure_uploads(tmp_path, uploads=10, size_mib=256, within_s=590)
    print(curve)
    assert (10, 10) == (curve.taken, curve.arrived), curve.refused
    assert FILES_LIMIT_MIB > curve.peak[1], str(curve)


@pytest.mark.chaos
@pytest.mark.slow
def test_readers_who_take_nothing(tmp_path: Path) -> None:
    """Four connections that have each asked for 64 MiB and take none of it cost at most 16 MiB each."""
    before, worst = measure_stalled(tmp_path, readers=4)
    print(before, worst)
    assert STALLED_LIMIT_MIB * 4 > worst - before
