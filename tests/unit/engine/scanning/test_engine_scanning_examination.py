"""A whole engine with a real scanner beside it: what it finds goes nowhere, and what it has not seen goes nowhere."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from gateway.commands.demo.scanner import STREAM_LIMIT, Scanner
from gateway.engine.scanning.answer import Answer, Clean, Unscanned, Why
from gateway.engine.scanning.trial import HARMLESS
from gateway.facts import Judged, Outcome, Reason, Scrubbed, Truth
from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from gateway.judge.stationshapes import ScanTable
from gateway.judge.words import Duration
from gateway.ship import NotNow
from gateway.transfer import Party, Recipient
from tests.unit.engine.engine_world import (
    ALENA,
    COURT,
    JO,
    JUDGE,
    PER,
    Office,
    in_one,
    letter,
    party,
    rules,
    with_document,
)
from tests.unit.engine.filing_world import BOX, FileOffice

FORBID = (
    "transfers.toml",
    '[[forbid]]\nid = "lookalike"',
    '[[forbid]]\nid = "no-viruses"\nwhen = ["virus-found"]\nbecause = "They spread."\n\n[[forbid]]\nid = "lookalike"',
)


def scanning(scanner: Scanner, *changes: tuple[str, str, str]) -> Rulebook:
    """The sample's rules, with that scanner."""
    place = ("gateway.toml", "[door]", f'scan = {{ clamd = "{scanner.socket}" }}\n[door]')
    return rules(BOX, place, *changes)


def told(scanner: Scanner, story: Callable[[FileOffice], Any], *changes: tuple[str, str, str]) -> None:
    """Tell a story in an office with that scanner."""
    in_one(FileOffice, {"rulebook": lambda: scanning(scanner, *changes)})(story)()


def with_notes(content: bytes, name: str = "notes.txt", media: str = "text/plain") -> bytes:
    """A letter with a file beside it, encoded as mail programs do."""
    return with_document(name, media, content)


def zipped(content: bytes) -> bytes:
    """In an archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("notes.txt", content)
    return archive.getvalue()


def judged(office: Office, transfer: str) -> Judged:
    """The latest verdict."""
    found = [fact for fact in office.facts(transfer) if isinstance(fact, Judged)]
    return found[-1]


def test_what_is_clean_goes_and_the_ledger_says_who_looked(scanner: Scanner) -> None:
    """It costs nobody anything, and an auditor reads in the entry which scanner, and how old, saw it."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.accepts(with_notes(b"Good morning.\r\n"))
        await office.comes_to(transfer, State.SHIPPED)

        (scrubbed,) = [fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed)]
        assert scrubbed.verified_by[0].startswith("ClamAV ")

    told(scanner, story)


def test_a_virus_waits_and_people_are_told_what_and_where(scanner: Scanner) -> None:
    """No rule says anything: it is held all the same. Its sender and whoever keeps the rules hear of it, once."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.accepts(with_notes(HARMLESS))
        await office.comes_to(transfer, State.HELD)
        office.runner.look()
        await office.rests()

        assert ["virus"] == office.reasons(transfer)
        assert [] == office.post.got(COURT)
        notes = office.notes_about(transfer)
        assert 1 == sum("'notes.txt' holds a virus" in note and f"To: <{ALENA}>" in note for note in notes)
        assert 1 == sum(f"{scanner.finds} in notes.txt" in _flat(note) and f"To: <{PER}>" in note for note in notes)

    told(scanner, story)


def test_a_rule_refuses_it_and_the_signature_stands_in_the_verdict(scanner: Scanner) -> None:
    """`[[forbid]] when = ["virus-found"]`: an end, in the words of the rule; what was found is on the record."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.accepts(with_notes(HARMLESS))
        await office.comes_to(transfer, State.REFUSED)

        verdict = judged(office, transfer)
        assert ["forbidden", "virus"] == [reason.code for reason in verdict.reasons]
        assert scanner.finds == verdict.reasons[1].get("name")
        assert ("virus-found", Truth.YES) in [(known.name, known.value) for known in verdict.known]
        assert any("They spread." in note for note in office.notes_about(transfer))

    told(scanner, story, FORBID)


