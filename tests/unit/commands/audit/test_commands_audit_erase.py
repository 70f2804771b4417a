"""Forgetting on purpose, by the command: who may, what it says, and what anybody can check afterwards."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.audit.erase import must_be_finished
from gateway.commands.ledger import ledger
from gateway.commands.office import alone, opened
from gateway.commands.setting import Setting
from gateway.engine.forgetting.erasure import REGISTER
from gateway.errors import Misconfigured
from gateway.ledger.bundle import read_zip, write_zip
from tests.audited import Past, checked
from tests.interop.test_ledger_go_verifier import rewritten

STRANGER, PER, JO = "stranger@other.test", "per@town.test", "jo@town.test"
FREE = ("--despite", "record", "--despite", "content")


def erase(past: Past, *words: str, by: str = PER, basis: str = "GDPR Art. 17(1)(b)") -> Result:
    signed = ["--as", by, "--basis", basis]
    return CliRunner().invoke(
        ledger, ["erase", *words, *signed], obj=Setting(folder=past.folder), input=past.passwords[by] + "\n"
    )


def verified(bundle: Path, key: str) -> Result:
    return CliRunner().invoke(ledger, ["verify", str(bundle), "--key", key])


def test_a_person_with_a_certificate(past: Past, tmp_path: Path) -> None:
    """It says what was done and what remains; the certificate is true, names nobody, and can be read."""
    paper = tmp_path / "certificate"
    told = json.loads(
        erase(past, "person", STRANGER, *FREE, "--request", "E-17", "--certificate", str(paper), "--json").stdout
    )
    result = verified(paper, past.ledger_key)

    words = read_zip(paper.read_bytes())["certificate.txt"].decode()
    assert (True, 2, str(paper)) == (told["is_done"], len(told["entries"]), told["certificate"])
    assert (0, True) == (result.exit_code, "1 erasure was ordered and done" in result.stdout)
    assert [True] * 4 == [part in words for part in (PER, "E-17", "the recipient in 3 entries", "What remains")]
    assert b"stranger" not in paper.read_bytes()
    assert 0o600 == paper.stat().st_mode & 0o777
    assert checked(past.folder).is_whole


@pytest.mark.parametrize("name", ["erasure.json", "certificate.txt"])
def test_a_certificate_that_was_changed_is_false(name: str, past: Past, tmp_path: Path) -> None:
    """One letter of its words, or of what it is made of, with a manifest to match."""
    paper = tmp_path / "certificate"
    erase(past, "person", STRANGER, *FREE, "--certificate", str(paper))
    content = read_zip(paper.read_bytes())[name]
    at = content.index(b"remain")
    paper.write_bytes(rewritten(paper.read_bytes(), name, content[:at] + b"R" + content[at + 1 :]))

    assert 1 == verified(paper, past.ledger_key).exit_code


def test_a_certificate_without_its_words_is_false(past: Past, tmp_path: Path) -> None:
    """Taking the words out does not go unseen."""
    paper = tmp_path / "certificate"
    erase(past, "person", STRANGER, *FREE, "--certificate", str(paper))
    files = read_zip(paper.read_bytes())
    del files["certificate.txt"]
    readme = files["README.txt"]
    paper.write_bytes(rewritten(write_zip(files), "README.txt", readme))

    assert 1 == verified(paper, past.ledger_key).exit_code


def test_the_schedule_refuses_until_a_day(past: Past) -> None:
    """Exit 1, the day, the article; and the refusal is an entry."""
    result = erase(past, "person", STRANGER, "--json")
    told = json.loads(result.stdout)

    today = date.today()  # noqa: TID251 — the office keeps the machine's own time
    assert (1, False, today.replace(year=today.year + 10).isoformat()) == (
        result.exit_code, told["is_done"], told["until"],
    )  # fmt: skip
    assert (1, True) == (len(told["entries"]), "17(3)(b)" in told["sentences"][0])


def test_a_dry_run_changes_nothing(past: Past) -> None:
    """It counts, asks for no password, and the ledger is as long as before."""
    with opened(Setting(folder=past.folder)) as office:
        before = office.records.since(0, 0).head
    result = CliRunner().invoke(
        ledger,
        ["erase", "matter", past.delivered, "--as", PER, "--basis", "x", "--dry-run"],
        obj=Setting(folder=past.folder),
    )
    with opened(Setting(folder=past.folder)) as office:
        after = office.records.since(0, 0).head

    assert (0, True, before) == (result.exit_code, "nothing was changed" in result.stdout, after)


@pytest.mark.parametrize(
    ("words", "by", "expected"),
    [
        (("person", STRANGER), JO, "may not approve"),
        (("person", JO), PER, "take them out and publish first"),
        (("matter", "T-AAAAAA"), PER, "no transfer"),
        (("year", "2999"), PER, "has not ended"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], by: str, expected: str, past: Past) -> None:
    """In one sentence, and nothing is written."""
    result = erase(past, *words, by=by)

    assert isinstance(result.exception, Misconfigured)
    assert expected in result.exception.cause


@pytest.mark.parametrize(
    "words",
    [
        ("person", PER), ("person", "nobody"), ("person", STRANGER, "--also", "abc"),
        ("class", "T-A", "--leg", "0"), ("class", "T-A", "--leg", "0", "--class", "all"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_usage_error(words: tuple[str, ...], past: Past) -> None:
    """Nobody approves their own; an address is one; a text is long enough; a class exists."""
    assert 2 == erase(past, *words).exit_code


def test_it_waits_for_no_gateway(past: Past) -> None:
    """While one runs it says to stop it."""
    with alone(Setting(folder=past.folder)):
        result = erase(past, "person", STRANGER, *FREE)

    assert isinstance(result.exception, Misconfigured)
    assert "stop the gateway" in result.exception.cause


def test_a_year_that_is_over(past: Past) -> None:
    """Of a year nobody wrote in, nothing is there."""
    result = erase(past, "year", "2020", *FREE)

    assert (1, True) == (result.exit_code, "nothing of it" in result.output)


def test_papers_class_and_matter(past: Past, tmp_path: Path) -> None:
    """Each ends with 0 and a certificate that holds; the ledger stays whole throughout."""
    for name, words in {
        "payload": ("payload", past.delivered),
        "class": ("class", past.delivered, "--leg", "1", "--class", "rcp"),
        "matter": ("matter", past.delivered),
    }.items():
        paper = tmp_path / name
        result = erase(past, *words, *FREE, "--certificate", str(paper))
        assert (0, 0, True) == (
            result.exit_code, verified(paper, past.ledger_key).exit_code, checked(past.folder).is_whole,
        ), result.output  # fmt: skip


def test_finishing_what_is_finished(past: Past) -> None:
    """Nothing was left to do."""
    result = CliRunner().invoke(ledger, ["erase", "finish"], obj=Setting(folder=past.folder))

    assert (0, "Nothing was left to do.\n") == (result.exit_code, result.output)


def test_a_gateway_does_not_start_on_one_half_done(past: Past) -> None:
    """It would remember again what is to be forgotten."""
    setting = Setting(folder=past.folder)
    with alone(setting), opened(setting, is_writing=True) as office:
        must_be_finished(office)
        begun = b'{"stream": "erasure/x", "plan": {"what": "class", "orders": []}, "by": "", "why": "", "before": ""}'
        office.writable.swap(REGISTER, old=None, new=office.keyring.wrap(REGISTER, begun))
    with opened(setting) as office, pytest.raises(Misconfigured, match="erase finish"):
        must_be_finished(office)
