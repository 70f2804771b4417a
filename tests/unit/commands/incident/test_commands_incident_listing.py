"""What is stopped and what sounded, for a person and for a program; the exit code says whether there is anything."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from gateway.commands.incident.listing import list_alarms, list_contained
from gateway.commands.setting import Setting
from gateway.engine.alarms.alarm import STREAM as ALARMS
from gateway.engine.alarms.alarm import Alarm, Kind, Seen
from gateway.engine.containment.contained import STREAM, Containment, Lift, What
from gateway.engine.entries import Write
from tests.audited import Past, writing

AT = 1_795_435_200_000


def sound(past: Past) -> None:
    """An alarm that paused Jo, and one somebody has looked at."""
    for number in (1, 2):
        alarm = Alarm(
            id=f"a-{number}", kind=Kind.VOLUME, who="jo@town.test", at_ms=AT, count=50, usual=4, span_ms=3_600_000,
            pause=f"c-{number}",
        )  # fmt: skip
        pause = Containment(
            id=f"c-{number}", what=What.PAUSE, who="jo@town.test", at_ms=AT, because="volume: 50",
            alarm=f"a-{number}",
        )  # fmt: skip
        with writing(past.folder) as pen:
            pen.scribe.append_now(Write(stream=ALARMS, facts=(alarm.sounded(),)))
            pen.scribe.append_now(Write(stream=STREAM, facts=(pause.ordered(""),)))
    with writing(past.folder) as pen:
        seen = Seen(id="a-2", at_ms=AT, found="A mailing").told("ruth@town.test")
        lift = Lift(id="c-2", at_ms=AT, because="A mailing").ordered("ruth@town.test")
        pen.scribe.append_now(Write(stream=ALARMS, facts=(seen,)), Write(stream=STREAM, facts=(lift,)))


def run(past: Past, verb: object, *words: str) -> Result:
    return CliRunner().invoke(verb, words, obj=Setting(folder=past.folder))  # type: ignore[arg-type]


def test_nothing_is_fine(past: Past) -> None:
    """Exit 0, a sentence each, and empty lists."""
    for verb, said in ((list_contained, "Nothing is contained."), (list_alarms, "No alarm is open.")):
        assert (0, said) == (run(past, verb).exit_code, run(past, verb).stdout.strip())
        assert [] == json.loads(run(past, verb, "--json").stdout)


def test_open_ones_come_with_the_command_that_ends_them(past: Past) -> None:
    """An alarm, and its pause, end when somebody has looked."""
    sound(past)
    alarms, stops = run(past, list_alarms), run(past, list_contained)

    assert (1, 1) == (alarms.exit_code, stops.exit_code)
    assert "jo@town.test: 50 in 60 minutes, usually 4 at most" in alarms.stdout
    assert "the watch: volume: 50" in stops.stdout
    for result in (alarms, stops):
        assert "sealgate contain looked a-1" in result.stdout
        assert "a-2" not in result.stdout


def test_all_shows_how_they_ended(past: Past) -> None:
    """By whom, and what they found."""
    sound(past)
    (_, seen) = json.loads(run(past, list_alarms, "--all", "--json").stdout)
    (_, lifted) = json.loads(run(past, list_contained, "--all", "--json").stdout)

    assert (False, "ruth@town.test", "A mailing") == (seen["is_open"], seen["seen_by"], seen["found"])
    assert (False, "ruth@town.test", "A mailing") == (lifted["is_open"], lifted["lifted_by"], lifted["lifted_because"])
    assert "ruth@town.test: A mailing" in run(past, list_alarms, "--all").stdout
