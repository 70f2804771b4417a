"""`sealgate rules`: its exit codes, its words, and what of a folder it refuses to read."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.rulefolder import read_folder
from gateway.commands.rules import rules
from gateway.judge.rulebook import Rulebook
from tests.audited import Past

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Office:
    folder: Path


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    folder.chmod(0o755)
    return Office(tmp_path)


def run(office: Office, *words: str) -> Result:
    return CliRunner().invoke(rules, list(words), obj=office)


def edit(office: Office, name: str, old: str, new: str) -> None:
    path = office.folder / "rules" / name
    path.write_text(path.read_text().replace(old, new, 1))


def test_check_accepts_the_example(office: Office) -> None:
    """Exit 0, no warning, the digest."""
    result = run(office, "check", "--on", "2026-11-23")

    assert 0 == result.exit_code
    assert "(warning)" not in result.output
    assert "10 rules are in order. Digest " in result.output


def test_check_warns_of_a_rule_that_ends_soon(office: Office) -> None:
    """Thirty days before its end."""
    assert '"sealed-bundles" ends on 2026-12-31' in run(office, "check", "--on", "2026-12-15").output


def test_check_tells_every_mistake_and_exits_3(office: Office) -> None:
    """Human and JSON output tell the same place."""
    edit(office, "transfers.toml", '"solicitor"]', '"solicitr"]')

    result, machine = run(office, "check"), run(office, "check", "--json")

    assert (3, 3) == (result.exit_code, machine.exit_code)
    assert 'unknown role "solicitr"; did you mean "solicitor"?' in result.output
    (problem,) = json.loads(machine.output)["problems"]
    assert f"rules/transfers.toml:{problem['line']}:{problem['column']}  " in result.output


def test_test_exits_1_on_a_miss(office: Office) -> None:
    """The example's four cases hold; one that does not is told."""
    assert "4 expectations, 0 missed." in run(office, "test").output
    edit(office, "transfers.test.toml", 'outcome = "send"', 'outcome = "block"')

    result = run(office, "test")

    assert 1 == result.exit_code
    assert "a clerk files a confidential bundle: outcome should be block, is send" in result.output


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("--to anna@citizen.example --label office --by mail --for general", 0, "SEND"),
        ("--to day@smithday.test --label office --by mail", 1, "BLOCK"),
        (
            "--to registry@court.test --label office --by mail --for litigation --fact address-verified=unknown",
            4,
            "HOLD",
        ),
        ("--to registry@court.test --label secret", 2, "'secret' is not one of public"),
        ("--to registry@court.test --fact sunny=yes", 2, "'sunny' is not one of"),
        ("--to nowhere", 2, "--to"),
    ],
)
def test_explain_exits_as_the_judge_says(office: Office, words: str, code: int, text: str) -> None:
    """0 send, 1 block, 4 hold, 2 for a question nobody can ask."""
    result = run(office, "explain", "--from", "alena@town.test", "--on", "2026-11-23", *words.split())

    assert code == result.exit_code
    assert text in result.output


def test_explain_speaks_json(office: Office) -> None:
    """Outcome, sentence and nearest miss as one object."""
    question = "--from jo@town.test --to day@smithday.test --label office --by mail --on 2026-11-23 --json"

    answer = json.loads(run(office, "explain", *question.split()).output)

    assert ("block", "opposing-counsel") == (answer["outcome"], answer["nearest"]["rule"])


def ask_first(folder: Path) -> None:
    rule = '[[require]]\nid = "ask-first"\nwhen = ["first-contact"]\nthen = ["approval-by head"]\nbecause = "Sure?"\n'
    with (folder / "rules/transfers.toml").open("a") as file:
        file.write("\n" + rule)


FILING = "--from alena@town.test --label office --by mail --for litigation --on 2026-11-23"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("--to clerk@court.test", 0, "SEND"),
        ("--to judge@court.test", 4, "must approve it"),
        ("--to clerk@court.test --fact first-contact=yes", 4, "must approve it"),
    ],
)
def test_explain_looks_up_whom_the_office_has_reached(past: Past, words: str, code: int, text: str) -> None:
    """The clerk has had a mail from here, the judge none yet; what is said on the command line goes before."""
    ask_first(past.folder)

    result = run(Office(past.folder), "explain", *FILING.split(), *words.split())

    assert (code, True) == (result.exit_code, text in result.output), result.output


def test_explain_does_not_guess_whom_the_office_has_reached(office: Office) -> None:
    """Rules without records beside them: it says that it cannot know."""
    ask_first(office.folder)

    result = run(office, "explain", *FILING.split(), "--to", "registry@court.test")

    assert 4 == result.exit_code
    assert "Could not determine whether anybody here wrote there before." in result.output


def told(office: Office) -> list[str]:
    found = read_folder(office.folder / "rules")
    return [] if isinstance(found, Rulebook) else [str(problem) for problem in found]


def test_a_link_is_not_followed(office: Office) -> None:
    """A link may point anywhere tomorrow."""
    path = office.folder / "rules/people.toml"
    path.rename(office.folder / "people.toml")
    path.symlink_to(office.folder / "people.toml")

    assert ["rules/people.toml:1:1  a link; copy the file itself here"] == told(office)


def test_a_folder_anybody_may_write_to_is_refused(office: Office) -> None:
    """So is a file."""
    (office.folder / "rules").chmod(0o757)
    (office.folder / "rules/labels.toml").chmod(0o646)

    first, second = told(office)

    assert "anybody may write to this folder" in first
    assert "rules/labels.toml:1:1  anybody may write to this file" in second


def test_odd_files_are_refused(office: Office) -> None:
    """A pipe, bytes that are no UTF-8, one byte too many, a name nobody reads."""
    rules_folder = office.folder / "rules"
    (rules_folder / "labels.toml").write_bytes(b"# ok\n\xff")
    (rules_folder / "people.toml").write_bytes(b"#" * (1024 * 1024 + 1))
    (rules_folder / "routes.toml").unlink()
    (rules_folder / "routes.toml").mkdir()

    assert [
        "rules/labels.toml:2:1  not UTF-8",
        "rules/people.toml:1:1  larger than 1 MiB",
        "rules/routes.toml:1:1  not a file",
    ] == told(office)


def test_a_file_nobody_reads_and_one_that_is_missing_are_refused(office: Office) -> None:
    """A renamed file would otherwise be silently dropped."""
    (office.folder / "rules/routes.toml").rename(office.folder / "rules/route.toml")

    assert [
        'rules/route.toml:1:1  not a rule file; did you mean "routes.toml"?',
        "rules/routes.toml:1:1  this file is missing",
    ] == told(office)
