"""A file dragged onto a terminal is found, whatever that terminal types for it; in a real one, too."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.commands.audit.dropped import readings, the_file
from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from tests.audited import BODY, Past
from tests.terminals import in_a_terminal

USAGE = 2
PER = "per@town.test"

TYPED = {
    "as it is": ("/home/jo/claim.pdf", "/home/jo/claim.pdf"),
    "as it is, with a blank": ("/home/jo/the claim.pdf ", "/home/jo/the claim.pdf"),
    "as it is, with a quote": ("/home/jo/jo's claim.pdf", "/home/jo/jo's claim.pdf"),
    "single quotes": ("'/home/jo/the claim.pdf' ", "/home/jo/the claim.pdf"),
    "single quotes around one": (r"'/home/jo/jo'\''s.pdf'", "/home/jo/jo's.pdf"),
    "double quotes": ('"/home/jo/the $1 claim.pdf"', "/home/jo/the $1 claim.pdf"),
    "backslashes": (r"/home/jo/the\ claim\ \(1\).pdf ", "/home/jo/the claim (1).pdf"),
    "a URI": ("file:///home/jo/the%20claim%20%231.pdf\r\n", "/home/jo/the claim #1.pdf"),
    "a URI with a host": ("file://localhost/home/jo/claim.pdf", "/home/jo/claim.pdf"),
    "a URI without slashes": ("file:/home/jo/claim.pdf", "/home/jo/claim.pdf"),
    "a URI beyond ASCII": ("file:///home/jo/%C5%BEaloba.pdf", "/home/jo/žaloba.pdf"),
    "a URI of other bytes": ("file:///home/jo/%E9.pdf", os.fsdecode(b"/home/jo/\xe9.pdf")),
}


@pytest.mark.parametrize("how", TYPED)
def test_each_way_to_type_a_path_is_read(how: str) -> None:
    """What was meant is among the readings."""
    typed, meant = TYPED[how]
    assert meant in readings(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "file://elsewhere.test/claim.pdf", "file:claim.pdf", "file:///a%00b", "file://[/x", "file:///a?b"],
)
def test_what_is_no_path_here_has_no_reading(typed: str) -> None:
    """Nothing, another machine's, half a URI, a null byte."""
    assert () == readings(typed)


def test_two_files_at_once_are_none() -> None:
    """Several words are read as one name or not at all."""
    assert ("'/a' '/b'",) == readings("'/a' '/b'")


def test_the_one_file_that_is_there_is_meant(tmp_path: Path) -> None:
    """A folder is no file, and a name that can be read as two files is asked about again."""
    claim, escaped = tmp_path / "the claim.pdf", tmp_path / r"the\ claim.pdf"
    claim.touch()
    typed = str(escaped)
    assert claim == the_file(f"'{claim}'") == the_file(str(claim)) == the_file(typed)
    with pytest.raises(click.UsageError, match="no file"):
        the_file(str(tmp_path))
    escaped.touch()
    with pytest.raises(click.UsageError, match="two files"):
        the_file(typed)


def test_a_script_is_asked_for_nothing(past: Past) -> None:
    """Where nobody can drag anything, a path that is missing is a slip of usage, as it always was."""
    result = CliRunner().invoke(ledger, ["find", "--file"], obj=Setting(folder=past.folder))
    assert (USAGE, True) == (result.exit_code, "Option '--file' requires an argument." in result.stderr)


def test_a_path_on_the_command_line_is_taken_as_it_is(past: Past, tmp_path: Path) -> None:
    """The shell has read it already: quotes in it are part of its name."""
    (tmp_path / "'claim'").write_bytes(BODY)
    (tmp_path / "password").write_text(past.passwords[PER])
    for path, code in (("'claim'", 0), ("claim", USAGE)):
        signed = ["--as", PER, "--password-file", str(tmp_path / "password")]
        words = ["find", *signed, "--json", "--file", str(tmp_path / path)]
        assert code == CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder)).exit_code


@pytest.mark.slow
def test_in_a_terminal_it_asks_for_the_file(past: Past, tmp_path: Path) -> None:
    """A slip is asked about again; the digest is computed here, and the one who may see it reads where it went."""
    claim, password = tmp_path / "jo's claim (1).eml", tmp_path / "password"
    claim.write_bytes(BODY)
    password.write_text(past.passwords[PER])
    signed = ("--as", PER, "--password-file", str(password))

    with in_a_terminal("--office", str(past.folder), "ledger", "find", *signed, "--json", "--file") as screen:
        screen.awaits("Drag the file here, then press Enter: ")
        screen.types("/nowhere.pdf\n")
        screen.awaits("that is no file on this machine[^$]*press Enter: ")
        screen.types(re.sub(r"([' ()])", r"\\\1", str(claim)) + " \n")
        screen.awaits("Looking for ")
        assert 0 == screen.ends()

    found = json.loads(screen.said.partition(f"Looking for {claim}")[2])
    assert {past.delivered, past.held, past.deferred} == {row["transfer"] for row in found}
    assert {hashlib.sha256(BODY).hexdigest()} == {digest for row in found for digest in row["sha256_in"]}
