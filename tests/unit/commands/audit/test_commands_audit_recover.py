"""An older copy was put back: what is missing is said, and only two people can bring the ledger to sign again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.audit.recover import recover
from gateway.commands.office import opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.outsiders.recovery import LOST
from gateway.errors import Misconfigured, RolledBack
from gateway.keep import Head
from gateway.ledger.entry import read_entry
from tests.audited import Past, checked, writing
from tests.playbook import attempted, shipped

RUTH, PER = "ruth@town.test", "per@town.test"


def run(past: Past, *words: str) -> Result:
    return CliRunner().invoke(recover, [*words, "--json"], obj=Setting(folder=past.folder))


def signed(past: Past, *, by: str = RUTH, second: str = PER) -> list[str]:
    for who in (by, second):
        (past.folder.parent / who).write_text(past.passwords[who])
    return ["--as", by, "--password-file", str(past.folder.parent / by),
            "--second", second, "--second-password-file", str(past.folder.parent / second)]  # fmt: skip


def head(past: Past) -> Head:
    with opened(Setting(folder=past.folder)) as office:
        found = office.records.since(0, 0).head
    assert found is not None
    return found


def starts(past: Past) -> None:
    with opened(Setting(folder=past.folder), is_writing=True) as office:
        scribe_of(office, rules_of_office(office), lambda why: None)


@pytest.fixture
def rolled_back(past: Past, tmp_path: Path) -> tuple[Past, Path, Head]:
    """The records of yesterday; a mirror has what was published since; the true head."""
    old = tmp_path / "records.db"
    shutil.copy(past.folder / "var" / "records" / "records.db", old)
    with writing(past.folder) as pen:
        journey = pen.office.archive.story(past.deferred)
        assert journey is not None
        pen.then(journey.journey, attempted(leg=0), shipped(leg=0))
        pen.mail("jo@town.test", "clerk@court.test")
    mirror = tmp_path / "mirror"
    shutil.copytree(past.folder / "var" / "ledger", mirror)
    true = head(past)
    for path in (past.folder / "var" / "records").glob("records.db-*"):
        path.unlink()
    shutil.copy(old, past.folder / "var" / "records" / "records.db")
    return past, mirror, true


def test_nothing_is_missing_from_a_whole_ledger(past: Past) -> None:
    """Exit 0."""
    result = run(past)
    assert (0, True) == (result.exit_code, json.loads(result.stdout)["is_whole"]), result.output


def test_it_says_what_is_missing(rolled_back: tuple[Past, Path, Head]) -> None:
    """How many entries are here, how many were signed, and who says so; and nothing starts."""
    past, _, true = rolled_back
    with pytest.raises(RolledBack):
        starts(past)

    result = run(past)

    told = json.loads(result.stdout)
    assert (1, False) == (result.exit_code, told["is_whole"])
    assert (head(past).size, true.size) == (told["kept"], told["anchored"])
    assert "checkpoint" in told["where"]


def test_a_mirror_gives_the_entries_back(rolled_back: tuple[Past, Path, Head]) -> None:
    """The same history goes on: nothing is signed twice, what went on after the backup stops, and fsck can say so."""
    past, mirror, true = rolled_back

    result = run(past, "--from", str(mirror), *signed(past))

    assert 0 == result.exit_code, result.output
    told = json.loads(result.stdout)
    assert [past.deferred] == told["stopped"]
    assert 1 == len(told["gone"])
    with opened(Setting(folder=past.folder)) as office:
        page = office.records.since(0, 1000)
        back = [leaf for leaf in page.leaves if leaf.stream == LOST]
        assert true.root == office.publication.root_at(true.size, page.head) if page.head else False
    assert told["refilled"] == len(back) == true.size - told["kept"]
    assert "consulted" == read_entry(page.leaves[-1].entry).kind
    starts(past)
    report = checked(past.folder)
    assert report.is_whole, report.findings
    assert any("came back from a mirror" in one.words for one in report.findings)


def test_a_mirror_that_cannot_help_changes_nothing(rolled_back: tuple[Past, Path, Head], tmp_path: Path) -> None:
    """Too short, with a gap, or of another ledger: one sentence, and the store is as it was."""
    past, mirror, _ = rolled_back
    before = head(past)
    bundle = max(
        (path for path in (mirror / "tile" / "entries").rglob("*") if path.is_file()), key=lambda p: int(p.name)
    )
    whole, note = bundle.read_bytes(), (mirror / "checkpoint").read_text()
    for wrong in ("cut", "flipped", "head"):
        bundle.write_bytes(whole[:-1] if wrong == "cut" else whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        (mirror / "checkpoint").write_text(note[:-9] + "AAAAAAA=\n" if wrong == "head" else note)
        result = run(past, "--from", str(mirror), *signed(past))
        assert isinstance(result.exception, Misconfigured), wrong
    assert before == head(past)


def test_two_people_sign(rolled_back: tuple[Past, Path, Head]) -> None:
    """One person, the same twice, somebody without the power, or a wrong password: nothing is done."""
    past, mirror, _ = rolled_back
    one = signed(past)[:4]
    assert 2 == run(past, "--from", str(mirror), *one).exit_code
    assert 2 == run(past, "--from", str(mirror), *signed(past, second=RUTH)).exit_code
    assert isinstance(run(past, "--from", str(mirror), *signed(past, second="jo@town.test")).exception, Misconfigured)
    wrong = signed(past)
    (past.folder.parent / PER).write_text("wrong")
    assert isinstance(run(past, "--from", str(mirror), *wrong).exception, Misconfigured)
    with pytest.raises(RolledBack):
        starts(past)


def test_a_new_ledger_names_what_was_lost(rolled_back: tuple[Past, Path, Head]) -> None:
    """Under a new origin; its genesis says the old head, the anchor and the loss, and the old store is set aside."""
    past, _, true = rolled_back
    old = head(past)
    words = ["--new-origin", "--loss", "a week of entries", *signed(past)]
    assert isinstance(run(past, *words).exception, Misconfigured), "no origin is used twice"
    rules = past.folder / "rules" / "gateway.toml"
    rules.write_text(rules.read_text().replace('origin = "town.test/ledger"', 'origin = "town.test/ledger/2"'))

    result = run(past, *words)

    assert 0 == result.exit_code, result.output
    with opened(Setting(folder=past.folder)) as office:
        genesis = read_entry(office.records.since(0, 1).leaves[0].entry)
    assert "town.test/ledger/2" == genesis.public["origin"]
    assert f"town.test/ledger {old.size} " in str(genesis.public["old_head"])
    assert str(genesis.public["anchor"]).startswith(f"{true.size} ")
    assert "a week of entries" == genesis.public["loss"]
    assert (past.folder / "var" / f"before-town.test-ledger-{old.size}" / "records" / "records.db").is_file()
    starts(past)
