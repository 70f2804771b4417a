"""Watching from another machine: what grows is sound, what was changed, cut or rolled back is a finding."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.commands.watch import watch
from gateway.engine.entries import Write
from gateway.facts import Consulted
from gateway.ledger.checkpoint import Signer
from gateway.ledger.cosignature import Cosigner
from tests.audited import Past, writing


def look(past: Past, *words: str, place: str = "", key: str = "") -> Result:
    given = [place or str(past.folder / "var" / "ledger"), "--once", "--key", key or past.ledger_key, *words]
    return CliRunner().invoke(watch, given)


def grows(past: Past) -> None:
    with writing(past.folder) as pen:
        fact = Consulted(by="per", question="?", why="", size=0)
        pen.scribe.append_now(Write(stream=f"consulted/{pen.scribe.frontier.size}", facts=(fact,)))


def test_a_ledger_that_grows_is_sound(past: Past, tmp_path: Path) -> None:
    """Look after look, with what was seen kept in a file; entries, open intents and the last time are told."""
    state = tmp_path / "seen"
    for _ in range(3):
        result = look(past, "--state", str(state), "--json")
        assert 0 == result.exit_code, result.output
        seen = json.loads(result.stdout)
        assert (seen["size"], True) == (seen["entries"], seen["is_sound"])
        grows(past)
    assert seen["open_intents"] == 1
    assert state.read_text() in (past.folder / "var" / "ledger" / "checkpoint").read_text() or seen["size"] > 1


def test_an_older_ledger_is_a_finding(past: Past, tmp_path: Path) -> None:
    """Rolled back, with everything on that machine agreeing: only the watcher's memory knows. Heads alone suffice."""
    state, older = tmp_path / "seen", tmp_path / "older"
    shutil.copytree(past.folder / "var" / "ledger", older)
    grows(past)
    assert 0 == look(past, "--state", str(state)).exit_code

    for words in ((), ("--heads",)):
        result = look(past, "--state", str(state), *words, place=str(older))
        assert 1 == result.exit_code
        assert "rolled back" in result.stdout
    assert 0 == look(past, place=str(older)).exit_code, "without its memory it cannot know"


def test_another_key_is_a_finding(past: Past) -> None:
    """A head that the key the watcher brought did not sign says nothing."""
    result = look(past, key=Signer("town.test/ledger", b"z" * 32).vkey)
    assert 1 == result.exit_code
    assert "not signed by the key you brought" in result.stdout


def test_without_a_key_it_is_undecided(past: Past) -> None:
    """Exit 4: whoever holds the folder may have made it."""
    result = CliRunner().invoke(watch, [str(past.folder / "var" / "ledger"), "--once"])
    assert 4 == result.exit_code
    assert "UNDECIDED" in result.stdout


def test_a_gap_or_a_changed_entry_is_a_finding(past: Past) -> None:
    """Every byte of every published file counts."""
    ledger = past.folder / "var" / "ledger"
    bundles = [path for path in (ledger / "tile" / "entries").rglob("*") if path.is_file()]
    bundle = max(bundles, key=lambda path: int(path.name))
    whole = bundle.read_bytes()

    bundle.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    assert 1 == look(past).exit_code
    bundle.write_bytes(whole[:-1])
    assert 1 == look(past).exit_code
    bundle.unlink()
    result = look(past)
    assert 1 == result.exit_code
    assert "a gap" in result.stdout


def test_a_stale_head_is_told(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut tail does not show in a tree; that no minute was ticked does."""
    monkeypatch.setattr("gateway.ledger.watching.STALE_MS", -1)
    result = look(past)
    assert 0 == result.exit_code
    assert "stale" in result.stdout


def test_witnesses_it_trusts_are_asked_for(past: Past) -> None:
    """Who vouches for which size, as of when; who does not is told."""
    witness, other = Cosigner("county.test/witness", b"w" * 32), Cosigner("state.test/witness", b"v" * 32)
    note = (past.folder / "var" / "ledger" / "checkpoint").read_text()
    with opened(Setting(folder=past.folder)) as office:
        now_s = office.clock.now_ms() // 1000
        office.publication.vouch(note, [witness.line(note.partition("\n\n")[0] + "\n", now_s)])

    result = look(past, "--witness", witness.vkey, "--witness", other.vkey)

    assert 0 == result.exit_code
    assert "county.test/witness vouches for" in result.stdout
    assert "state.test/witness: does not vouch" in result.stdout


@pytest.fixture
def address(past: Past) -> Iterator[str]:
    """The published folder behind a plain web server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(past.folder / "var" / "ledger"))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_the_web(past: Past, address: str, tmp_path: Path) -> None:
    """Any web server that serves the folder will do; one that is away is exit 5, not a finding."""
    state = tmp_path / "seen"
    assert 0 == look(past, "--state", str(state), place=address).exit_code
    grows(past)
    assert 0 == look(past, "--state", str(state), place=address).exit_code
    assert 5 == look(past, place="http://127.0.0.1:1/").exit_code
    assert 5 == look(past, place=str(tmp_path / "nowhere")).exit_code


def test_it_stands_alone() -> None:
    """Importing it loads neither engine nor storage nor doors."""
    others = "('gateway.engine', 'gateway.keep', 'gateway.ship', 'gateway.doors')"
    program = f"import sys, gateway.commands.watch; print([m for m in sys.modules if m.startswith({others})])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
