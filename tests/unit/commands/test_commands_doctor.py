"""`sealgate doctor` on a real office, well and broken."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.main import sealgate
from tests.unit.commands.rule_office import BY_MAIL, SLIP, RuleOffice


def doctor(office: RuleOffice | Path, *words: str) -> tuple[int, dict[str, Any]]:
    folder = office.folder if isinstance(office, RuleOffice) else office
    result = CliRunner().invoke(sealgate, ["--office", str(folder), "doctor", "--json", *words])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


def of(found: dict[str, Any], check: str) -> list[dict[str, str]]:
    return [one for one in found["findings"] if one["check"] == check]


def wrong(found: dict[str, Any]) -> set[str]:
    return {one["check"] for one in found["findings"] if one["grade"] == "wrong"}


def test_a_fresh_office_tells_what_is_left_to_do(ruled: RuleOffice) -> None:
    """The agreement that lapsed, a route without a key, a ledger nobody recomputed yet; all else is well."""
    code, found = doctor(ruled)

    assert 1 == code
    assert {"expiry", "credentials", "verified"} == wrong(found)
    assert not found["is_well"]
    assert {"permissions", "disk", "rules", "certificate", "host key", "workshop", "ledger"} <= {
        one["check"] for one in found["findings"] if one["grade"] == "fine"
    }


def test_its_commands_mend_what_is_wrong(ruled: RuleOffice) -> None:
    """A command it names, run as it stands, makes that finding go away."""
    _, before = doctor(ruled)
    for check in ("credentials", "verified"):
        (finding,) = of(before, check)
        words = shlex.split(finding["mend"])
        assert 0 == CliRunner().invoke(sealgate, words[1:]).exit_code

    _, after = doctor(ruled)

    assert {"expiry"} == wrong(after)


def test_what_others_can_read_is_found_and_mended(ruled: RuleOffice) -> None:
    """A key file that anybody can read: the very chmod that takes it away."""
    seed = ruled.setting.keys / "ledger.seed"
    seed.chmod(0o644)

    _, found = doctor(ruled)

    (finding,) = of(found, "permissions")
    assert f"chmod 0600 {seed}" == finding["mend"]
    assert "office" in wrong(found)  # and nothing that needs the keys could be looked at


def test_an_edited_folder_is_told(ruled: RuleOffice) -> None:
    """What was never published has no effect, and the command that shows it knows the office."""
    ruled.edit(BY_MAIL)

    _, found = doctor(ruled)

    assert f"sealgate --office {ruled.folder} rules diff" == of(found, "rules")[0]["mend"]


def test_broken_rules_keep_nothing_else_from_being_looked_at(ruled: RuleOffice) -> None:
    """The rules in force are used for everything else."""
    ruled.edit(SLIP)

    _, found = doctor(ruled)

    assert f"sealgate --office {ruled.folder} rules check" == of(found, "rules")[0]["mend"]
    assert "fine" == of(found, "ledger")[0]["grade"]


def test_a_key_that_does_not_belong_to_the_certificate(ruled: RuleOffice) -> None:
    """What `serve` would refuse to start with is found here first."""
    certs = ruled.setting.certs
    (certs / "gateway.key").write_bytes((certs / "outside.key").read_bytes())

    _, found = doctor(ruled)

    assert "do not belong together" in of(found, "certificate")[0]["sentence"]


def test_a_ledger_that_lost_its_end_is_found(ruled: RuleOffice) -> None:
    """An older copy of the records, put back: recovery is named, because signing on would fork."""
    records = ruled.folder / "var" / "records" / "records.db"
    older = records.read_bytes()
    ruled.edit(("transfers.toml", "until = 2026-12-31", "until = 2026-12-30"))
    assert 0 == ruled.run("publish", "--why", "shorter", by="ruth").exit_code
    for left in records.parent.glob("records.db-*"):
        left.unlink()
    records.write_bytes(older)

    _, found = doctor(ruled)

    assert f"sealgate --office {ruled.folder} ledger recover" == of(found, "ledger")[0]["mend"]


def test_where_there_is_no_office_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    """Exit 5, and a sentence that says how to name one."""
    result = CliRunner().invoke(sealgate, ["--office", str(tmp_path), "doctor"])

    assert 5 == result.exit_code
    assert "--office" in result.stderr


@pytest.mark.parametrize("word", ["WRONG", "ok   "])
def test_a_person_reads_a_line_and_the_command_below_it(ruled: RuleOffice, word: str) -> None:
    """Without --json: one line a finding, indented below it the command."""
    result = CliRunner().invoke(sealgate, ["--office", str(ruled.folder), "doctor"])

    lines = result.stdout.splitlines()
    assert any(line.startswith(word) for line in lines)
    assert f"{'':<19} sealgate --office {ruled.folder} ledger fsck" in lines
