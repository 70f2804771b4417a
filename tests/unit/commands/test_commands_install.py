"""`sealgate install` places text files and says the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from gateway.commands.install import PARTS
from gateway.commands.main import sealgate
from tests.unit.commands.rule_office import RuleOffice

SOCKET = "etc/systemd/system/sealgate.socket"


def install(root: Path, *words: str, office: Path | None = None) -> dict[str, Any]:
    before = ["--office", str(office or root / "nowhere")]
    result = CliRunner().invoke(sealgate, [*before, "install", "--root", str(root), "--json", *words])
    assert 0 == result.exit_code, result.output
    return dict(json.loads(result.stdout))


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """It names every place, and the root stays empty."""
    said = install(tmp_path, "--dry-run")

    assert not said["is_done"]
    assert str(tmp_path / SOCKET) in {one["place"] for one in said["files"]}
    assert [] == list(tmp_path.iterdir())


def test_what_was_said_is_what_is_placed(tmp_path: Path) -> None:
    """Units, user and alerts, readable by everybody whatever the umask; a second run changes nothing."""
    said = install(tmp_path)
    again = install(tmp_path)

    assert {"absent"} == {one["was"] for one in said["files"]}
    assert {"same"} == {one["was"] for one in again["files"]}
    assert {0o644} == {Path(one["place"]).stat().st_mode & 0o777 for one in said["files"]}
    assert sorted(one["place"] for one in said["files"]) == sorted(
        str(path) for path in tmp_path.rglob("*") if path.is_file()
    )


def test_the_sockets_are_those_of_the_rules(tmp_path: Path, ruled: RuleOffice) -> None:
    """Each door that the office's rules list has its socket, and no other has."""
    install(tmp_path, office=ruled.folder)

    listed = [line for line in (tmp_path / SOCKET).read_text().splitlines() if line.startswith("ListenStream=")]
    assert [f"ListenStream=127.0.0.1:{20000 + port}" for port in (465, 587, 25, 22)] == listed


def test_what_somebody_changed_is_kept_beside(tmp_path: Path) -> None:
    """An edit is replaced, and not lost."""
    install(tmp_path)
    (tmp_path / SOCKET).write_text("mine\n")

    said = install(tmp_path)

    assert {str(tmp_path / SOCKET): "other"} == {
        one["place"]: one["was"] for one in said["files"] if one["was"] != "same"
    }
    assert "mine\n" == (tmp_path / (SOCKET + ".before")).read_text()


def test_the_parts_have_sockets_of_their_own(tmp_path: Path, ruled: RuleOffice) -> None:
    """They stay where the gateway looks for them, whatever doors the rules list, and are started with the rest."""
    said = install(tmp_path, office=ruled.folder)

    places = {
        part: [line for line in (tmp_path / "etc/systemd/system" / part).read_text().splitlines() if "Listen" in line]
        for part in PARTS
    }
    gateway = (tmp_path / "etc/systemd/system/sealgate.service").read_text()
    assert all(line.partition("=")[2] in gateway for lines in places.values() for line in lines)
    (started,) = [command for command in said["next"] if "enable" in command]
    assert {*PARTS, "sealgate.service", "sealgate-verify.timer"} <= set(started.split())
