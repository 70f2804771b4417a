"""Evidence as it is handed out: exactly what was chosen, as a bundle or as a page."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.ledger.bundle import read_zip
from gateway.ledger.proof import parse_bundle
from tests.audited import Past

PER = "per@town.test"


def prove(past: Past, *words: str, by: str = PER) -> Result:
    signed = ["--as", by] if by else []
    given = past.passwords[by] + "\n" if by else ""
    return CliRunner().invoke(ledger, ["prove", *words, *signed], obj=Setting(folder=past.folder), input=given)


def shown(path: Path) -> dict[str, set[str | None]]:
    """What a bundle discloses: fields, and their values over all entries."""
    found: dict[str, set[str | None]] = {}
    for proof in parse_bundle(path.read_bytes()).proofs:
        for one in proof.disclosures:
            found.setdefault(f"{one.cls}.{one.field}", set()).add(one.value)
    return found


def test_exactly_the_named_fields_are_shown(past: Past, tmp_path: Path) -> None:
    """Those two, in every entry that has them, and not a byte of any other."""
    out = tmp_path / "bundle"
    result = prove(past, past.delivered, "--leg", "0", "--disclose", "rcp.addr, obj.name", "--out", str(out))
    verified = CliRunner().invoke(ledger, ["verify", str(out), "--key", past.ledger_key])

    assert (0, 0) == (result.exit_code, verified.exit_code)
    assert {"rcp.addr": {"clerk@court.test"}, "obj.name": {"=claim;1.pdf"}} == shown(out)
    assert [] == [word for word in (b"alena", b"litigation", b"127.0.0.1", b"A" * 40) if word in out.read_bytes()]


def test_that_there_is_none_can_be_shown(past: Past, tmp_path: Path) -> None:
    """A field without a value is disclosed as having none, which is not the same as not being shown."""
    out = tmp_path / "bundle"
    prove(past, past.delivered, "--leg", "1", "--disclose", "rcp.agency", "--out", str(out))

    assert {"rcp.agency": {None}} == shown(out)


def test_what_nobody_has_is_a_slip(past: Past, tmp_path: Path) -> None:
    """A field no entry has ends with 2 and is not asked; so does choosing twice."""
    out = str(tmp_path / "bundle")

    assert 2 == prove(past, past.delivered, "--disclose", "rcp.adr", "--out", out).exit_code
    assert 2 == prove(past, past.delivered, "--disclose", "rcp.addr", "--hide", "snd", "--out", out).exit_code
    assert 2 == prove(past, past.delivered, "--absent", "a@b.test", "--out", out).exit_code
    assert 2 == prove(past, "--out", out).exit_code
    backwards = ["--from", "2026-01-02", "--to", "2026-01-01"]
    assert 2 == prove(past, "--absent", "a@b.test", *backwards, "--out", out).exit_code


def test_what_a_view_does_not_open_is_not_proved(past: Past, tmp_path: Path) -> None:
    """Who has not signed in cannot choose a private field: an empty proof would say less than it seems to."""
    result = prove(past, past.delivered, "--disclose", "rcp.addr", "--out", str(tmp_path / "bundle"), by="")

    assert (1, False) == (result.exit_code, (tmp_path / "bundle").exists())


def test_a_page_holds_the_same_evidence(past: Past, tmp_path: Path) -> None:
    """The bundle in the page is the bundle in the file; both are for this user alone."""
    out, page = tmp_path / "bundle", tmp_path / "proof.html"
    told = json.loads(prove(past, past.delivered, "--out", str(out), "--html", str(page), "--json").stdout)
    (held,) = re.findall(r'id="bundle">([^<]*)<', page.read_text())

    assert out.read_bytes() == base64.b64decode(held)
    assert (str(out), str(page), list(range(2, 11))) == (told["file"], told["html"], told["entries"])
    assert [0o600] * 2 == [path.stat().st_mode & 0o777 for path in (out, page)]


def test_a_page_alone(past: Past, tmp_path: Path) -> None:
    """Only the page is written, and it says how to use it."""
    page = tmp_path / "proof.html"
    result = prove(past, past.delivered, "--html", str(page))

    assert "Open it in a browser" in result.stdout
    assert ["proof.html"] == [one.name for one in tmp_path.iterdir() if one.is_file()]


def test_a_bundle_brings_its_verifier(past: Past, tmp_path: Path) -> None:
    """Whoever gets it can check it in a browser, without any program of ours."""
    prove(past, past.delivered, "--out", str(tmp_path / "bundle"))

    assert read_zip((tmp_path / "bundle").read_bytes())["verify.html"].startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("by", ["", "jo@town.test"])
def test_absence_is_for_auditors(by: str, past: Past, tmp_path: Path) -> None:
    """The bundle tells the days' keys, with which addresses can be tried: nobody else gets one."""
    days = ["--from", "2026-01-01", "--to", "2026-01-02"]
    result = prove(past, "--absent", "a@b.test", *days, "--out", str(tmp_path / "bundle"), by=by)

    assert (1, False) == (result.exit_code, (tmp_path / "bundle").exists())


def test_a_day_that_is_not_closed_proves_nothing(past: Past, tmp_path: Path) -> None:
    """It says which day, and why."""
    days = ["--from", "2026-01-01", "--to", "2026-01-02"]
    result = prove(past, "--absent", "a@b.test", *days, "--out", str(tmp_path / "bundle"))

    assert isinstance(result.exception, Misconfigured)
    assert "2026-01-01 is not closed" in result.exception.cause