def test_a_rule_that_asks_delays_no_clean_message(scanner: Scanner) -> None:
    """Nobody knows at the door whether it holds a virus; that is found out next and no reason to say "it waits"."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        kept = await office.hands_in(with_notes(b"Good morning.\r\n"))
        transfer = office.transfers()[0]

        assert () == getattr(kept, "waiting", None)
        await office.comes_to(transfer, State.SHIPPED)

    told(scanner, story, FORBID)


def test_no_release_lets_a_virus_go(scanner: Scanner) -> None:
    """The scanner is told to ignore a signature that is wrong; a person's word is not enough."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.accepts(with_notes(HARMLESS))
        await office.comes_to(transfer, State.HELD)

        refused = await office.orders.release(transfer, None, party(PER), "it is harmless")

        assert "A release cannot mend this" in getattr(refused, "sentence", "")

    told(scanner, story)


@pytest.mark.parametrize(
    "raw",
    [
        with_notes(b"Good morning.\r\n" + HARMLESS),
        with_notes(zipped(HARMLESS), "notes.zip", "application/zip"),
        letter(body=HARMLESS.decode() + "\r\n"),
    ],
    ids=["encoded", "packed", "the message itself"],
)
def test_it_is_found_wherever_it_is(scanner: Scanner, raw: bytes) -> None:
    """Encoded, packed, or in the message itself."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.accepts(raw)
        await office.comes_to(transfer, State.HELD)

        assert "virus" in office.reasons(transfer)

    told(scanner, story)


def test_without_an_answer_it_waits_and_goes_by_itself_when_there_is_one(scanner: Scanner) -> None:
    """Killed: held, told in a sentence, nothing outside. Back: `awaiting` notices, and nobody does anything."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        scanner.stops()
        transfer = await office.accepts()
        await office.comes_to(transfer, State.HELD)
        assert ["unscanned"] == office.reasons(transfer)
        assert "it does not answer" in _flat(office.notes_about(transfer)[0])
        assert [] == office.post.got(COURT)
        assert not await office.examination.is_back()

        scanner.starts()
        assert await office.examination.is_back()
        office.runner.look()

        await office.comes_to(transfer, State.SHIPPED)

    told(scanner, story)


def test_what_is_made_again_is_looked_at_again(scanner: Scanner) -> None:
    """A parcel that was lost starts over, without a new verdict: the scanner is gone by then, and so it waits."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        office.post.answers.append(NotNow(reason=Reason(code="remote-refused")))
        transfer = await office.accepts()
        await office.rests()
        sealed = office.journey(transfer).legs[0].sealed
        assert sealed is not None
        office.blobs.erase(sealed.parcel.blob)
        scanner.stops()

        await office.passes(600_000)

        assert ([State.HELD], ["unscanned"]) == (office.states(transfer), office.reasons(transfer))
        assert [] == office.post.got(COURT)

    told(scanner, story)


def test_while_it_is_away_nobody_waits_for_it(scanner: Scanner) -> None:
    """Having failed once it is asked by nobody but the chore: a hanging scanner holds up no other transfer."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        office.examination.is_away = True  # and yet it would answer
        transfer = await office.accepts()
        await office.comes_to(transfer, State.HELD)

        assert ["unscanned"] == office.reasons(transfer)

    told(scanner, story)


def test_what_is_too_large_for_it_waits_for_a_person(scanner: Scanner) -> None:
    """A file past the scanner's limit is unknown; who may, releases it, and the release says what it covers."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.drops(bytes(STREAM_LIMIT + 1), name="disk.bin", media="application/octet-stream")
        await office.comes_to(transfer, State.HELD)
        assert "unscanned" in office.reasons(transfer)

        await office.orders.release(transfer, None, party(PER), "looked at by hand")

        await office.comes_to(transfer, State.SHIPPED)

    told(scanner, story)


@pytest.mark.parametrize("is_incoming", [False, True])
def test_files_are_looked_at_both_ways(scanner: Scanner, is_incoming: bool) -> None:
    """What a colleague sends out and what a partner hands in."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        if is_incoming:
            partner = Party(person="partner:court", address=None, name="The court", signed_in_by="key")
            to = Recipient(address=party(JO).address)
            drop = {"sender": partner, "to": to, "purpose": "general"}
        else:
            drop = {}
        transfer = await office.drops(HARMLESS, **drop)
        await office.comes_to(transfer, State.HELD)

        assert ["virus"] == [one for one in office.reasons(transfer) if one == "virus"]
        assert {} == office.box.files

    told(scanner, story)


