"""A bundle for a court: the form somebody signs, and an outside authority's stamp on the head the proofs lead to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger import ledger
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.outsiders.stamping import Stamping
from gateway.ledger.bundle import read_zip
from gateway.ship.web import Web
from tests.audited import Past
from tests.unit.engine.outsiders.test_engine_outsiders_stamping import Authority

PER = "per@town.test"


def run(past: Past, *words: str) -> Result:
    given = past.passwords[PER] + "\n" if words[0] == "prove" else ""
    signed = ["--as", PER] if words[0] == "prove" else []
    return CliRunner().invoke(ledger, [*words, *signed], obj=Setting(folder=past.folder), input=given)


def test_the_form_names_what_is_certified(past: Past, tmp_path: Path) -> None:
    """Ledger, head, key and the digest of each entry stand in it; who signs it does not."""
    out = tmp_path / "bundle"
    run(past, "prove", past.delivered, "--leg", "0", "--certificate-902", "--out", str(out))
    files = read_zip(out.read_bytes())
    form = files["certificate-902.txt"].decode()
    entries = [content for name, content in files.items() if name.startswith("entries/")]
    for word in (past.delivered, past.ledger_key, *(hashlib.sha256(entry).hexdigest() for entry in entries)):
        assert word in form
    assert len(entries) > 3
    assert 0 == run(past, "verify", str(out), "--key", past.ledger_key).exit_code


def test_without_being_asked_there_is_no_form(past: Past, tmp_path: Path) -> None:
    """Nor a stamp where no authority is named."""
    run(past, "prove", past.delivered, "--out", str(tmp_path / "bundle"))
    assert not {"certificate-902.txt", "tsa.tsr"} & set(read_zip((tmp_path / "bundle").read_bytes()))


@pytest.fixture
def stamped(past: Past, tmp_path: Path) -> tuple[Past, Path]:
    """An office whose published head an authority has stamped; and the authority's root."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no authority here")
    authority, place = Authority(tmp_path / "authority"), past.folder / "rules" / "gateway.toml"
    shutil.copy(authority.roots, past.folder / "certs" / "tsa.pem")
    text = place.read_text()
    assert "\nledger = { " in text
    named = 'stamps = { at = "http://127.0.0.1:1/tsa", roots = "certs/tsa.pem" }'
    place.write_text(text.replace("\nledger = { ", f"\nledger = {{ {named}, "))

    async def stamp() -> None:
        async with authority.listens() as at:
            with opened(Setting(folder=past.folder)) as office:
                await Stamping(
                    publication=office.publication, vkey=office.signer.vkey, at=at, roots=authority.roots,
                    folder=past.folder / "var" / "ledger" / "stamps", web=Web(patience_s=10),
                ).turn()  # fmt: skip

    asyncio.run(stamp())
    return past, authority.roots


def test_a_stamp_is_on_the_head_that_the_proofs_lead_to(stamped: tuple[Past, Path], tmp_path: Path) -> None:
    """We check it with the root the reader brings; `openssl` does with the two files as they lie in the bundle."""
    past, roots = stamped
    run(past, "prove", past.delivered, "--out", str(tmp_path / "bundle"))

    words = ["verify", str(tmp_path / "bundle"), "--key", past.ledger_key, "--json"]
    checked = run(past, *words, "--stamp-roots", str(roots))
    unchecked = json.loads(run(past, *words).stdout)

    assert 0 == checked.exit_code, checked.output
    assert any("saw this checkpoint at" in step["words"] for step in json.loads(checked.stdout)["steps"])
    assert any("--stamp-roots" in one for one in unchecked["unchecked"])
    for name, content in read_zip((tmp_path / "bundle").read_bytes()).items():
        if name in ("checkpoint", "tsa.tsr"):
            (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-in", tmp_path / "tsa.tsr", "-data", tmp_path / "checkpoint", "-CAfile", roots],
        capture_output=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr


def test_a_stamp_by_somebody_else_is_false(stamped: tuple[Past, Path], tmp_path: Path) -> None:
    """The roots that lie in the bundle are no trust roots."""
    past, _ = stamped
    run(past, "prove", past.delivered, "--out", str(tmp_path / "bundle"))
    other = Authority(tmp_path / "other")
    words = ["verify", str(tmp_path / "bundle"), "--key", past.ledger_key, "--stamp-roots", str(other.roots)]
    result = run(past, *words)
    assert 1 == result.exit_code
    assert "time stamp" in result.stdout


def test_what_is_no_root_is_a_slip(stamped: tuple[Past, Path], tmp_path: Path) -> None:
    """A mistake in the command, not a false bundle."""
    past, _ = stamped
    run(past, "prove", past.delivered, "--out", str(tmp_path / "bundle"))
    (tmp_path / "none.pem").write_text("nothing")
    words = ["verify", str(tmp_path / "bundle"), "--key", past.ledger_key]
    assert 2 == run(past, *words, "--stamp-roots", str(tmp_path / "none.pem")).exit_code
