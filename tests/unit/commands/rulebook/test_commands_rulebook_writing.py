"""The folder is made to say exactly these rules, file by file, and nothing beside them is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.commands.rulebook.writing import write_rules
from gateway.commands.rulefolder import read_folder
from gateway.errors import Misconfigured
from gateway.judge.rulebook import Rulebook
from tests.edited import TRANSFERS, texts

LETTERS = texts((TRANSFERS, 'because = "Correspondence."', 'because = "Letters."'))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    rules.mkdir(mode=0o755)
    write_rules(rules, texts())
    return rules


def test_what_was_written_reads_as_it_was(folder: Path) -> None:
    """The same files to the byte, and no others of ours."""
    (folder / "old.test.toml").write_text("")
    (folder / "README.md").write_text("Ours.\n")

    write_rules(folder, LETTERS)

    found = read_folder(folder)
    assert isinstance(found, Rulebook)
    assert LETTERS == dict(found.files)
    assert {*LETTERS, "README.md"} == {path.name for path in folder.iterdir()}


def test_a_file_that_says_it_already_is_not_touched(folder: Path) -> None:
    """Its inode stays: only what changes is replaced, each whole."""
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}

    write_rules(folder, LETTERS)

    after = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert [TRANSFERS] == [name for name in before if before[name] != after[name]]


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(folder: Path, tmp_path: Path) -> None:
    """What it points to is somebody else's."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    (folder / TRANSFERS).unlink()
    (folder / TRANSFERS).symlink_to(elsewhere)

    write_rules(folder, LETTERS)

    assert "theirs" == elsewhere.read_text()
    assert not (folder / TRANSFERS).is_symlink()
    assert LETTERS[TRANSFERS] == (folder / TRANSFERS).read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(folder: Path) -> None:
    """Whose it is stands in it."""
    folder.chmod(0o555)

    with pytest.raises(Misconfigured):
        write_rules(folder, LETTERS)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """No folder is made."""
    with pytest.raises(Misconfigured):
        write_rules(tmp_path / "none", LETTERS)
