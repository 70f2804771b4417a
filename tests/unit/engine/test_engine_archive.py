"""Reading back what the scribe wrote: facts as they were, nothing that was forgotten, and no row out of its place."""

from __future__ import annotations

import pytest

from gateway.engine.archive import open_body, seal_body
from gateway.errors import Tampering
from gateway.journey import Unlawful
from gateway.keep import Row
from tests.unit.engine.engine_world import Office, in_the_office

KEY, NONCE = b"k" * 32, b"n" * 12


def row(version: int = 1, kind: str = "judged", body: bytes = b"") -> Row:
    return Row(version=version, kind=kind, at_ms=0, body=body, first_index=0)


@in_the_office()
async def test_a_story_is_its_facts(office: Office) -> None:
    """Rows and facts stand beside each other, and a transfer's fold into its journey."""
    transfer = await office.accepts()
    await office.rests()

    story = office.archive.story(transfer)

    assert story is not None
    assert [row.kind for row in story.rows] == office.kinds(transfer)
    assert transfer == story.journey.transfer.id


@in_the_office()
async def test_nothing_is_known_of_nothing(office: Office) -> None:
    """A stream that never was, and one that was forgotten, read the same: None."""
    transfer = await office.accepts()
    await office.rests()
    office.runner.drain()
    office.records.forget(transfer)

    assert (None, None) == (office.archive.story("T-nobody"), office.archive.story(transfer))
    assert office.archive.class_key("person/nobody") is None


@in_the_office()
async def test_an_offices_stream_has_no_journey(office: Office) -> None:
    """Rules and keys are not transfers."""
    story = office.archive.story("office/rules")

    assert story is not None
    with pytest.raises(Unlawful):
        _ = story.journey


def test_a_body_opens_in_its_own_place_only() -> None:
    """Rows cannot be swapped between streams, versions or kinds."""
    sealed = seal_body(KEY, "T-1", 1, "judged", b"CANARY", NONCE)

    assert b"CANARY" == open_body(KEY, "T-1", row(body=sealed))
    assert b"CANARY" not in sealed
    for stream, other in (
        ("T-2", row(body=sealed)),
        ("T-1", row(2, body=sealed)),
        ("T-1", row(kind="sealed", body=sealed)),
    ):
        with pytest.raises(Tampering):
            open_body(KEY, stream, other)
