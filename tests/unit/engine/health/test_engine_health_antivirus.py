"""Is the virus scanner well, from what it said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.engine.health.antivirus import FETCH, RESTART, scanner
from gateway.engine.health.checkup import Grade
from gateway.engine.scanning.answer import Answer, Clean, Found, Unscanned, Why

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRESH, OLD = "ClamAV 1.4.6/27810/Mon Nov 16 12:00:00 2026", "ClamAV 1.4.6/27790/Sun Nov 15 11:00:00 2026"
FINDS = Found("Win.Test.EICAR_HDB-1")


@pytest.mark.parametrize(
    ("version", "trial", "grade", "mend"),
    [
        (FRESH, FINDS, Grade.FINE, ""),
        ("ClamAV 1.4.6", FINDS, Grade.FINE, ""),
        (OLD, FINDS, Grade.WRONG, FETCH),
        (FRESH, Clean(), Grade.WRONG, FETCH),
        (FRESH, Unscanned(Why.SLOW), Grade.WRONG, RESTART),
        (Unscanned(Why.AWAY), Unscanned(Why.AWAY), Grade.WRONG, RESTART),
    ],
)
def test_what_is_wrong_with_it_and_what_mends_it(
    version: str | Unscanned, trial: Answer, grade: Grade, mend: str
) -> None:
    """It answers, it finds what every scanner finds, and it knew that lately: seven days are the last good age."""
    (finding,) = scanner("/run/clamav/clamd.ctl", version, trial, NOW)

    assert (grade, mend) == (finding.grade, finding.mend)


def test_an_old_one_is_called_old() -> None:
    """In days, with what it said of itself."""
    (finding,) = scanner("/run/clamav/clamd.ctl", OLD, FINDS, NOW)

    assert f"What the virus scanner knows is 8 days old ({OLD})." == finding.sentence
