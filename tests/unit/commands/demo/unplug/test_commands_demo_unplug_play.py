"""Breaking one part of a real office, from the command line; and what is said where that cannot be done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands.demo.unplug.parts import PARTS
from gateway.commands.main import sealgate

ROOT = Path(__file__).parents[5]


def broken(folder: Path, part: str) -> tuple[int, dict[str, object], str]:
    """`sealgate demo --break PART --json`: exit code, what it printed, what it complained of."""
    command = [sys.executable, "-P", "-m", "gateway.commands.main", "demo", "--break", part, "--json"]
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, cwd=folder.parent, env=environment, timeout=180, check=False)
    return done.returncode, json.loads(done.stdout or b"{}"), done.stderr.decode()


@pytest.mark.slow
def test_one_part_is_broken_and_mended_and_nothing_is_left(short_path: Path) -> None:
    """The ring of keys: held, nothing outside, mended, delivered; no file stays. All parts: see docs/unplug.json."""
    folder = short_path / "t"
    folder.mkdir()

    code, told, complained = broken(folder, "keystore")

    assert (0, True, "") == (code, told.get("ok"), complained)
    (row,) = told["rows"]  # type: ignore[misc]
    assert (PARTS["keystore"].happens, True, 3) == (row["happens"], row["is_played"], len(row["evidence"]))
    assert [] == list(folder.iterdir())


def test_without_clamd_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exit 5, and what to install."""
    monkeypatch.setattr("gateway.commands.demo.scanner.program", lambda: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    result = CliRunner().invoke(sealgate, ["demo", "--break", "antivirus"])

    assert (5, "sealgate: clamd is not installed (Debian: apt install clamav-daemon)\n") == (
        result.exit_code,
        result.stderr,
    )
    assert [] == list(tmp_path.iterdir())


def test_an_unknown_part_is_a_slip_of_the_keyboard() -> None:
    """Exit 2, with the parts there are."""
    result = CliRunner().invoke(sealgate, ["demo", "--break", "printer"])

    assert 2 == result.exit_code
    assert "'antivirus', 'dns', 'remote', 'disk', 'keystore', 'clock', 'all'" in result.stderr
