"""`sealgate rules schema`: what it writes, and where."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from click.testing import CliRunner

from gateway.commands.rulebook.schema import files
from gateway.commands.rules import rules
from gateway.judge.checks import FILES
from gateway.judge.schema import schemas


def test_every_rule_file_is_tied_to_its_schema() -> None:
    """The editor's file names each schema once, with the rule file it is for."""
    ties = {tie["path"]: tie["include"] for tie in tomllib.loads(files()["tombi.toml"])["schemas"]}

    expected = {f"schemas/{name.removesuffix('.toml')}.json": [f"rules/{name}"] for name in FILES}
    assert expected | {"schemas/test.json": ["rules/*.test.toml"]} == ties


def test_without_a_folder_they_are_printed() -> None:
    """One JSON object by file name."""
    result = CliRunner().invoke(rules, ["schema"])

    assert 0 == result.exit_code
    assert schemas() == json.loads(result.stdout)


def test_with_a_folder_they_are_written(tmp_path: Path) -> None:
    """The folder is made where there is none, and what was written is told."""
    result = CliRunner().invoke(rules, ["schema", "--out", str(tmp_path / "office"), "--json"])

    assert 0 == result.exit_code
    written = [Path(path) for path in json.loads(result.stdout)["written"]]
    assert files() == {str(path.relative_to(tmp_path / "office")): path.read_text("utf-8") for path in written}


def test_an_editor_that_was_set_up_by_hand_stays_as_it_is(tmp_path: Path) -> None:
    """A `tombi.toml` that we did not write is left alone, and not told."""
    (tmp_path / "tombi.toml").write_text("# mine\n")

    result = CliRunner().invoke(rules, ["schema", "--out", str(tmp_path)])

    assert "# mine\n" == (tmp_path / "tombi.toml").read_text()
    assert "tombi.toml" not in result.stdout
    assert (tmp_path / "schemas" / "people.json").is_file()


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    """A file where the folder should be: nothing is written."""
    (tmp_path / "schemas").write_text("")

    result = CliRunner().invoke(rules, ["schema", "--out", str(tmp_path)])

    assert 0 != result.exit_code
    assert not (tmp_path / "tombi.toml").exists()
