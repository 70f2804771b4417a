"""Putting the play on: what is told of a scene that went well and of one that did not, and when it stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.demo.cast import NotAsItShould
from gateway.commands.demo.play import play
from gateway.commands.demo.scenes import Scene
from gateway.commands.demo.stage import Stage


def goes_well(stage: Stage) -> Iterator[str]:
    yield "a line of evidence"


def goes_wrong(stage: Stage) -> Iterator[str]:
    yield "what was seen before"
    raise NotAsItShould("it came in clear")


WELL, WRONG = Scene(title="This goes well", play=goes_well), Scene(title="This goes wrong", play=goes_wrong)


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_a_scene_is_told_with_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for what happened, a line for each piece of evidence, and the time it took."""
    outcome = play(is_quiet=False, scenes=(WELL,))

    told = capsys.readouterr().out
    assert outcome.ok
    assert " 1  This goes well\n       a line of evidence\n" in told
    assert "Everything was as it should be, in " in told


def test_away_from_a_terminal_it_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    """No colours and no line breaks of ours where nobody looks at a terminal."""
    long = Scene(title="long " * 60, play=goes_well)

    play(is_quiet=False, scenes=(long,))

    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "long " * 60 in told


def test_it_stops_at_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """What was seen, what was wrong, and how much was not played."""
    outcome = play(is_quiet=False, scenes=(WELL, WRONG, WELL, WELL))

    told = capsys.readouterr().out
    assert [True, False] == [step.ok for step in outcome.steps]
    assert ("what was seen before", "it came in clear") == outcome.steps[1].evidence
    assert "2 scenes were not played." in told


def test_as_json_it_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else is printed."""
    play(is_quiet=True, scenes=(WELL, WRONG))

    told = json.loads(capsys.readouterr().out)
    assert not told["ok"]
    assert [("This goes well", True), ("This goes wrong", False)] == [(s["title"], s["ok"]) for s in told["steps"]]


def test_the_stage_is_clear_whatever_happens(tmp_path: Path) -> None:
    """A scene that fails in a way nobody foresaw leaves no folder either."""

    def breaks(stage: Stage) -> Iterator[str]:
        (stage.folder / "left.txt").write_text("here")
        yield "about to break"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play(is_quiet=True, scenes=(Scene(title="breaks", play=breaks),))

    assert [] == list(tmp_path.iterdir())
