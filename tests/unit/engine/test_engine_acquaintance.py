"""Whom we have reached: what was shipped or collected counts for that recipient alone, and is looked for no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.engine import acquaintance
from gateway.engine.acquaintance import Acquaintance
from gateway.engine.archive import Archive, Story
from gateway.engine.entries import Write
from gateway.engine.inquiry import Question
from gateway.facts import Collected, LegFact, Offered, Outcome, Received, Truth
from gateway.keep.memory import MemoryRecords
from gateway.transfer import Leg, Recipient, Way, transfer_id
from tests.playbook import attempted, deferred, judged, mail, scrubbed, sealed, shipped
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    JUDGE,
    Office,
    in_the_office,
    party,
    rules,
    to,
)

ASKED = '[[require]]\nid = "ask-first"\nwhen = ["first-contact"]\nthen = ["approval-by head"]\nbecause = "Sure?"\n'
ONCE = '[[forbid]]\nid = "once"\nunless = ["first-contact"]\nbecause = "One letter each."\n'
NEVER = '[[forbid]]\nid = "no-strangers"\nwhen = ["first-contact"]\nbecause = "Ring first."\n'
ANYTHING = Question(sender=party(ALENA), recipient=to(COURT), way=Way.MAIL)
BOX = Recipient(partner="court")


class Watched(Archive):
    """Counts what is opened."""

    opened = 0

    def story(self, stream: str) -> Story | None:
        self.opened += 1
        return super().story(stream)


class Counting(MemoryRecords):
    """Counts what is asked of the index."""

    asked = 0

    def find(self, groups: Sequence[Sequence[bytes]], *, limit: int) -> tuple[str, ...]:
        self.asked += 1
        return super().find(groups, limit=limit)


def looking(office: Office) -> tuple[Acquaintance, Watched]:
    watched = Watched(office.records, office.keyring)
    return Acquaintance(records=office.records, archive=watched, index_key=office.keyring.index_key), watched


async def write(office: Office, *recipients: Recipient, then: tuple[LegFact, ...] = ()) -> None:
    """One transfer, and what became of it."""
    identity = transfer_id(office.clock.random(16))
    legs = tuple(Leg(ordinal=n, recipient=one) for n, one in enumerate(recipients))
    received = Received(transfer=replace(mail(), id=identity, legs=legs, received_ms=office.clock.now_ms()))
    await office.scribe.append(Write(stream=identity, facts=(received, *then), expected=0, data_key=bytes(32)))


def sent(leg: int = 0) -> tuple[LegFact, ...]:
    return judged(leg), scrubbed(leg), sealed(leg), attempted(leg), shipped(leg)


def look(office: Office, recipient: Recipient) -> Truth:
    return looking(office)[0].look(recipient)


@in_the_office()
async def test_who_was_never_written_to_is_a_first_contact(office: Office) -> None:
    """No entry has them."""
    await write(office, to(COURT), then=sent())

    assert Truth.YES is look(office, to(JUDGE))


@in_the_office()
async def test_what_was_taken_is_a_contact_for_good(office: Office) -> None:
    """However the address is written, and whatever came to nothing since."""
    await write(office, to(COURT), then=sent())
    await write(office, to(COURT), then=(judged(0, Outcome.BLOCK),))

    assert [Truth.NO] * 2 == [look(office, to(COURT)), look(office, to("Registry@COURT.test"))]


@in_the_office()
async def test_only_the_leg_that_was_shipped_counts(office: Office) -> None:
    """One mail to two people, and the second server took nothing: the second is still unknown to us."""
    await write(office, to(COURT), to(CITIZEN), then=(*sent(0), *sent(1)[:-1], deferred(1)))

    assert [Truth.NO, Truth.YES] == [look(office, to(COURT)), look(office, to(CITIZEN))]


@in_the_office()
async def test_being_held_refused_or_tried_is_no_contact(office: Office) -> None:
    """Nothing has left, or nobody has said that it arrived."""
    for then in ((judged(0, Outcome.HOLD),), (judged(0, Outcome.BLOCK),), (*sent()[:-1], deferred(0))):
        await write(office, to(CITIZEN), then=then)

    assert Truth.YES is look(office, to(CITIZEN))


@in_the_office()
async def test_a_box_is_known_once_it_was_emptied(office: Office) -> None:
    """A partner's box goes by its name; what merely lies there has reached nobody, and makes no address known."""
    offered = (judged(0), scrubbed(0), sealed(0), Offered(leg=0, until_ms=office.clock.now_ms() + 1))
    await write(office, BOX, then=offered)
    before = look(office, BOX)
    await write(office, BOX, then=(*offered, Collected(leg=0, by="partner:court", source="192.0.2.9")))

    assert [Truth.YES, Truth.NO, Truth.YES] == [before, look(office, BOX), look(office, to(COURT))]


