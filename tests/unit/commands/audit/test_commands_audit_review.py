"""A week is reviewed and signed off; a stolen credential's reach; whether the ledger is what it was."""

from __future__ import annotations

import json
from datetime import timedelta

import apsw
import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, moment
from gateway.facts import Collected, Offered, Outcome
from tests.audited import Past, cleaned, intent, judged, writing

AUDITOR = "per@town.test"
NOW = moment(SystemClock().now_ms())
"""The office of these tests lives now."""
WEEK = f"{NOW:%G-W%V}"
KEY = "A" * 40


def run(past: Past, *words: str, by: str = AUDITOR) -> Result:
    words = ("report", *words, "--as", by)
    return CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder), input=past.passwords[by] + "\n")


def rows(past: Past, *words: str) -> list[dict[str, object]]:
    result = run(past, *words, "--json")
    assert 0 == result.exit_code, result.output
    answer = json.loads(result.stdout)
    assert isinstance(answer, list)
    return answer


def days(first: int, last: int) -> tuple[str, str]:
    """Days from today."""
    return tuple(f"{NOW + timedelta(days=n):%Y-%m-%d}" for n in (first, last))  # type: ignore[return-value]


# ── weekly ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_week_is_counted(past: Past) -> None:
    """What happened, what did not go and who decided, and whether the ledger lived."""
    found = {(one["about"], one["what"], one["who"]): one["count"] for one in rows(past, "weekly", "--week", WEEK)}

    assert (4, 2, 1, 0, 10_080) == (
        found["traffic", "Received", ""],
        found["exceptions", "Judged: waits", ""],
        found["reasons", "Refused by a person: not ours", "ruth@town.test"],
        found["ledger", "minutes in which it said that it lives", ""],
        found["ledger", "minutes of the period", ""],
    )


def test_a_sign_off_is_an_entry_and_is_shown(past: Past) -> None:
    """It names who, their words and what they saw; whoever reviews next sees it."""
    before = run(past, "weekly", "--week", WEEK).stdout
    signed = run(past, "weekly", "--week", WEEK, "--sign-off", "two holds, both right")
    after = run(past, "weekly", "--week", WEEK).stdout

    assert ("Nobody has signed it off." in before, 0) == (True, signed.exit_code)
    assert f"Signed off by {AUDITOR}" in after
    assert "two holds, both right" in after
    questions = [one["question"] for one in rows(past, "access")]
    assert 1 == sum(str(one).startswith(f"reviewed {WEEK} sha256=") for one in questions)


def test_a_sign_off_tells_when_the_week_looks_different_now(past: Past) -> None:
    """What was signed off is pinned by its digest."""
    run(past, "weekly", "--week", WEEK, "--sign-off", "fine")
    with writing(past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")

    assert "other lines than are shown here: fine" in run(past, "weekly", "--week", WEEK).stdout


def test_only_an_auditor_signs_a_week_off(past: Past) -> None:
    """Somebody without the power is refused, and there is no sign-off."""
    result = run(past, "weekly", "--week", WEEK, "--sign-off", "fine", by="jo@town.test")

    assert 1 == result.exit_code
    assert "Nobody has signed it off." in run(past, "weekly", "--week", WEEK).stdout


@pytest.mark.parametrize("week", ["2026-47", "2026-W60", "last"])
def test_a_week_that_is_none_is_a_usage_error(week: str, past: Past) -> None:
    """It ends with 2, before anything is asked."""
    assert 2 == run(past, "weekly", "--week", week).exit_code


# ── blast ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stolen_key_opens_what_was_encrypted_to_it(past: Past) -> None:
    """In its time and before; nothing that came later, and nothing under another key."""
    now = rows(past, "blast", KEY, *days(-1, 2))
    later = rows(past, "blast", KEY, *days(1, 2))
    before = rows(past, "blast", KEY, *days(-5, -1))
    other = rows(past, "blast", "B" * 40, *days(-1, 2))

    transfers = {past.delivered, past.deferred}
    assert (transfers, {"could be read"}) == ({one["transfer"] for one in now}, {one["how"] for one in now})
    assert (transfers, {"could be read by who kept a copy"}) == (
        {one["transfer"] for one in later}, {one["how"] for one in later},
    )  # fmt: skip
    assert [[], []] == [before, other]


def test_a_stolen_account_could_have_sent(past: Past) -> None:
    """Everything handed in under its name in that time, and nothing of others."""
    found = rows(past, "blast", "jo@town.test", *days(-1, 2))

    assert {(past.held, "could have been theirs"), (past.deferred, "could have been theirs")} == {
        (one["transfer"], one["how"]) for one in found
    }
    assert [] == rows(past, "blast", "jo@town.test", *days(-9, -1))


def test_a_stolen_account_could_have_read_what_was_offered_to_it(past: Past) -> None:
    """From when it was offered, also if it was collected before; not what had expired."""
    with writing(past.folder) as pen:
        journey = pen.then(pen.mail("jo@town.test", "clerk@court.test", name="offer.pdf"), judged(0, Outcome.SEND))
        journey = pen.then(journey, cleaned(0), intent(journey, 0), Offered(leg=0, until_ms=2**42))
        pen.then(journey, Collected(leg=0, by="clerk@court.test", source="192.0.2.1"))

    assert [(journey.transfer.id, "could be read")] == [
        (one["transfer"], one["how"]) for one in rows(past, "blast", "clerk@court.test", *days(-1, 2))
    ]


def test_a_key_nobody_has_is_a_usage_error(past: Past) -> None:
    """An SSH key that opens no account leads to no person."""
    assert 2 == run(past, "blast", "SHA256:" + "x" * 43, *days(-1, 2)).exit_code


# ── integrity ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_integrity_says_who_vouches(past: Past) -> None:
    """Whole, and nobody outside who could tell."""
    found = {one["about"]: one["verdict"] for one in rows(past, "integrity")}

    assert {"recomputed": "ok", "outsiders": "nobody"} == found


def test_integrity_of_a_damaged_ledger(past: Past) -> None:
    """It ends with 1 and names what is wrong."""
    db = apsw.Connection(str(past.folder / "var" / "records" / "records.db"))
    db.execute("DELETE FROM term WHERE stream = (SELECT id FROM stream WHERE name = ?)", (past.held,))
    db.close()

    result = run(past, "integrity", "--json")

    assert 1 == result.exit_code
    assert (past.held, "WRONG") in [(one["about"], one["verdict"]) for one in json.loads(result.stdout)]
