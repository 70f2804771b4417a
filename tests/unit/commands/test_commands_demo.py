"""`sealgate demo`: the whole of it, without what it needs, and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands.demo.scenes import SCENES
from gateway.commands.main import sealgate

ROOT = Path(__file__).parents[3]


def started(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """The demo in a process of its own, with its throw-away things in `folder`."""
    command = [sys.executable, "-P", "-m", "gateway.commands.main", "demo", *words]
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder.parent, env=environment)


def running_in(folder: Path) -> list[str]:
    """The processes whose command names something in `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def folder(short_path: Path) -> Path:
    place = short_path / "t"
    place.mkdir()
    return place


def test_without_gpg_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Exit 5, and what to install."""
    monkeypatch.setenv("PATH", str(folder))

    result = CliRunner().invoke(sealgate, ["demo", "--json"])

    assert 5 == result.exit_code
    assert "sealgate: gpg is not installed, and the demo's recipients read with it (Debian: apt install gnupg)\n" == (
        result.stderr
    )


@pytest.mark.slow
def test_everything_is_as_it_should_be_and_nothing_is_left(folder: Path) -> None:
    """Every scene passes with evidence, in less than a minute; no file and no process stays."""
    done = started(folder, "--json")
    told, complained = done.communicate(timeout=120)

    outcome = json.loads(told)
    assert [] == [step for step in outcome["steps"] if not step["ok"]]
    assert [scene.title for scene in SCENES] == [step["title"] for step in outcome["steps"]]
    assert (0, b"") == (done.returncode, complained)
    assert outcome["seconds"] < 60
    assert ([], []) == (list(folder.iterdir()), running_in(folder))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(number: signal.Signals, folder: Path) -> None:
    """Ctrl-C, or SIGTERM, while the gateway runs: everything ends, the folder goes, the exit code is not 0."""
    demo = started(folder)
    patience = time.monotonic() + 60
    while not any(" serve " in f"{command} " for command in running_in(folder)):
        assert time.monotonic() < patience
        assert demo.poll() is None

    demo.send_signal(number)
    demo.communicate(timeout=60)

    assert demo.returncode not in (0, None)
    assert ([], []) == (list(folder.iterdir()), running_in(folder))
