"""The verbs of a witness: made on the first day, in any folder; whom it vouches for is listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.audit.witness import witness
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.ledger.checkpoint import Signer
from gateway.ledger.cosignature import parse_witness_key

LOG = Signer("town.test/ledger", b"l" * 32).vkey


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(witness, list(words), obj=Setting(folder=folder))


def listed(folder: Path) -> dict[str, object]:
    return dict(json.loads(run(folder, "list", "--json").stdout))


def vouched_for(folder: Path) -> list[dict[str, object]]:
    return list(json.loads(run(folder, "list", "--json").stdout)["vouches_for"])


def test_any_folder_can_be_a_witness(tmp_path: Path) -> None:
    """With a name; what the other office writes into its rules is printed, and the key stays the same."""
    assert "" == listed(tmp_path)["key"]

    first = run(tmp_path, "add", LOG, "--name", "county.test/witness")

    assert 0 == first.exit_code, first.output
    key = str(listed(tmp_path)["key"])
    assert f'key = "{key}"' in first.stdout
    assert "county.test/witness" == parse_witness_key(key).name
    again = json.loads(run(tmp_path, "add", LOG, "--json").stdout)
    assert {"origin": "town.test/ledger", "key": key, "doubt": ""} == again
    assert [(LOG, 0)] == [(one["key"], one["size"]) for one in vouched_for(tmp_path)]
    assert key == listed(tmp_path)["key"]
    assert "no head seen yet" in run(tmp_path, "list").stdout


def test_an_office_needs_no_name(tmp_path: Path) -> None:
    """Its first domain gives one."""
    (tmp_path / "rules").mkdir()
    sample = Path(__file__).parents[4] / "rules" / "gateway.toml"
    (tmp_path / "rules" / "gateway.toml").write_text(sample.read_text())
    assert 0 == run(tmp_path, "add", LOG).exit_code
    assert str(listed(tmp_path)["key"]).startswith("town.test/witness+")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """No name, a name with a space, another name later, no key, no port."""
    assert 2 == run(tmp_path, "add", LOG).exit_code
    assert 2 == run(tmp_path, "add", LOG, "--name", "a b").exit_code
    assert 2 == run(tmp_path, "add", "nonsense", "--name", "county.test/witness").exit_code
    assert 0 == run(tmp_path, "add", LOG, "--name", "county.test/witness").exit_code
    assert isinstance(run(tmp_path, "add", LOG, "--name", "other").exception, Misconfigured)
    assert 2 == run(tmp_path, "serve", "--listen", "nowhere").exit_code


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_witness_others_can_write_to_is_refused(mode: int, tmp_path: Path) -> None:
    """Whoever can change what it remembers can make it vouch for two histories."""
    assert 0 == run(tmp_path, "add", LOG, "--name", "county.test/witness").exit_code
    (tmp_path / "var" / "witness").chmod(mode)
    assert isinstance(run(tmp_path, "list").exception, Misconfigured)
