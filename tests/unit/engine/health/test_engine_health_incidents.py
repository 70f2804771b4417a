"""What is contained, and which alarms are open, with the command that ends each."""

from __future__ import annotations

from gateway.engine.alarms.alarm import Alarm, Alarms, Kind
from gateway.engine.containment.contained import Containment, Containments, What
from gateway.engine.health.checkup import DAY_MS, Grade
from gateway.engine.health.incidents import alarms, contained

NOON = 1_795_435_200_000


def stop(what: What) -> Containments:
    order = Containment(id="c-1", what=what, who="jo@town.test", at_ms=NOON, because="It was phished")
    return Containments([order.ordered("ruth@town.test")])


def test_a_containment_is_a_note_and_after_a_week_wrong() -> None:
    """Today it is on purpose; after a week somebody has forgotten it."""
    (today,) = contained(stop(What.PERSON), NOON)
    (later,) = contained(stop(What.PERSON), NOON + 7 * DAY_MS)

    assert (Grade.NOTE, Grade.WRONG) == (today.grade, later.grade)
    assert "sealgate contain lift c-1" in today.mend
    assert "for 7 days: It was phished" in later.sentence


def test_an_open_alarm_is_wrong() -> None:
    """Somebody has to look; a pause is told with it, and not twice."""
    alarm = Alarm(
        id="a-1", kind=Kind.HOURS, who="jo@town.test", at_ms=NOON, count=4, usual=0, span_ms=3_600_000, pause="c-1"
    )
    (finding,) = alarms(Alarms([alarm.sounded()]))
    (pause,) = contained(stop(What.PAUSE), NOON)

    assert (Grade.WRONG, Grade.FINE) == (finding.grade, pause.grade)
    assert "sealgate contain looked a-1" in finding.mend
    assert "what they hand in waits" in finding.sentence


def test_nothing_is_fine() -> None:
    """And says so."""
    assert [Grade.FINE, Grade.FINE] == [
        *(one.grade for one in contained(Containments(), NOON)), *(one.grade for one in alarms(Alarms())),
    ]  # fmt: skip
