"""The tamper drill: each attack is caught by the guards that must catch it, and the ledger itself is left alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands.drill import verb
from gateway.commands.drill.attacks import ATTACKS
from gateway.commands.drill.guards import Guard
from gateway.commands.drill.verb import drill
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from tests.audited import Past, laid_out

MUST = {
    "flip": {"start", "fsck"},
    "delete": {"start", "fsck"},
    "reorder": {"start", "fsck"},
    "restore": {"start", "fsck"},
    "fork": {"fsck", "watch", "witness"},
    "clock": {"fsck", "watch", "witness"},
    "key": {"start", "fsck", "watch", "witness"},
    "truncate": {"watch", "witness"},
}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture
def past(once: Past, tmp_path: Path) -> Past:
    shutil.copytree(once.folder, tmp_path / "office", ignore=shutil.ignore_patterns("*.sock"))
    return replace(once, folder=tmp_path / "office")


def digests(folder: Path) -> dict[str, str]:
    """Every file with something in it but SQLite's shared memory, which reading changes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm") and path.stat().st_size
    }


def test_eight_attacks_are_caught_where_they_must_be(past: Past, tmp_path: Path) -> None:
    """Each by the guards named in the table, and the office is byte for byte what it was; the copies are gone."""
    before = digests(past.folder)
    (tmp_path / "scratch").mkdir()

    result = CliRunner().invoke(drill, ["--json", "--into", str(tmp_path / "scratch")], obj=Setting(folder=past.folder))

    assert 0 == result.exit_code, result.output
    told = json.loads(result.stdout)
    assert MUST == {one["attack"]: {caught["by"] for caught in one["caught"]} for one in told["attacks"]}
    assert [] == told["missed"]
    assert before == digests(past.folder)
    assert [] == list((tmp_path / "scratch").iterdir())


def test_a_missed_attack_is_a_finding(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nobody but the start on watch, what it cannot see is said to be missed: exit 1."""
    blind = lambda *given: Guard(name="blind", look=lambda clone: ())  # noqa: E731
    for name in ("full_check", "watcher", "another_office"):
        monkeypatch.setattr(verb.guards, name, blind)

    result = CliRunner().invoke(drill, [], obj=Setting(folder=past.folder))

    assert 1 == result.exit_code
    assert 3 == result.stdout.count("MISSED")
    assert "5 of 8 attacks" in result.stdout


def test_it_never_opens_records_elsewhere(past: Past) -> None:
    """An office whose rules name another place for its records is refused: the copy's rules would lead back there."""
    rules = past.folder / "rules" / "gateway.toml"
    elsewhere = past.folder.parent / "elsewhere.db"
    shutil.copy(past.folder / "var" / "records" / "records.db", elsewhere)
    rules.write_text(rules.read_text().replace("sqlite:var/records/records.db", f"sqlite:{elsewhere}"))

    result = CliRunner().invoke(drill, [], obj=Setting(folder=past.folder))

    assert isinstance(result.exception, Misconfigured)


def test_every_attack_says_what_it_does() -> None:
    """The report is read by people: eight names, eight sentences."""
    assert list(MUST) == [attack.name for attack in ATTACKS]
    assert all(attack.words for attack in ATTACKS)