@in_the_office()
async def test_a_hit_ends_the_search(office: Office) -> None:
    """Of many transfers the newest that arrived is opened, and no other."""
    for _ in range(5):
        await write(office, to(COURT), then=sent())
    who, watched = looking(office)

    assert (Truth.NO, 1) == (who.look(to(COURT)), watched.opened)


@in_the_office()
async def test_an_old_contact_is_found_behind_any_number_of_failures(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the newest came to nothing: then the index is asked for what arrived, and the failures stay closed."""
    monkeypatch.setattr(acquaintance, "RECENT", 2)
    await write(office, to(COURT), then=sent())
    for _ in range(5):
        await write(office, to(COURT), then=(judged(0, Outcome.BLOCK),))
        await write(office, to(CITIZEN), to(JUDGE), then=sent(1))
    who, watched = looking(office)

    assert (Truth.NO, 3) == (who.look(to(COURT)), watched.opened)
    assert Truth.YES is who.look(to(CITIZEN))


@in_the_office(records=Counting)
async def test_who_is_known_is_asked_about_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact is remembered, up to a number; a first contact never is, for the next mail may end it."""
    monkeypatch.setattr(acquaintance, "REMEMBERED", 1)
    assert isinstance(office.records, Counting)
    for recipient in (to(COURT), to(JUDGE)):
        await write(office, recipient, then=sent())
    who, _ = looking(office)
    asked: list[int] = []
    for recipient in (to(COURT), to(COURT), to(JUDGE), to(COURT), to(CITIZEN), to(CITIZEN)):
        before = office.records.asked
        await who.first_contact(recipient)
        asked.append(office.records.asked - before)

    assert [1, 0, 1, 1, 1, 1] == asked


def test_a_store_that_is_away_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a contact nor none: unknown, and it is asked again."""
    office = Office()
    who, _ = looking(office)
    office.records.is_away = True

    assert Truth.UNKNOWN is asyncio.run(who.first_contact(to(COURT)))


# ── what the judge is told ───────────────────────────────────────────────────────────────────────────────────────────


@in_the_office(records=Counting)
async def test_the_store_is_asked_only_what_a_rule_asks(office: Office) -> None:
    """Rules without `first-contact` cost no look at the records."""
    assert isinstance(office.records, Counting)
    before = office.records.asked
    await office.inquiry.ask(ANYTHING)
    without = office.records.asked - before

    await office.publishes(transfers=ASKED)
    before = office.records.asked
    await office.inquiry.ask(ANYTHING)

    assert (0, 1) == (without, office.records.asked - before)


@in_the_office(rulebook=lambda: rules(transfers=NEVER))
async def test_a_stranger_is_known_as_one_before_the_content(office: Office) -> None:
    """At RCPT nothing of a mail is seen but its two addresses, and that is enough."""
    assert None is not await office.desk.foresee(party(ALENA), to(COURT), Way.MAIL)

    await write(office, to(COURT), then=sent())

    assert None is await office.desk.foresee(party(ALENA), to(COURT), Way.MAIL)


@in_the_office(rulebook=lambda: rules(transfers=ASKED))
async def test_the_first_mail_to_a_stranger_waits_and_the_second_goes(office: Office) -> None:
    """Ruth lets the first one go; once the court's server took it, nobody is asked about the court again."""
    await office.trusts(COURT)
    first = await office.accepts()
    await office.rests()
    assert (["waits"], []) == (office.reasons(first), office.post.got(COURT))

    await office.orders.release(first, None, party("ruth@town.test"), "rang them")
    await office.rests()
    second = await office.accepts()
    await office.rests()

    assert [first, second] == [one.transfer for one in office.post.got(COURT)]
    said = [office.journey(one).legs[0].judged for one in (first, second)]
    assert ["yes", "no"] == [known.value for one in said if one for known in one.known if "first" in known.name]


@in_the_office(rulebook=lambda: rules(transfers=ONCE))
async def test_a_contact_between_verdict_and_first_byte_changes_nothing(office: Office) -> None:
    """Judged once: what was judged as a first contact goes under that verdict, though another mail was faster."""
    await office.trusts(COURT)

    async def faster() -> None:
        await write(office, to(COURT), then=sent())

    office.post.at_the_door = faster
    first = await office.accepts()
    await office.rests()

    assert [first] == [one.transfer for one in office.post.got(COURT)]
    assert Outcome.BLOCK is (await office.inquiry.ask(ANYTHING)).verdict.outcome
