"""However many large messages come at once, the whole gateway stays under 400 MiB.

The curve, for people: `python -m tests.benchmarks.memory`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.memory import LIMIT_MIB, Curve, measure


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
