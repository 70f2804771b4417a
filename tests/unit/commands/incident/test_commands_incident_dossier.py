"""The files of an incident: for one user alone, never over what somebody has finished, and asked for in the ledger."""

from __future__ import annotations

import csv
import io
import json

from click.testing import CliRunner

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from tests.audited import Past
from tests.unit.commands.incident.test_commands_incident_verbs import JO, run, stopped


def test_files_are_for_their_owner_alone(past: Past) -> None:
    """A list for a spreadsheet and for a program, and the drafts."""
    told = stopped(past, "person", JO)
    folder = past.folder / "incidents" / str(told["id"])
    names = {path.name for path in folder.iterdir()}
    rows = list(csv.DictReader(io.StringIO((folder / "affected.csv").read_text())))

    assert {"affected.csv", "affected.json", "letter-authority.txt", "letter-people.txt",
            "letter-partner-court.txt"} == names  # fmt: skip
    assert {past.held, past.deferred} == {row["transfer"] for row in rows}
    assert [0o700, 0o600] == [folder.stat().st_mode & 0o777, (folder / "affected.csv").stat().st_mode & 0o777]
    assert rows[0]["transfer"] == json.loads((folder / "affected.json").read_text())[0]["transfer"]


def test_what_somebody_wrote_is_not_written_over(past: Past) -> None:
    """The next draft goes beside it; one that nobody touched is simply the same."""
    told = stopped(past, "person", JO)
    folder = past.folder / "incidents" / str(told["id"])
    (folder / "letter-people.txt").write_text("Dear Anna")

    run(past, "draft", str(told["id"]))

    assert "Dear Anna" == (folder / "letter-people.txt").read_text()
    assert (folder / "letter-people.2.txt").read_text().startswith("DRAFT")


def test_since_bounds_what_is_told(past: Past) -> None:
    """From now on nothing could be affected; a time that has not come is a usage error."""
    told = stopped(past, "person", JO)

    assert 2 == run(past, "draft", str(told["id"]), "--since", "2999-01-01").exit_code
    found = json.loads(run(past, "draft", str(told["id"]), "--since", "2001-01-01", "--json").stdout)
    assert "2001-01-01 00:00" == found["since"]
    assert 2 == len({row["transfer"] for row in found["affected"]})


def test_the_list_alone_as_csv(past: Past) -> None:
    """To a pipe, and no file is written for it."""
    told = stopped(past, "partner", "court")
    found = run(past, "draft", str(told["id"]), "--csv", "--into", str(past.folder / "elsewhere"))

    assert {past.delivered} <= {row["transfer"] for row in csv.DictReader(io.StringIO(found.stdout))}
    assert not (past.folder / "elsewhere").exists()


def test_the_question_is_an_entry(past: Past) -> None:
    """Who asked, and about which containment."""
    told = stopped(past, "person", JO)
    words = ["report", "access", "--json", "--as", "per@town.test"]
    said = CliRunner().invoke(
        ledger, words, obj=Setting(folder=past.folder), input=past.passwords["per@town.test"] + "\n"
    )
    assert any(f"contain draft {told['id']}" in one["question"] for one in json.loads(said.stdout))


def test_a_containment_nobody_knows(past: Past) -> None:
    """Is an error of the office's, with the command that lists them."""
    said = run(past, "draft", "c-none")

    assert 0 != said.exit_code
    assert "there is no containment c-none" in str(said.exception)
