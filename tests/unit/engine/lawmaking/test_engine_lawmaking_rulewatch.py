"""The folder is looked at while the gateway runs: a banner for what was never published, and nothing else happens."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.commands.rulefolder import glance, read_folder
from gateway.engine.lawmaking.rulewatch import RuleWatch, Standing
from gateway.engine.policy import InForce
from gateway.judge.problems import Problem
from gateway.judge.rulebook import Rulebook
from tests.edited import TRANSFERS, book, texts

EDIT = (TRANSFERS, 'because = "Correspondence."', 'because = "Letters."')


@dataclass
class House:
    """A folder, what is in force, and who looks."""

    folder: Path
    rules: InForce = field(default_factory=lambda: InForce(book()))
    reads: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o755)
        self.says(texts())
        self.watch = RuleWatch(rules=self.rules, read=self.read, glance=lambda: glance(self.folder))

    def says(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text, "utf-8")

    def read(self) -> Rulebook | tuple[Problem, ...]:
        self.reads += 1
        return read_folder(self.folder)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "rules")


def test_a_folder_that_says_what_is_in_force_raises_nothing(house: House) -> None:
    """No banner, and one reading for any number of looks."""
    for _ in range(5):
        state = house.watch.look()

    assert (Standing.PUBLISHED, "") == (state.standing, state.banner)
    assert 1 == house.reads


def test_a_hand_edit_raises_a_banner_once_and_changes_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """What is in force stays; the log says it once, and once when it is published."""
    before = house.rules.rulebook
    house.says(texts(EDIT))
    with caplog.at_level(logging.INFO, logger="gateway.engine.lawmaking.rulewatch"):
        states = [house.watch.look() for _ in range(3)]
        house.rules.swap(book(EDIT))
        published = house.watch.look()

    assert {Standing.EDITED} == {state.standing for state in states}
    assert before.digest == states[0].in_force
    assert Standing.PUBLISHED is published.standing
    assert ["WARNING", "INFO"] == [record.levelname for record in caplog.records]
    assert "sealgate rules publish" in caplog.messages[0]


def test_what_does_not_load_is_said_and_never_replaces_what_works(house: House) -> None:
    """A slip, bytes that are no text, a file that is gone, a folder that is gone."""
    before = house.rules.rulebook
    for harm in (
        lambda: (house.folder / TRANSFERS).write_text("[[allow]\n"),
        lambda: (house.folder / TRANSFERS).write_bytes(b"\xff\xfe"),
        lambda: (house.folder / TRANSFERS).unlink(),
        lambda: house.folder.rename(house.folder.with_name("gone")),
    ):
        harm()
        state = house.watch.look()
        assert Standing.BROKEN is state.standing
        assert ("", before.digest) == (state.folder, state.in_force)
        assert "the rules in force stay" in state.banner

    assert before is house.rules.rulebook


def test_the_banner_names_nobody(house: House) -> None:
    """It stands in the log: problems may quote an address, so they are counted there and told in `state`."""
    house.says(texts(("people.toml", '"jo@town.test"', '"jo@town.test@"')))

    state = house.watch.look()

    assert any("jo@town.test" in str(problem) for problem in state.problems)
    assert "@" not in state.banner


def test_a_glance_tells_whatever_happens_to_a_file(house: House) -> None:
    """The same length, a file more, one put in another's place, one less, none; and nothing while nothing does."""
    seen = [glance(house.folder)]
    assert seen[0] == glance(house.folder)

    people, more = house.folder / "people.toml", house.folder / "more.test.toml"
    people.write_text(people.read_text().replace("Alena", "Elena"))
    seen.append(glance(house.folder))
    more.write_text("")
    seen.append(glance(house.folder))
    more.rename(people)
    seen.append(glance(house.folder))
    people.unlink()
    seen.append(glance(house.folder))
    house.folder.rename(house.folder.with_name("gone"))
    seen.append(glance(house.folder))

    assert len(seen) == len(set(seen))


def test_an_edit_of_the_same_length_is_seen(house: House) -> None:
    """Times and inode tell, not the size."""
    house.watch.look()
    house.says(texts((TRANSFERS, 'because = "Correspondence."', 'because = "Dorrespondence."')))

    assert Standing.EDITED is house.watch.look().standing
