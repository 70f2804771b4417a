"""What waits to be collected: found at once, never shown once it is over, and no story is opened twice for nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from msgspec import structs

from gateway.engine.archive import Archive, Story
from gateway.engine.entries import Write
from gateway.engine.files import offers as offering
from gateway.engine.files.offers import Group, Offer, Offers, is_collectable
from gateway.errors import StoreAway, Tampering
from gateway.facts import Collected, Expired, LegFact, Offered, Reason, Recalled, Received
from gateway.ledger.terms import term
from gateway.transfer import Leg, Party, Recipient, TransferId, Way, transfer_id
from tests.playbook import judged, mail, scrubbed, sealed
from tests.unit.engine.engine_world import ALENA, DAY, Office, in_the_office, party, to

COURT, FIRM = Group(("partner", "court")), Group(("partner", "smith-and-day"))
BY_FIRM = Group(("person", "partner:smith-and-day"))
AT_COURT = ("partner:court",)


class Watched(Archive):
    """Says what is opened."""

    def __init__(self, office: Office) -> None:
        super().__init__(office.records, office.keyring)
        self.opened: list[str] = []

    def story(self, stream: str) -> Story | None:
        self.opened.append(stream)
        return super().story(stream)

    def lately(self) -> list[str]:
        """What was opened since one last asked."""
        opened, self.opened = self.opened, []
        return opened


class Shown:
    """The index, with what it opens."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.archive = Watched(office)
        self.offers = Offers(records=office.records, archive=self.archive, index_key=office.keyring.index_key)

    def __call__(self, group: Group = COURT, recipients: Sequence[str] = AT_COURT) -> list[TransferId]:
        return [one.transfer for one in self.look(group, recipients)]

    def look(self, group: Group = COURT, recipients: Sequence[str] = AT_COURT) -> tuple[Offer, ...]:
        return self.offers.waiting(group, recipients, self.office.clock.now_ms())


async def drop(
    office: Office, *, partner: str = "court", to: Recipient | None = None, by: Party | None = None,
    days: int | None = 7, way: Way = Way.SFTP,
) -> TransferId:  # fmt: skip
    """A file that is offered for so many days, or that has only been handed in."""
    identity = transfer_id(office.clock.random(16))
    legs = (Leg(ordinal=0, recipient=to or Recipient(partner=partner)),)
    transfer = replace(
        mail(), id=identity, way=way, sender=by or party(ALENA), legs=legs, received_ms=office.clock.now_ms()
    )
    write = Write(stream=identity, facts=(Received(transfer=transfer),), expected=0, data_key=bytes(32))
    await office.scribe.append(write)
    if days is not None:
        await offer(office, identity, days)
    return identity


async def offer(office: Office, transfer: TransferId, days: int = 7) -> None:
    until_ms = office.clock.now_ms() + days * DAY
    await then(office, transfer, judged(0), scrubbed(0), sealed(0), Offered(leg=0, until_ms=until_ms))


async def then(office: Office, transfer: TransferId, *facts: LegFact) -> None:
    version = office.records.history(transfer).version
    await office.scribe.append(Write(stream=transfer, facts=facts, expected=version))


RECALLED = Recalled(leg=0, by=ALENA)
EXPIRED = Expired(leg=0, reason=Reason(code="not-collected"))
COLLECTED = Collected(leg=0, by="partner:court", source="192.0.2.9")


@in_the_office()
async def test_every_story_is_opened_once(office: Office) -> None:
    """A second look opens nothing; after one was collected, that one alone."""
    shown = Shown(office)
    first, second = await drop(office), await drop(office)
    assert [first, second] == shown()
    assert sorted((first, second)) == sorted(shown.archive.lately())

    assert [first, second] == shown()
    assert [] == shown.archive.lately()

    await then(office, first, COLLECTED)
    assert [first, second] == shown()
    assert [first] == shown.archive.lately()


@in_the_office()
async def test_a_new_offer_is_seen_at_once(office: Office) -> None:
    """The first look after its commit shows it, and opens nothing else."""
    shown = Shown(office)
    first = await drop(office)
    assert [first] == shown()
    shown.archive.lately()

    second = await drop(office)

    assert [first, second] == shown()
    assert [second] == shown.archive.lately()


