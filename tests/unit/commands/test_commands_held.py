"""What waits: anybody at the machine sees that it does, and only who may decide on it or audit it sees whose it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.audit.recover import recover
from gateway.commands.main import sealgate
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.facts import Consulted
from tests.audited import Past
from tests.unit.commands.audit.test_commands_audit_recover import signed

PER, RUTH, JO, ALENA = (f"{name}@town.test" for name in ("per", "ruth", "jo", "alena"))


def held(past: Past, *words: str, by: str = "") -> Result:
    if by:
        (past.folder.parent / f"{by}.pw").write_text(past.passwords[by])
        words = (*words, "--as", by, "--password-file", str(past.folder.parent / f"{by}.pw"))
    return CliRunner().invoke(sealgate, ["--office", str(past.folder), "held", *words])


def listed(past: Past, by: str = "") -> dict[str, object]:
    (found,) = json.loads(held(past, "list", "--json", by=by).stdout)
    return dict(found)


@pytest.mark.parametrize(("by", "is_seen"), [("", False), (ALENA, False), (JO, True), (RUTH, True), (PER, True)])
def test_whose_it_is_is_seen_by_who_may_decide(past: Past, by: str, is_seen: bool) -> None:
    """Its sender, who may release it and the auditor see names; a colleague and who has not signed in see none."""
    found = listed(past, by)
    assert past.held == found["transfer"]
    assert is_seen == ("jo@town.test" == found["sender"]) == ("court" in str(found["recipient"]))
    assert is_seen == ("sign in" not in str(found["why"]))
    shown = held(past, "show", past.held, by=by).stdout
    assert is_seen == ("jo@town.test" in shown)


def test_who_signs_in_to_look_stands_in_the_ledger(past: Past) -> None:
    """As with every question; the machine's own user, who sees no private value, leaves none."""
    listed(past)
    listed(past, PER)
    with opened(Setting(folder=past.folder)) as office:
        streams = [name for name in office.records.find([], limit=100) if name.startswith("consulted/")]
        facts = [fact for name in streams for fact in office.archive.story(name).facts]  # type: ignore[union-attr]
    assert [(PER, "held list")] == [(fact.by, fact.question) for fact in facts if isinstance(fact, Consulted)]


def test_what_stopped_with_an_older_ledger_waits_for_nobody(past: Past, tmp_path: Path) -> None:
    """It was refused after the copy that was put back: nobody is shown it, and nobody can release it again."""
    old = tmp_path / "old"
    store = past.folder / "var" / "records"
    old.write_bytes((store / "records.db").read_bytes())
    assert 0 == held(past, "refuse", past.held, "--why", "not this one", by=RUTH).exit_code
    mirror = tmp_path / "mirror"
    shutil.copytree(past.folder / "var" / "ledger", mirror)
    for path in store.glob("records.db-*"):
        path.unlink()
    (store / "records.db").write_bytes(old.read_bytes())
    done = CliRunner().invoke(recover, [*signed(past), "--from", str(mirror), "--json"],
                              obj=Setting(folder=past.folder))  # fmt: skip
    assert 0 == done.exit_code, done.output
    assert past.held in json.loads(done.stdout)["stopped"]

    released = held(past, "release", past.held, "--why", "again", by=RUTH)

    assert [] == json.loads(held(past, "list", "--json", by=PER).stdout)
    assert (1, True) == (released.exit_code, "Nobody goes on with it" in released.output)
