"""`sealgate contain`: an order in an office that does not run, what it prints, and its exit codes."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from gateway.commands.incident.verbs import contain
from gateway.commands.setting import Setting
from tests.audited import Past

PER, RUTH, JO = "per@town.test", "ruth@town.test", "jo@town.test"


def run(past: Past, *words: str, by: str = PER) -> Result:
    """The verb, signed."""
    signed = [*words, "--as", by] if by else [*words]
    return CliRunner().invoke(
        contain, signed, obj=Setting(folder=past.folder), input=past.passwords.get(by, "") + "\n"
    )  # fmt: skip


def stopped(past: Past, *words: str, by: str = PER) -> dict[str, object]:
    """A containment, as JSON."""
    result = run(past, *words, "--because", "phished", "--json", by=by)
    assert 0 == result.exit_code, result.output
    told = json.loads(result.stdout)
    assert isinstance(told, dict)
    return told


def listed(past: Past, *words: str) -> list[dict[str, object]]:
    found = json.loads(run(past, "list", "--json", *words, by="").stdout)
    assert isinstance(found, list)
    return found


def test_an_order_is_carried_out_where_no_gateway_runs(past: Past) -> None:
    """It stands in the ledger, is listed, and the list of what could be affected comes with it."""
    told = stopped(past, "person", JO)
    (one,) = listed(past)

    assert ("person", JO, PER, "phished", True) == (
        one["what"], one["who"], one["by"], one["because"], one["is_open"],
    )  # fmt: skip
    assert one["id"] == told["id"]
    dossier = told["dossier"]
    assert isinstance(dossier, dict)
    assert {past.held, past.deferred} == {row["transfer"] for row in dossier["affected"]}
    assert 1 == run(past, "list", by="").exit_code


def test_the_contained_sign_nothing(past: Past) -> None:
    """Not even the lift: another does, and then they may again."""
    told = stopped(past, "person", RUTH)
    mute = run(past, "lift", str(told["id"]), "--because", "I am fine", by=RUTH)
    own = run(past, "lift", str(told["id"]), "--because", "She is fine")

    assert (1, "do not fit anybody") == (mute.exit_code, "do not fit anybody" if "do not fit" in mute.output else "")
    assert (0, []) == (own.exit_code, listed(past)), own.output
    assert ["She is fine"] == [one["lifted_because"] for one in listed(past, "--all")]


def test_what_is_refused_is_a_finding(past: Past) -> None:
    """A slip in a name, in a sentence and as JSON; without a reason it is a usage error."""
    plain = run(past, "partner", "cuort", "--because", "x")
    told = run(past, "partner", "cuort", "--because", "x", "--json")

    assert (1, "") == (plain.exit_code, plain.stdout)
    assert "No partner has the id cuort" in plain.stderr
    assert (1, False) == (told.exit_code, json.loads(told.stdout)["is_done"])
    assert 2 == run(past, "partner", "court").exit_code
    assert [] == listed(past)


def test_whoever_may_not_see_is_told_who_may(past: Past) -> None:
    """Ruth contains, for that is hers; what could be affected is shown to who may audit, and no file is written."""
    told = stopped(past, "account", JO, by=RUTH)
    drafted = run(past, "draft", str(told["id"]), by=RUTH)

    dossier = told["dossier"]
    assert isinstance(dossier, dict)
    assert ([], "per@town.test may") == (dossier["affected"], "per@town.test may" if PER in dossier["closed"] else "")
    assert 1 == drafted.exit_code
    assert not (past.folder / "incidents").exists()
    assert 0 == run(past, "draft", str(told["id"])).exit_code


def test_an_alarm_nobody_knows(past: Past) -> None:
    """Ends with 1 and a sentence."""
    said = run(past, "looked", "a-none", "--because", "x")

    assert 1 == said.exit_code
    assert "There is no alarm a-none" in said.stderr
