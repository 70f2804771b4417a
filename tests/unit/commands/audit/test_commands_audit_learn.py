"""The witness's operator hands it the file by which an office's new key follows the old one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.audit.witness import witness
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.ledger.succession import FILE, encode
from tests.successions import EVIL, NAME, A, B, added, begun, retired


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(witness, list(words), obj=Setting(folder=folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A witness that was given the key A, by somebody who publishes in `log`."""
    (tmp_path / "log").mkdir()
    words = ("add", A.vkey, "--name", "county.test/witness", "--published", str(tmp_path / "log"))
    assert 0 == run(tmp_path, *words).exit_code
    return tmp_path


def test_it_learns_and_retires(folder: Path) -> None:
    """Said in words and as JSON; the same again is nothing new; the list shows where each key comes from."""
    log = begun()
    first = added(log, B, A, B)
    (folder / "log" / FILE).write_bytes(encode((first,)))
    learned = run(folder, "learn", NAME, str(folder / "log"))
    assert (0, f"From now on this counts as well:  {B.vkey}\n") == (learned.exit_code, learned.stdout)
    assert "Nothing new" in run(folder, "learn", NAME, str(folder / "log" / FILE)).stdout

    (folder / "log" / FILE).write_bytes(encode((first, retired(log, A, A, B))))
    taught = json.loads(run(folder, "learn", NAME, str(folder / "log"), "--json").stdout)
    assert {"origin": NAME, "added": [], "retired": [{"key": A.vkey, "last": 3}]} == taught

    listed = json.loads(run(folder, "list", "--json").stdout)["vouches_for"]
    assert [(A.vkey, False, 3), (B.vkey, True, None)] == [
        (one["key"], one["is_learned"], one["retired_at"]) for one in listed
    ]
    said = run(folder, "list").stdout
    assert ("; retired after 3" in said, "; learned from the key before it" in said) == (True, True)
    assert f"follows new keys from {folder / 'log'}" in said


def test_nobody_else_teaches_it(folder: Path) -> None:
    """A succession that no key it holds vouches for is refused, and one for a log it does not know."""
    foreign = folder / "foreign.json"
    foreign.write_bytes(encode((added(begun(), EVIL, EVIL),)))
    refused = run(folder, "learn", NAME, str(foreign))
    assert (1, "") == (refused.exit_code, refused.stdout)
    assert "Refused, nothing was learned: no key that is known" in refused.stderr
    assert isinstance(run(folder, "learn", "other.test", str(foreign)).exception, Misconfigured)
    assert [A.vkey] == [one["key"] for one in json.loads(run(folder, "list", "--json").stdout)["vouches_for"]]


def test_what_is_not_there_is_said(folder: Path, tmp_path: Path) -> None:
    """No file, no witness, and a place of two lines."""
    assert "no succession of keys" in str(run(folder, "learn", NAME, str(folder / "log")).exception)
    assert 2 == run(tmp_path / "elsewhere", "learn", NAME, str(folder / "log")).exit_code
    assert 2 == run(folder, "add", A.vkey, "--published", "here\nthere").exit_code


def test_a_folder_is_written_down_in_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness may be started from elsewhere; an address stays as it is."""
    monkeypatch.chdir(folder)
    assert 0 == run(folder, "add", A.vkey, "--published", "log").exit_code
    (there,) = {one["published"] for one in json.loads(run(folder, "list", "--json").stdout)["vouches_for"]}
    assert str(folder / "log") == there
    assert 0 == run(folder, "add", A.vkey, "--published", "http://127.0.0.1:9/log").exit_code
    assert "http://127.0.0.1:9/log" in run(folder, "list").stdout


@pytest.mark.parametrize(
    ("head", "doubt"),
    [
        (None, "no head of a ledger lies there"),
        (begun().note(EVIL).encode(), "is not signed with this key"),
        (b"\xff no head", "a note "),
        (begun().note(A).replace("\n1\n", "\n2\n").encode(), "is false"),
        (begun().note(A).encode(), ""),
    ],
    ids=["nothing", "somebody else's", "garbage", "changed", "theirs"],
)
def test_a_place_where_the_log_is_not_published_is_doubted(folder: Path, head: bytes | None, doubt: str) -> None:
    """At once, not when the key has changed and nobody followed; it is kept all the same, the office may be asleep."""
    place = folder / "log"
    if head is not None:
        (place / "checkpoint").write_bytes(head)

    said = run(folder, "add", A.vkey, "--published", str(place))
    told = json.loads(run(folder, "add", A.vkey, "--published", str(place / FILE), "--json").stdout)

    assert (0, bool(doubt)) == (said.exit_code, f"Is {place} where {NAME} is published?" in said.stdout)
    assert doubt in told["doubt"]
    assert bool(doubt) == bool(told["doubt"])


def test_a_place_that_does_not_answer_is_doubted(folder: Path) -> None:
    """The name of a machine that is not there."""
    assert "is published? Today " in run(folder, "add", A.vkey, "--published", "http://127.0.0.1:9/log").stdout