@in_the_office()
async def test_what_was_offered_late_stands_where_it_was_received(office: Office) -> None:
    """The order is that of reception, as it is when all is read anew."""
    shown = Shown(office)
    held = await drop(office, days=None)
    later = await drop(office)
    assert [later] == shown()

    await offer(office, held)

    assert [held, later] == shown() == Shown(office)()


@pytest.mark.parametrize("ending", [RECALLED, EXPIRED])
@in_the_office()
async def test_what_is_over_is_gone_at_once_and_for_good(office: Office, ending: LegFact) -> None:
    """Recalled or expired, it is not shown, nor ever opened again."""
    shown = Shown(office)
    gone, stays = await drop(office), await drop(office)
    assert [gone, stays] == shown()

    await then(office, gone, ending)

    assert [stays] == shown()
    shown.archive.lately()
    assert [] == shown(FIRM, ("partner:smith-and-day",))
    assert [stays] == shown(("person", ALENA))  # another group, in whose index it stands
    assert [stays] == shown.archive.lately()


@in_the_office()
async def test_what_was_collected_stays_until_its_day(office: Office) -> None:
    """It may be fetched again until the day it ends, and not one millisecond longer."""
    shown = Shown(office)
    short, long = await drop(office, days=1), await drop(office, days=2)
    await then(office, short, COLLECTED)
    assert [short, long] == shown()

    office.clock.at_ms += DAY - 1
    assert [short, long] == shown()
    office.clock.at_ms += 1
    assert [long] == shown()
    office.clock.at_ms += DAY
    assert [] == shown()
    office.clock.at_ms -= DAY
    assert [] == shown()


@in_the_office()
async def test_a_later_offer_may_end_first(office: Office) -> None:
    """One that came after the first look is gone on its own day."""
    shown = Shown(office)
    long = await drop(office, days=3)
    assert [long] == shown()
    short = await drop(office, days=1)
    assert [long, short] == shown()

    office.clock.at_ms += DAY

    assert [long] == shown()


@in_the_office()
async def test_collecting_changes_no_answer(office: Office) -> None:
    """While nothing comes or goes the answer is the same object, so that whoever numbers names need not again."""
    shown = Shown(office)
    first = await drop(office)
    before = shown.look()

    await then(office, first, COLLECTED)

    assert before is shown.look()
    await drop(office)
    assert before is not shown.look()


@in_the_office()
async def test_only_files_for_whom_they_are(office: Office) -> None:
    """Neither mail, nor another partner's, nor a colleague's is shown."""
    shown = Shown(office)
    firm = Party(person="partner:smith-and-day", address=None)
    await drop(office, way=Way.MAIL)
    other = await drop(office, partner="smith-and-day")
    reply = await drop(office, to=to(ALENA), by=firm)

    assert [] == shown()
    assert [other] == shown(FIRM, ("partner:smith-and-day",))
    assert [reply] == shown(BY_FIRM, (ALENA,))
    assert [] == shown(BY_FIRM, ("jo@town.test",))
    await drop(office, to=to(ALENA), by=Party(person="partner:court", address=None))
    assert [reply] == shown(BY_FIRM, (ALENA,))


@in_the_office()
async def test_far_behind_groups_are_read_anew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After more entries than one would follow the answer is as right, and what is over is still not opened."""
    monkeypatch.setattr(offering, "FARTHEST", 4)
    shown = Shown(office)
    gone, kept = await drop(office), await drop(office)
    await then(office, gone, RECALLED)
    assert [kept] == shown()
    shown.archive.lately()

    last = await drop(office)

    assert [kept, last] == shown()
    assert sorted((kept, last)) == sorted(shown.archive.lately())


@in_the_office()
async def test_little_is_remembered(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bounds the oldest is forgotten, and read again when it is asked for."""
    monkeypatch.setattr(offering, "MOST_OFFERS", 1)
    monkeypatch.setattr(offering, "MOST_CLOSED", 1)
    shown = Shown(office)
    first, other = await drop(office), await drop(office, partner="smith-and-day")
    for _ in range(2):
        await then(office, await drop(office), RECALLED)

    for _ in range(2):
        assert [first] == shown()
        assert [other] == shown(FIRM, ("partner:smith-and-day",))
        assert first in shown.archive.lately()
        assert 1 == len(shown.offers._groups) == len(shown.offers._closed)


