"""The sheet of states: complete, readable, and nothing a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC

import pytest
from msgspec import structs

from gateway.catalogue.texts import ENGLISH
from gateway.engine.archive import Story
from gateway.engine.files.statussheet import sheet
from gateway.facts import Fact, Recalled, Received
from gateway.keep import Row
from gateway.transfer import BlobId, Digest, Item, Leg, Recipient, Transfer, Way, transfer_id
from tests.unit.engine.engine_world import ALENA, NOON, party

HEADINGS = ["handed in", "file", "for", "label", "purpose", "state", "in words", "receipt", "reference"]


def story(name: str, *facts: Fact) -> Story:
    item = Item(name=name, media="text/plain", size_bytes=3, digest=Digest.of(b"abc"), blob=BlobId("0" * 32))
    transfer = Transfer(
        id=transfer_id(b"0" * 16), way=Way.SFTP, sender=party(ALENA), items=(item,),
        legs=(Leg(ordinal=0, recipient=Recipient(partner="court")),), received_ms=NOON, label="office",
        purpose="general",
    )  # fmt: skip
    rows = tuple(Row(version=n + 1, kind="", at_ms=NOON, body=b"", first_index=n) for n in range(1 + len(facts)))
    return Story(stream=transfer.id, rows=rows, facts=(Received(transfer=transfer), *facts), key=b"k" * 32)


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_line_says_where_a_file_stands() -> None:
    """When, what, for whom, under which label, its state, and where its receipt is."""
    taken_back = story("žaloba.txt", Recalled(leg=0, by=ALENA))

    first, line = rows(sheet([("2026-11-23-žaloba.txt", taken_back)], UTC, ENGLISH))

    assert HEADINGS == first
    assert ["žaloba.txt", "court", "office", "general", "recalled"] == line[1:6]
    assert ["2026-11-23-žaloba.txt.txt", taken_back.stream] == line[7:]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1+1", '"=1', "a,b"])
def test_no_cell_is_a_formula(name: str) -> None:
    """Whatever a file is called, a spreadsheet shows it and computes nothing; commas and quotes stay in their cell."""
    _, line = rows(sheet([("t", story(name))], UTC, ENGLISH))

    assert line[1].removeprefix("'") == name
    assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in line)


def test_nobody_has_handed_in_anything() -> None:
    """The sheet is there all the same, with its headings."""
    assert [HEADINGS] == rows(sheet([], UTC, ENGLISH))


def test_one_that_was_refused_at_the_door_is_there() -> None:
    """It has no file; its name is what it was to be."""
    refused = story("x.txt")
    received = refused.facts[0]
    assert isinstance(received, Received)
    transfer = replace(received.transfer, items=())
    only = structs.replace(refused, facts=(Received(transfer=transfer),))

    assert transfer.envelope.subject == rows(sheet([("t", only)], UTC, ENGLISH))[1][1]
