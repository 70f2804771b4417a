"""Whoever may audit gets the ledger's head by letter, once a day, whatever restarts in between."""

from __future__ import annotations

import email
from email import policy
from pathlib import Path

from gateway.engine.outsiders.letters import SETTLED_MS, Letters
from gateway.engine.publication import Publication
from gateway.facts import Received
from gateway.keep.beside import BlobsBeside
from gateway.keep.sealed import open_sealed
from gateway.ledger.checkpoint import verify
from gateway.ledger.cosignature import Cosigner
from tests.unit.engine.engine_world import DAY, MINUTE, Office, in_the_office


def letters(office: Office, folder: Path) -> tuple[Letters, Publication]:
    publication = Publication(folder, office.records, office.signer.vkey)
    made = Letters(
        publication=publication, archive=office.archive, scribe=office.scribe, notes=office.notes,
        rules=office.in_force, clock=office.clock, secret_key=b"i" * 32,
    )  # fmt: skip
    office.clock.at_ms += SETTLED_MS
    return made, publication


def publish(office: Office, publication: Publication) -> str:
    head = office.scribe.head
    assert head is not None
    publication.publish(head)
    return head.note


def auditors(office: Office) -> list[str]:
    return sorted(one.address for one in office.in_force.rulebook.people.everyone if "audit" in one.powers)


def written(office: Office) -> list[tuple[str, bytes]]:
    """Every letter: to whom, and its bytes."""
    found = []
    for stream in office.records.find([], limit=1000):
        story = office.archive.story(stream)
        first = story.facts[0] if story and story.facts else None
        if story and isinstance(first, Received) and not first.transfer.sender.person:
            (item,) = first.transfer.items
            content = b"".join(open_sealed(BlobsBeside(office.blobs, office.records), item.blob, story.key))
            found.append((str(first.transfer.legs[0].recipient.address), content))
    return sorted(found)


@in_the_office()
async def test_everybody_who_may_audit_gets_todays_head(office: Office, tmp_path: Path) -> None:
    """Words for people, and the signed note as it was published, to the letter."""
    chore, publication = letters(office, tmp_path)
    note = publish(office, publication)

    await chore.turn()

    found = written(office)
    assert auditors(office) == [to for to, _ in found]
    assert found
    message = email.message_from_bytes(found[0][1], policy=policy.default)
    (attached,) = list(message.iter_attachments())
    assert ("checkpoint.txt", note) == (attached.get_filename(), attached.get_content().replace("\r\n", "\n"))
    body = message.get_body()
    assert body is not None
    assert "entries" in body.get_content()
    assert "No outside witness" in body.get_content()


@in_the_office()
async def test_one_a_day_whatever_restarts(office: Office, tmp_path: Path) -> None:
    """The same day makes no second one, not even for a gateway that starts anew; the next day makes the next."""
    chore, publication = letters(office, tmp_path)
    publish(office, publication)
    await chore.turn()
    await chore.turn()
    again, _ = letters(office, tmp_path)
    await again.turn()
    assert len(auditors(office)) == len(written(office))

    office.clock.at_ms += DAY
    await again.turn()

    assert 2 * len(auditors(office)) == len(written(office))


@in_the_office()
async def test_not_at_once_and_not_without_a_head(office: Office, tmp_path: Path) -> None:
    """A gateway that has just started, or has published nothing, writes to nobody."""
    chore, publication = letters(office, tmp_path)
    await chore.turn()
    publish(office, publication)
    office.clock.at_ms -= MINUTE
    await chore.turn()
    assert [] == written(office)


@in_the_office()
async def test_it_says_who_else_saw_the_head(office: Office, tmp_path: Path) -> None:
    """With a witness's line the letter says so, and carries the line."""
    chore, publication = letters(office, tmp_path)
    note, witness = publish(office, publication), Cosigner("county.test/witness", b"w" * 32)
    publication.vouch(note, [witness.line(note.partition("\n\n")[0] + "\n", 1_800_000_000)])

    await chore.turn()

    message = email.message_from_bytes(written(office)[0][1], policy=policy.default)
    (attached,) = list(message.iter_attachments())
    assert "county.test/witness" in attached.get_content()
    assert verify(attached.get_content().replace("\r\n", "\n"), [office.signer.vkey]).signers
    assert "lines of outside witnesses" in message.get_body().get_content().replace("\n", " ")  # type: ignore[union-attr]
