"""Receipts and the pages of folders, as text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date

import pytest

from gateway.catalogue.texts import ENGLISH
from gateway.engine.archive import Story
from gateway.engine.files.receipts import Scope, as_json, as_text, document, in_words, read_me, titles
from gateway.facts import Fact, Judged, Outcome, Reason, Recalled, Received
from gateway.journey import State
from gateway.keep import Row
from gateway.transfer import BlobId, Digest, Envelope, Item, Leg, Recipient, Transfer, Way, transfer_id
from tests.unit.engine.engine_world import ALENA, NOON, party, rules

ITEM = Item(name="Žaloba.pdf", media="application/pdf", size_bytes=3, digest=Digest.of(b"abc"), blob=BlobId("0" * 32))
TRANSFER = Transfer(
    id=transfer_id(b"0" * 16), way=Way.SFTP, sender=party(ALENA), items=(ITEM,),
    legs=(Leg(ordinal=0, recipient=Recipient(partner="court")),), received_ms=NOON, label="office", purpose="general",
)  # fmt: skip


def story(*facts: Fact) -> Story:
    rows = tuple(Row(version=n + 1, kind="", at_ms=NOON, body=b"", first_index=7 + n) for n in range(1 + len(facts)))
    return Story(stream=TRANSFER.id, rows=rows, facts=(Received(transfer=TRANSFER), *facts), key=b"k" * 32)


def judged(outcome: Outcome, *codes: str) -> Judged:
    reasons = tuple(Reason(code=code) for code in codes)
    return Judged(leg=0, outcome=outcome, rules=("r",), demands=(), reasons=reasons, known=(), ruleset="d" * 64)


def test_a_receipt_for_a_person() -> None:
    """It says what became of the file, in a sentence, then what is known of it, line by line."""
    text = as_text(document(story(judged(Outcome.HOLD, "document")), rules()), ENGLISH).decode("utf-8-sig")
    assert text.startswith("This file waits.\r\n")
    for words in ("Žaloba.pdf", "partner:court", Digest.of(b"abc").sha256, TRANSFER.id, "7, 8"):
        assert words in text, words


def test_a_receipt_for_a_machine() -> None:
    """The same, as JSON; what is not known yet is null or empty."""
    receipt = json.loads(as_json(document(story(Recalled(leg=0, by=ALENA)), rules(), b"bundle")))
    assert ("recalled", 3, None, "YnVuZGxl") == (
        receipt["state"], receipt["bytes_in"], receipt["bytes_out"], receipt["bundle"],
    )  # fmt: skip


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_words(state: State) -> None:
    """A receipt can be written wherever a leg is."""
    assert in_words(state, ENGLISH)


def test_the_names_of_receipts() -> None:
    """Day and name; the same twice is numbered; one that was refused is named by what it was to be."""
    refused = replace(TRANSFER, items=(), envelope=Envelope(subject="žaloba.PDF"))
    nameless = replace(TRANSFER, items=())
    found = titles([TRANSFER, refused, nameless], UTC)
    assert ("2026-11-23-Žaloba.pdf", "2026-11-23-žaloba.PDF (2)", f"2026-11-23-{TRANSFER.id}") == found


def test_a_long_name_still_fits() -> None:
    """Whatever a file is called, its receipt's name is one that a disk can hold."""
    long = replace(TRANSFER, items=(replace(ITEM, name="ž" * 127),))
    (title,) = titles([long], UTC)
    assert len(f"{title} (99).json".encode()) <= 255


def test_what_a_folder_says() -> None:
    """Who receives, the label, what is taken out, who can grant more."""
    scope = Scope(
        recipient=Recipient(partner="court"), label="office", purpose=None, strips=("comments",), holds=(),
        is_pushed=True,
    )  # fmt: skip
    text = read_me(scope, rules(), ALENA, date(2026, 11, 23)).decode("utf-8-sig")
    told = ("County Court", "their server", "comments", "cannot be determined", "court-filing", "Ruth Okafor", "[case]")
    for words in told:
        assert words in text, words
    assert "letters-to-citizens" not in text
    assert "would not go" not in text


def test_a_folder_that_takes_nothing_as_it_stands_says_so_first() -> None:
    """Whoever opens the page of the wrong folder reads which one is right."""
    scope = Scope(
        recipient=Recipient(partner="court"), label="office", purpose="general", strips=(), holds=(), is_pushed=True,
        but="This goes only for litigation.",
    )  # fmt: skip

    text = read_me(scope, rules(), ALENA, date(2026, 11, 23)).decode("utf-8-sig")

    assert "As it stands, a file put right here would not go: This goes only for litigation.\r\n" in text
