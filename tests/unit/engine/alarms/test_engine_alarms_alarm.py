"""An alarm is open until somebody has looked, and the same again when it is read back."""

from __future__ import annotations

from gateway.engine.alarms.alarm import Alarm, Alarms, Kind, Seen
from gateway.facts import Consulted

NOON = 1_795_435_200_000
ALARM = Alarm(id="a-1", kind=Kind.NEW_RECIPIENTS, who="jo@town.test", at_ms=NOON, count=12, usual=0, span_ms=3_600_000)


def test_it_is_open_until_somebody_has_looked() -> None:
    """Who, and what they found."""
    alarms = Alarms([ALARM.sounded()])
    assert (ALARM,) == tuple(one.alarm for one in alarms.open)

    alarms.add(Seen(id="a-1", at_ms=NOON + 1, found='A "mailing"').told("ruth@town.test"))

    (one,) = alarms.all
    assert ((), "ruth@town.test", 'A "mailing"') == (alarms.open, one.seen_by, one.seen and one.seen.found)


def test_what_is_no_alarm_is_passed_over() -> None:
    """A fact of another kind, and a look at an alarm nobody knows."""
    alarms = Alarms([Consulted(by="x", question="y", why="", size=0), Seen(id="a-9", at_ms=1, found="x").told("y")])

    assert () == alarms.all
