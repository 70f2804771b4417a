"""One answer in every form: for a screen, a spreadsheet, a program, a printer; and what vouches for it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from gateway.ledger.manifest import read
from tests.audited import Past

AUDITOR = "per@town.test"


def run(past: Past, *words: str) -> Result:
    return CliRunner().invoke(
        ledger, [*words, "--as", AUDITOR], obj=Setting(folder=past.folder), input=past.passwords[AUDITOR] + "\n"
    )


def test_every_form_says_the_same(past: Past) -> None:
    """The same rows, whether for a program, a stream of lines or a sheet."""
    array = json.loads(run(past, "find", "--json").stdout)
    lines = [json.loads(line) for line in run(past, "find", "--jsonl").stdout.splitlines()]
    head, *rows = csv.reader(io.StringIO(run(past, "find", "--csv").stdout))

    assert array == lines
    assert [one["transfer"] for one in array] == [row[head.index("transfer")] for row in rows]


def test_a_page_is_complete_and_cannot_do_anything(past: Past) -> None:
    """It loads nothing, runs nothing, and what is in a value is text."""
    page = run(past, "report", "custody", "claim", "--html").stdout

    assert page.startswith("<!doctype html>")
    assert [] == [word for word in ("<script", "src=", "href=", "@import", "url(") if word in page]
    assert ("report custody claim", "as auditor", "=claim;1.pdf", past.ledger_key.split("+")[0]) == tuple(
        word
        for word in ("report custody claim", "as auditor", "=claim;1.pdf", past.ledger_key.split("+")[0])
        if word in page
    )


def test_markup_in_a_value_stays_text(past: Past) -> None:
    """Who asks for <b> does not get bold print."""
    page = run(past, "report", "accounting", "<b>x</b>@court.test", "--html").stdout

    assert ("&lt;b&gt;x&lt;/b&gt;" in page, "<b>x" in page) == (True, False)


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "html"])
def test_a_file_has_its_manifest(form: str, past: Past, tmp_path: Path) -> None:
    """Query, asker, role, count, checkpoint and both digests, signed by the ledger's key."""
    out = tmp_path / "answer"
    lines = run(past, "find", "--recipient", "clerk@court.test", "--jsonl").stdout
    run(past, "find", "--recipient", "clerk@court.test", f"--{form}", "--out", str(out), "--why", "a complaint")

    said = read((tmp_path / "answer.manifest").read_text(), [past.ledger_key])

    assert ("find recipient=clerk@court.test", AUDITOR, "auditor", "a complaint", 2, form) == tuple(
        said[name] for name in ("query", "by", "role", "why", "count", "form")
    )
    assert (hashlib.sha256(out.read_bytes()).hexdigest(), hashlib.sha256(lines.encode()).hexdigest()) == (
        said["file_sha256"], said["values_sha256"],
    )  # fmt: skip
    assert [0o600, 0o600] == [path.stat().st_mode & 0o777 for path in (out, tmp_path / "answer.manifest")]


def test_guarded_cells_have_their_true_values_in_the_manifest(past: Past, tmp_path: Path) -> None:
    """The sheet shows a harmless cell; the manifest says what it really is, and where."""
    run(past, "find", "--name", "=claim;1.pdf", "--csv", "--out", str(tmp_path / "a.csv"))

    said = read((tmp_path / "a.csv.manifest").read_text(), [past.ledger_key])

    assert [[1, "names", "=claim;1.pdf"], [2, "names", "=claim;1.pdf"]] == said["guarded"]


def test_an_answer_is_verified_without_an_office(past: Past, tmp_path: Path) -> None:
    """True as it left; false with a byte changed, another key, another manifest; undecided without a key."""
    out, other = tmp_path / "a.csv", tmp_path / "b.csv"
    run(past, "find", "--csv", "--out", str(out))
    run(past, "find", "--person", "jo@town.test", "--csv", "--out", str(other))
    key = ["--key", past.ledger_key]

    def code(*words: str) -> int:
        return CliRunner().invoke(ledger, ["verify-answer", *words, "--json"]).exit_code

    assert (0, 4, 1) == (code(str(out), *key), code(str(out)), code(str(out), "--manifest", f"{other}.manifest", *key))
    out.write_bytes(out.read_bytes().replace(b"delivered", b"refused"))
    assert 1 == code(str(out), *key)


@pytest.mark.parametrize("words", [["--json", "--csv"], ["--html", "--jsonl"], ["--out", "x"]])
def test_two_forms_or_a_file_without_one_is_a_usage_error(words: list[str], past: Past) -> None:
    """It ends with 2."""
    assert 2 == run(past, "find", *words).exit_code


def test_a_file_that_cannot_be_written_is_said(past: Past, tmp_path: Path) -> None:
    """A sentence, not a traceback."""
    result = run(past, "find", "--csv", "--out", str(tmp_path / "none" / "a.csv"))

    assert "cannot be written" in str(result.exception)
