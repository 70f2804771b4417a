"""What `gateway.toml` names under `ledger`: other storage, witnesses, a clock's authority; the boot rule with it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from gateway.commands.office import anchors_of, opened, own_head, scribe_of
from gateway.commands.outsiders import consult_witnesses, witnesses_of
from gateway.commands.rulefolder import read_folder
from gateway.commands.setting import Setting
from gateway.engine.policy import InForce
from gateway.errors import Misconfigured, RolledBack
from gateway.judge.rulebook import Rulebook
from gateway.ledger.cosignature import Cosigner
from tests.audited import Past, writing

WITNESS = Cosigner("county.test/witness", b"w" * 32).vkey
AWAY = f'witnesses = [{{ at = "http://127.0.0.1:1", key = "{WITNESS}" }}]'


def names(past: Past, words: str) -> object:
    """Let the rules in the folder say this under `ledger`; what reading them gives."""
    gateway = past.folder / "rules" / "gateway.toml"
    text = gateway.read_text()
    gateway.write_text(text.replace('origin = "town.test/ledger"', f'origin = "town.test/ledger", {words}'))
    return read_folder(past.folder / "rules")


def test_an_office_restored_whole_is_refused_by_the_other_disk(past: Past, tmp_path: Path) -> None:
    """Records, published ledger and anchors of yesterday, all agreeing: only the disk elsewhere knows better."""
    (tmp_path / "disk").mkdir()
    assert isinstance(names(past, f'anchor = "{tmp_path / "disk"}"'), Rulebook)
    shutil.copytree(past.folder / "var", tmp_path / "yesterday", ignore=shutil.ignore_patterns("*.sock"))
    with writing(past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")
    with opened(Setting(folder=past.folder)) as office:
        head = own_head(office)
        assert head is not None
        anchors_of(office, InForce(office.folder_rules)).note(head)
    shutil.rmtree(past.folder / "var")
    shutil.copytree(tmp_path / "yesterday", past.folder / "var")

    with opened(Setting(folder=past.folder), is_writing=True) as office, pytest.raises(RolledBack, match="disk"):
        scribe_of(office, InForce(office.folder_rules), lambda why: None)


def test_without_a_witness_the_own_anchor_has_to_do(past: Past, caplog: pytest.LogCaptureFixture) -> None:
    """Away and an anchor here: an alarm, and on. Away and none: nobody can say that this ledger is the newest."""
    assert isinstance(names(past, AWAY), Rulebook)
    with opened(Setting(folder=past.folder)) as office:
        rules = InForce(office.folder_rules)
        with pytest.raises(Misconfigured, match="no witness can be reached"):
            asyncio.run(consult_witnesses(office, rules))
        head = own_head(office)
        assert head is not None
        anchors_of(office, rules).note(head)

        asyncio.run(consult_witnesses(office, rules))

    assert 2 == caplog.text.count("witness not consulted")


def test_what_the_rules_name_is_checked(past: Past) -> None:
    """A web address and a witness's key, each in its form; a key that only looks like one is refused at the start."""
    assert not isinstance(names(past, f'witnesses = [{{ at = "county.test", key = "{WITNESS}" }}]'), Rulebook)


def test_a_key_that_is_no_witnesses_is_refused(past: Past) -> None:
    """A ledger's own key, put there by mistake, does not load; one with a typing error stops the start."""
    wrong = WITNESS[:-1] + ("A" if WITNESS[-1] != "A" else "B")
    found = names(past, f'witnesses = [{{ at = "http://county.test", key = "{wrong}" }}]')
    assert isinstance(found, Rulebook)
    with pytest.raises(Misconfigured, match=r"gateway\.toml"):
        witnesses_of(InForce(found))


def test_the_address_may_end_as_people_write_it(past: Past) -> None:
    """With a stroke at its end or without."""
    found = names(past, f'witnesses = [{{ at = "https://county.test/w/", key = "{WITNESS}" }}]')
    assert isinstance(found, Rulebook)
    assert ["https://county.test/w"] == [one.at for one in witnesses_of(InForce(found))]
