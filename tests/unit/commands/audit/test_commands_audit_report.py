"""The questions auditors ask again and again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from gateway.facts import Approved, Outcome, Reason, Undeliverable
from tests.audited import DIGEST_IN, DIGEST_OUT, Past, cleaned, intent, judged, writing
from tests.playbook import attempted, deferred, shipped

AUDITOR = "per@town.test"
CLERK, STRANGER, JUDGE = "clerk@court.test", "stranger@other.test", "judge@court.test"


def rows(past: Past, *words: str, by: str = AUDITOR) -> list[dict[str, object]]:
    """What `ledger report` answers."""
    words = ("report", *words, "--json", "--as", by)
    result = CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder), input=past.passwords[by] + "\n")
    assert 0 == result.exit_code, result.output
    answer = json.loads(result.stdout)
    assert isinstance(answer, list)
    return answer


def column(name: str, found: list[dict[str, object]]) -> list[object]:
    return [row[name] for row in found]


# ── accounting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_accounting_has_what_the_law_asks_for(past: Past) -> None:
    """Date, recipient, what it was and why it was sent; and how to prove it."""
    (row,) = rows(past, "accounting", CLERK)

    assert (CLERK, "=claim;1.pdf; Claim", "litigation", "delivered", DIGEST_OUT.sha256, past.delivered, 9) == tuple(
        row[name] for name in ("recipient", "description", "purpose", "how", "sha256_out", "transfer", "entry")
    )
    assert str(row["at"]).endswith("Z")


def test_what_was_refused_or_waits_is_no_disclosure(past: Past) -> None:
    """A stranger who was sent nothing, and a judge whose server was busy, have no rows."""
    assert [[], []] == [rows(past, "accounting", person) for person in (STRANGER, JUDGE)]


def test_a_partner_is_accounted_for_by_its_id(past: Past) -> None:
    """All its addresses together."""
    assert [CLERK] == column("recipient", rows(past, "accounting", "court"))


def test_a_delivery_in_doubt_is_a_disclosure_until_it_is_settled(past: Past) -> None:
    """The other side may have it; when it turns out to be delivered, it is still one."""
    with writing(past.folder) as pen:
        journey = pen.then(pen.mail("jo@town.test", JUDGE), judged(0, Outcome.SEND, "to-court"))
        journey = pen.then(journey, cleaned(0), intent(journey, 0))
        journey = pen.then(journey, attempted(0), deferred(0, is_in_doubt=True))
    in_doubt = rows(past, "accounting", JUDGE)
    with writing(past.folder) as pen:
        released = Approved(leg=0, by="ruth@town.test", why="rang them", covers=("in-doubt",))
        pen.then(journey, released, attempted(0), shipped(0))

    assert ([["in doubt"], ["delivered"]]) == [column("how", in_doubt), column("how", rows(past, "accounting", JUDGE))]


def test_disclosures_about_somebody_are_found_by_words(past: Past) -> None:
    """What went to others with the name in its subject counts too, each once."""
    to_and_about = rows(past, "accounting", CLERK, "--about", "CLAIM")
    about = rows(past, "accounting", "resident@home.test", "--about", "claim", "--about", "1.pdf")

    assert [[past.delivered], [past.delivered]] == [column("transfer", to_and_about), column("transfer", about)]


def test_an_accounting_ends_where_it_is_told(past: Past) -> None:
    """Days before all of it have nothing."""
    assert [] == rows(past, "accounting", CLERK, "--to", "2020-12-31")


# ── custody ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("matter", ["1.PDF", "claim", DIGEST_IN.sha256, "{delivered}"])
def test_custody_goes_from_hand_to_hand(matter: str, past: Past) -> None:
    """By words, digest or transfer: every link in order, whole."""
    links = [
        one for one in rows(past, "custody", matter.format(delivered=past.delivered))
        if (one["transfer"], one["leg"]) == (past.delivered, 0)
    ]  # fmt: skip

    assert [2, 4, 6, 7, 8, 9] == column("entry", links)
    assert {""} == set(column("broken", links))


def test_a_chain_with_another_thing_in_it_is_broken(past: Past) -> None:
    """What was sealed is not what came in: the link says so."""
    with writing(past.folder) as pen:
        journey = pen.then(pen.mail("jo@town.test", JUDGE, name="swap.pdf"), judged(0, Outcome.SEND, "to-court"))
        sealed = intent(journey, 0)
        swapped = replace(sealed, original=replace(sealed.original, digest=DIGEST_OUT))
        pen.then(journey, cleaned(0), swapped)

    broken = [one for one in rows(past, "custody", "swap.pdf") if one["broken"]]

    assert [("Sealed: this is what will leave", "this is not what was handed in")] == [
        (one["what"], one["broken"]) for one in broken
    ]


def test_a_chain_that_may_not_be_seen_is_not_called_whole(past: Past) -> None:
    """Somebody who sees no digests is told that the chain cannot be followed."""
    links = rows(past, "custody", past.delivered, by="jo@town.test")

    assert ["its digests are erased, or not yours to see: the chain cannot be followed"] * 2 == [
        one["broken"] for one in links if one["broken"]
    ]


# ── exceptions, access ───────────────────────────────────────────────────────────────────────────────────────────────


def test_exceptions_name_who_decided(past: Past) -> None:
    """Holds, refusals, releases and failures, with the person and their words."""
    with writing(past.folder) as pen:
        journey = pen.then(pen.mail("jo@town.test", JUDGE), judged(0, Outcome.HOLD, "ask-first"))
        released = Approved(leg=0, by="ruth@town.test", why="the court rang", covers=("waits",))
        journey = pen.then(journey, released, judged(0, Outcome.SEND, "to-court"))
        journey = pen.then(journey, cleaned(0), intent(journey, 0), attempted(0))
        pen.then(journey, Undeliverable(leg=0, reason=Reason(code="refused"), reply="550 no"))

    found = rows(past, "exceptions")

    assert [
        ("Judged: waits", "", ""),
        ("Refused by a person", "ruth@town.test", "not ours"),
        ("Judged: waits", "", ""),
        ("Judged: waits", "", ""),
        ("Released", "ruth@town.test", "the court rang"),
        ("Undeliverable: it will not be tried again", "", "refused"),
    ] == [(one["what"], one["decided_by"], one["reason"]) for one in found]
    assert ["release;waits"] == [one["covers"] for one in found if one["covers"]]


def test_access_says_who_looked(past: Past) -> None:
    """Person, role, question, reason, and how much of the ledger there was."""
    rows(past, "exceptions", "--why", "my turn")

    assert [(AUDITOR, "auditor", "report exceptions ..", "my turn", "19")] == [
        tuple(one[name] for name in ("who", "role", "question", "why", "as_of"))
        for one in rows(past, "access")
        if one["question"] != "report access .."
    ]


def test_staff_see_only_their_own_part(past: Past, tmp_path: Path) -> None:
    """Without a power the report is about one's own transfers, and says so to people."""
    words = ["report", "exceptions", "--as", "jo@town.test"]
    shown = (
        CliRunner()
        .invoke(ledger, words, obj=Setting(folder=past.folder), input=past.passwords["jo@town.test"] + "\n")
        .stdout
    )

    assert ("As subject: only what these had a part in: jo@town.test" in shown, "ruth@town.test" in shown) == (
        True,
        False,
    )


def test_days_the_wrong_way_round_are_a_usage_error(past: Past) -> None:
    """It ends with 2."""
    words = ["report", "exceptions", "--from", "2026-02-01", "--to", "2026-01-01", "--as", AUDITOR]

    result = CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder), input=past.passwords[AUDITOR] + "\n")

    assert 2 == result.exit_code
