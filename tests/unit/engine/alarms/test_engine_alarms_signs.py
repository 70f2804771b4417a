"""What facts say of somebody: what was sent, refused, collected, and by whom, though only the first fact names them."""

from __future__ import annotations

from dataclasses import replace

from gateway.engine.alarms.signs import MOST_STREAMS, Did, Reader, Sign
from gateway.facts import Collected, Declined, Judged, Outcome, Received, Shipped
from gateway.transfer import Party
from tests.playbook import HOP, mail

AT = 1_795_435_200_000
TRANSFER = mail()
RECEIVED = Received(transfer=TRANSFER)
WHO = TRANSFER.sender.person.lower()


def judged(outcome: Outcome, leg: int = 0) -> Judged:
    return Judged(leg=leg, outcome=outcome, rules=(), demands=(), reasons=(), known=(), ruleset="")


def read(*batches: tuple[object, ...], reader: Reader | None = None) -> list[Sign]:
    reader = reader or Reader()
    return [sign for facts in batches for sign in reader.signs(TRANSFER.id, facts, AT)]  # type: ignore[arg-type]


def test_what_is_accepted_is_sent_once_for_each_recipient() -> None:
    """By the person who signed in, to each leg's recipient."""
    expected = [Sign(did=Did.SENT, who=WHO, at_ms=AT, to=leg.recipient.key) for leg in TRANSFER.legs]

    assert expected == read((RECEIVED,))


def test_a_refusal_at_the_door_is_one_and_nothing_was_sent() -> None:
    """However many recipients it had."""
    facts = (RECEIVED, *(judged(Outcome.BLOCK, leg.ordinal) for leg in TRANSFER.legs))

    assert [Sign(did=Did.REFUSED, who=WHO, at_ms=AT)] == read(facts)


def test_a_later_refusal_is_its_senders() -> None:
    """By the judge or by a person; what goes or waits is none."""
    found = read((RECEIVED,), (judged(Outcome.BLOCK),), (judged(Outcome.HOLD),), (Declined(leg=0, by="p", why=""),))

    assert [Did.REFUSED, Did.REFUSED] == [sign.did for sign in found[len(TRANSFER.legs) :]]
    assert {WHO} == {sign.who for sign in found}


def test_what_a_partner_collects_is_its_own() -> None:
    """A colleague who fetches what a partner left does daily work."""
    theirs = Collected(leg=0, by="partner:court", source="192.0.2.1")
    ours = replace(theirs, by="jo@town.test")

    found = read((RECEIVED,), (theirs,), (ours,))[len(TRANSFER.legs) :]

    assert [Sign(did=Did.COLLECTED, who="partner:court", at_ms=AT)] == found


def test_the_gateways_notes_are_nobodys() -> None:
    """Neither sent nor refused; nor is what an outsider sends in, of whom only an address of the network is known."""
    for person in ("", "outside:192.0.2.9"):
        note = Received(transfer=replace(TRANSFER, sender=Party(person=person, address=None)))

        assert [] == read((note,), (judged(Outcome.BLOCK),), (Shipped(leg=0, hop=HOP, reply="250"),))


def test_senders_are_remembered_for_so_many() -> None:
    """Of one forgotten, a late refusal is nobody's; memory stays bounded."""
    reader = Reader()
    read((RECEIVED,), reader=reader)
    for number in range(MOST_STREAMS):
        list(reader.signs(f"T-{number}", (RECEIVED,), AT))

    assert [] == read((judged(Outcome.BLOCK),), reader=reader)