@in_the_office()
async def test_what_cannot_be_opened_fails_whose_it_is(office: Office) -> None:
    """A story that was tampered with takes its own box away, and no other partner's for longer than one look."""
    shown = Shown(office)
    mine, theirs = await drop(office), await drop(office, partner="smith-and-day")
    assert [mine] == shown()
    assert [theirs] == shown(FIRM, ("partner:smith-and-day",))
    await then(office, theirs, COLLECTED)
    kept = office.records._streams[theirs]
    whole = kept.rows
    kept.rows = (structs.replace(kept.rows[0], body=bytes(40)), *kept.rows[1:])

    with pytest.raises(Tampering):
        shown()
    assert [mine] == shown()
    for _ in range(2):
        with pytest.raises(Tampering):
            shown(FIRM, ("partner:smith-and-day",))
    assert [mine] == shown()

    kept.rows = whole
    assert [theirs] == shown(FIRM, ("partner:smith-and-day",))


@in_the_office()
async def test_a_store_that_was_away_loses_nothing(office: Office) -> None:
    """What happened before a look that failed is seen by the next."""
    shown = Shown(office)
    first = await drop(office)
    assert [first] == shown()
    await then(office, first, RECALLED)
    second = await drop(office)
    office.records.is_away = True

    with pytest.raises(StoreAway):
        shown()
    office.records.is_away = False

    assert [second] == shown()


def plainly(office: Office, group: Group, recipients: Sequence[str]) -> list[TransferId]:
    """The same by reading every story there is."""
    archive, key = Archive(office.records, office.keyring), office.keyring.index_key
    found: list[TransferId] = []
    for stream in reversed(office.records.find([[term(key, *group)], [term(key, "kind", "offered")]], limit=1000)):
        story = archive.story(stream)
        assert story is not None
        transfer = story.journey.transfer
        if transfer.way is Way.SFTP and (group[0] == "partner" or transfer.sender.person == group[1]):
            found += [
                transfer.id
                for leg in story.journey.legs
                if leg.leg.recipient.key in recipients and is_collectable(leg, office.clock.now_ms())
            ]
    return found


@pytest.mark.parametrize("seed", range(4))
@in_the_office()
async def test_it_is_what_reading_everything_would_find(
    office: Office, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens in whatever order, each look finds what a plain reading finds, from several threads too."""
    chance = random.Random(seed)
    monkeypatch.setattr(offering, "FARTHEST", 12)
    monkeypatch.setattr(offering, "MOST_GROUPS", 2)
    shown, files = Shown(office), [await drop(office, days=None)]
    asked: list[tuple[Group, tuple[str, ...]]] = [
        (COURT, AT_COURT), (FIRM, ("partner:smith-and-day",)), (BY_FIRM, (ALENA,)),
    ]  # fmt: skip
    firm = Party(person="partner:smith-and-day", address=None)
    with ThreadPoolExecutor(3) as threads:
        for _ in range(60):
            match chance.randrange(8):
                case 0:
                    files.append(await drop(office, days=chance.choice((None, 1, 2, 30))))
                case 1:
                    files.append(await drop(office, partner="smith-and-day", days=chance.choice((None, 1, 30))))
                case 2:
                    files.append(await drop(office, to=to(ALENA), by=firm, days=chance.choice((None, 2))))
                case 3:
                    await drop(office, way=Way.MAIL, days=chance.choice((None, 2)))
                case 4:
                    office.clock.at_ms += DAY // 3
                case _:
                    one = chance.choice(files)
                    state = str(office.journey(one).legs[0].state)
                    if state == "received":
                        await offer(office, one, chance.choice((1, 5)))
                    elif state == "offered":
                        await then(office, one, chance.choice((COLLECTED, RECALLED, EXPIRED)))
            if chance.random() < 0.7:
                wanted = [chance.choice(asked) for _ in range(3)]
                found = list(threads.map(lambda one: shown(*one), wanted))
                assert [plainly(office, *one) for one in wanted] == found
