"""One canonical path type (handbook `files.md` §2; `reliability.md` B32)."""

from __future__ import annotations

import unicodedata

import pytest

from gateway.catalogue.texts import ENGLISH
from gateway.doors.sftp.paths import TOP, BadPath, TreePath, read_path


@pytest.mark.parametrize("spelling", ["/to/Acme", "to/Acme", "//to///Acme/", "./to/./Acme/.", "/to/Acme//"])
def test_spellings_of_a_path_are_one_value(spelling: str) -> None:
    """Relative, doubled, dotted and trailing slashes all name the same place; case is kept."""
    assert TreePath(names=("to", "Acme")) == read_path(spelling.encode())


def test_the_two_forms_of_an_accent_are_one_name() -> None:
    """NFD from a Mac and NFC from Windows meet in NFC."""
    forms = {read_path(unicodedata.normalize(form, "/to/Ýský plán.pdf").encode()) for form in ("NFC", "NFD")}

    assert 1 == len(forms)


@pytest.mark.parametrize(
    "name",
    [
        *("..", "a\0b", "a\nb", "a\x7fb", "a\x85b", "a\\b", "a:b", "x ", "x.", "...", "é" * 128),
        *("con", "NUL.txt", "Com1", "lpt¹.a.b", "conin$", "aux .txt", "evil\u202efdp.exe", "\u2028"),
    ],
)
def test_names_that_climb_hide_or_break_are_refused(name: str) -> None:
    """`..`, control characters, Windows devices, streams, trailing dots, 256 bytes: each with a sentence."""
    found = read_path(f"/to/{name}".encode())

    assert isinstance(found, BadPath)
    assert ENGLISH.say(f"sftp.{found.code}").endswith(".")


@pytest.mark.parametrize("name", ["a" * 255, "é" * 127, "control.txt", ".profile", "a..b", "name (1)?.pdf", "комета"])
def test_odd_but_honest_names_are_taken(name: str) -> None:
    """What desktops can keep is not refused."""
    assert TreePath(names=("to", name)) == read_path(f"/to/{name}".encode())


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"/" + b"x/" * 33, b"/" * 4097, "/\udc80".encode("utf-8", "surrogatepass")]
)
def test_bytes_that_are_no_path_are_refused(raw: bytes) -> None:
    """Not UTF-8, too deep, too long."""
    assert isinstance(read_path(raw), BadPath)


def test_climbing_in_words_stops_at_the_top() -> None:
    """REALPATH alone may climb, and there is nothing above the top."""
    assert TOP == read_path(b"/to/../../..", may_climb=True)
    assert TreePath(names=("from",)) == read_path(b"/to/x/../../from", may_climb=True)


def test_a_folder_is_not_a_prefix() -> None:
    """`/to/dir-evil` is not under `/to/dir`, and nothing is under itself."""
    folder = TreePath(names=("to", "dir"))

    assert not TreePath(names=("to", "dir-evil")).is_under(folder)
    assert not folder.is_under(folder)
    assert (folder / "x").is_under(folder)