def test_clean_files_go(scanner: Scanner) -> None:
    """And the entry names the scanner, beside the walls of the workshop."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.drops()
        await office.comes_to(transfer, State.SHIPPED)

        (scrubbed,) = [fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed)]
        assert 1 == len([one for one in scrubbed.verified_by if one.startswith("ClamAV ")])

    told(scanner, story)


class Fickle:
    """Answers as it is told; then nothing is wrong."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def version(self) -> str | Unscanned:
        return "ClamAV 0"

    async def scan(self, untrusted: AsyncIterator[bytes]) -> Answer:
        self.asked += 1
        async for _ in untrusted:
            pass
        answer = self.answers.pop(0) if self.answers else Clean()
        if answer is None:
            await asyncio.Event().wait()
        return answer or Clean()


@pytest.mark.parametrize("why", [Why.CUT, Why.GARBLED])
def test_what_no_daemon_does_on_demand_holds_too(scanner: Scanner, why: Why) -> None:
    """Cut in the middle, garbled: unknown, and the next look may find it clean."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        fickle = Fickle(Unscanned(why), Unscanned(why))
        office.examination.scanner_at = lambda place: fickle
        transfer = await office.accepts()
        await office.comes_to(transfer, State.HELD)
        assert ("unscanned", why) == (office.reasons(transfer)[0], judged(office, transfer).reasons[0].get("why"))
        office.runner.look()

        await office.comes_to(transfer, State.SHIPPED)

    told(scanner, story)


def test_one_that_is_started_anew_in_the_middle_is_asked_again(scanner: Scanner) -> None:
    """It broke off and is there: the same question once more, at once, and nobody waits."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        fickle = Fickle(Unscanned(Why.CUT))
        office.examination.scanner_at = lambda place: fickle
        transfer = await office.accepts()

        await office.comes_to(transfer, State.SHIPPED)

    told(scanner, story)


def test_what_was_released_unseen_is_not_said_to_be_checked(scanner: Scanner) -> None:
    """A person let it go; the entry of the cleaning names no scanner, for none has found nothing in it."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        transfer = await office.drops(bytes(STREAM_LIMIT + 1), name="disk.bin", media="application/octet-stream")
        await office.comes_to(transfer, State.HELD)
        await office.orders.release(transfer, None, party(PER), "looked at by hand")
        await office.comes_to(transfer, State.SHIPPED)

        (scrubbed,) = [fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed)]
        assert () == scrubbed.verified_by

    told(scanner, story)


def test_one_that_takes_too_long_is_not_waited_for(scanner: Scanner) -> None:
    """The time the rules give it is over: it waits, and other transfers do not."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        before = office.in_force.rulebook
        at_once = ScanTable(clamd="/nowhere", within=Duration(count=0, unit="m"))
        office.in_force.swap(replace(before, gateway=msgspec.structs.replace(before.gateway, scan=at_once)))
        office.examination.scanner_at = lambda place: Fickle(None)
        transfer = await office.accepts()
        await office.comes_to(transfer, State.HELD)

        assert ("unscanned", "slow") == (office.reasons(transfer)[0], judged(office, transfer).reasons[0].get("why"))
        office.in_force.swap(before)

    told(scanner, story)


def test_several_legs_share_one_look(scanner: Scanner) -> None:
    """The same bytes are shown once a voyage, however many recipients there are."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        await office.trusts(JUDGE)
        fickle = Fickle()
        office.examination.scanner_at = lambda place: fickle
        transfer = await office.accepts(letter(ALENA, (COURT, JUDGE)), COURT, JUDGE)
        await office.comes_to(transfer, State.SHIPPED, State.SHIPPED)

        assert 1 == fickle.asked

    told(scanner, story)


def test_an_office_without_one_asks_nobody() -> None:
    """As before: no fact, no reason, no entry says a word of scanners."""

    async def story(office: FileOffice) -> None:
        await office.trusts(COURT)
        office.examination.scanner_at = lambda place: pytest.fail("somebody asked")
        transfer = await office.accepts()
        await office.comes_to(transfer, State.SHIPPED)

        (scrubbed,) = [fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed)]
        assert () == scrubbed.verified_by
        assert Outcome.SEND is judged(office, transfer).outcome

    in_one(FileOffice, {})(story)()


def _flat(note: str) -> str:
    return " ".join(note.split())
