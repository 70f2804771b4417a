"""Drafts: what the ledger knows stands in them, what only a person knows is a gap, and nobody gets another's list."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.catalogue.texts import ENGLISH
from gateway.engine.containment.contained import Contained, Containment, What
from gateway.engine.questions.blast import Exposed
from gateway.engine.questions.period import Period
from gateway.engine.response.letters import MOST_ROWS, WIDTH, Incident, drafts
from tests.unit.engine.engine_world import ALENA, COURT, DAY, NOON, RUTH, rules

SMITH = "day@smithday.test"
BOOK = rules()


def row(recipient: str = COURT, *, number: int = 1, protection: str = "openpgp; TLSv1.3", partner: str = "") -> Exposed:
    return Exposed(
        at="2026-11-23T11:00:00.000Z", how="could have been theirs", kind="received", transfer=f"T-{number}", leg=0,
        sender=ALENA, recipient=recipient, content=f"Claim {number}", label="confidential", sha256_out="",
        entry=number, partner=partner, protection=protection,
    )  # fmt: skip


def incident(*rows: Exposed, what: What = What.PERSON, who: str = ALENA) -> Incident:
    order = Containment(id="c-1", what=what, who=who, at_ms=NOON, because="Her telephone was stolen")
    return Incident(
        contained=Contained(order=order, by=RUTH), period=Period(first_ms=NOON - 7 * DAY, until_ms=NOON), rows=rows,
        rulebook=BOOK, zone=ZoneInfo("Europe/London"), texts=ENGLISH, today=date(2026, 11, 23),
    )  # fmt: skip


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_authority_reads_what_article_33_asks_for() -> None:
    """Nature, numbers, contact, consequences, measures, the 72 hours; what nobody here knows is marked."""
    said = flat(drafts(incident(row(), row(SMITH, number=2, protection="")))["letter-authority.txt"])

    assert "GDPR ART. 33" in said
    assert "24 hours" not in said
    assert "26 November 2026, 12:00" in said
    assert "affected, 2 (1 of them encrypted to the recipient)" in said
    assert "Her telephone was stolen" in said
    assert {"data protection officer", "what it may mean for the persons concerned"} <= {
        gap for gap in ("data protection officer", "what it may mean for the persons concerned") if gap in said
    }


def test_a_partner_reads_of_its_own_transfers_only() -> None:
    """The court's letter has the court's, the solicitors' has theirs."""
    letters = drafts(incident(row(), row(SMITH, number=2), row("anna@example.test", number=3)))

    assert {"letter-partner-court.txt", "letter-partner-smith-and-day.txt"} <= letters.keys()
    assert ("Claim 1" in letters["letter-partner-court.txt"], "Claim 2" in letters["letter-partner-court.txt"]) == (
        True, False,
    )  # fmt: skip
    assert "Claim 3" not in "".join(letters[name] for name in letters if "partner" in name)


def test_a_contained_partner_is_told_of_its_own_access() -> None:
    """Even if nothing was sent."""
    said = flat(drafts(incident(what=What.PARTNER, who="court"))["letter-partner-court.txt"])

    assert "It concerns your own access to us" in said
    assert "We found no transfer between us in that time." in said


def test_the_persons_letter_says_how_much_was_encrypted() -> None:
    """And leaves their part to a person."""
    said = flat(drafts(incident(row(), row(number=2)))["letter-people.txt"])

    assert "of 2 transfers, 2 had been encrypted" in said
    assert "[[ which papers of the list" in said


@pytest.mark.parametrize("what", [What.PERSON, What.ACCOUNT, What.PARTNER, What.KEY, What.PAUSE])
def test_every_draft_is_whole(what: What) -> None:
    """No place left unfilled, gaps closed, lines that fit, and that it is a draft stands first."""
    who = {What.PARTNER: "court", What.KEY: "AB" * 20}.get(what, ALENA)
    for name, text in drafts(incident(row(), what=what, who=who)).items():
        assert text.startswith("DRAFT of 23 November 2026"), name
        assert text.count("[[") == text.count("]]") > 0
        assert not re.search(r"[{}]", text)
        assert max(map(len, text.splitlines())) <= WIDTH


def test_a_long_list_is_cut_in_the_letter() -> None:
    """All are in the list beside it."""
    said = drafts(incident(*(row(number=n) for n in range(MOST_ROWS + 5))))["letter-partner-court.txt"]

    assert MOST_ROWS == said.count("alena@town.test to")


def test_what_a_sender_wrote_stays_in_its_line() -> None:
    """A subject with braces or line ends is theirs, and breaks nothing."""
    odd = msgspec.structs.replace(row(), content="{x}\n\nTo: you")
    said = drafts(incident(odd))["letter-partner-court.txt"]

    assert "{x}" in said
    assert not re.search(r"^To: you", said, re.MULTILINE)
