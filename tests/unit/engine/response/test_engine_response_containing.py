"""Who may contain and lift, what must exist, who hears of it, and that somebody is always left who can lift."""

from __future__ import annotations

import pytest

from gateway.engine.alarms.alarm import STREAM as ALARMS
from gateway.engine.alarms.alarm import Alarm, Alarms, Kind
from gateway.engine.containment.contained import STREAM, Contained, Containment, Containments, What
from gateway.engine.entries import Write
from gateway.engine.orders import Refused
from gateway.engine.response.containing import Containing
from gateway.facts import Published
from gateway.journey import State
from tests.unit.engine.engine_world import ALENA, COURT, JO, PER, RUTH, Office, in_the_office, party, rules

SSH = "SHA256:" + "a" * 43
ALIAS = ("people.toml", 'name = "Jo Hart"', 'name = "Jo Hart", also = ["joanna@town.test"]')
SOLE = (
    "people.toml", 'registrar = { may-handle = "office", powers = ["publish", "break-glass", "vouch", "audit"]',
    'registrar = { may-handle = "office", powers = ["vouch", "audit"]',
)  # fmt: skip


def containing(office: Office) -> Containing:
    story = office.archive.story(ALARMS)
    return Containing(
        rules=office.in_force, scribe=office.writer, notes=office.notes, clock=office.clock,
        containments=office.containments, alarms=Alarms(story.facts if story else ()), keyholders=office.keyholders,
        owners=lambda fingerprint: (JO,) if fingerprint == SSH else (), look=office.runner.look,
    )  # fmt: skip


async def contains(
    office: Office, what: What = What.PERSON, who: str = ALENA, *, by: str = RUTH, why: str = "It was phished"
) -> Contained | Refused:
    return await containing(office).contain(what, who, party(by), why)


def letters(office: Office, title: str) -> list[str]:
    """To whom one of that title went."""
    texts = [office.content(one) for one in office.transfers()]
    found = [text for text in texts if f"Subject: {title}" in text]
    return sorted(line[5:-1] for text in found for line in text.splitlines() if line.startswith("To: <"))


# ── containing ───────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office()
async def test_one_who_may_break_the_glass_contains(office: Office) -> None:
    """It counts at once, stands in the ledger under their name, and everybody who may lift it hears of it."""
    done = await contains(office)

    assert isinstance(done, Contained)
    assert office.containments.bars(ALENA) is done
    story = office.archive.story(STREAM)
    assert story is not None
    (fact,) = story.facts
    assert isinstance(fact, Published)
    assert ((RUTH,), "It was phished") == (fact.signers, fact.why)
    assert [PER, RUTH] == letters(office, "Stopped: Alena Novak")


@pytest.mark.parametrize(
    ("what", "who", "by", "why", "answer"),
    [
        (What.PERSON, ALENA, JO, "x", "jo@town.test may not decide this. Ask Ruth Okafor or Per Lind."),
        (What.PERSON, "nobody@town.test", RUTH, "x", "nobody@town.test is nobody's address in people.toml."),
        (What.PARTNER, "cuort", RUTH, "x", "No partner has the id cuort. There are: court, smith-and-day."),
        (What.KEY, "AB" * 20, RUTH, "x", "No key in use has this fingerprint."),
        (What.KEY, "SHA256:" + "b" * 43, RUTH, "x", "No key in use has this fingerprint."),
        (What.PAUSE, ALENA, RUTH, "x", "A pause is the watch's own."),
        (What.PERSON, ALENA, RUTH, " \n ", "Say why"),
    ],
)
@in_the_office()
async def test_what_is_refused(office: Office, what: What, who: str, by: str, why: str, answer: str) -> None:
    """Somebody without the power, a slip in a name, no reason: in one sentence, and nothing is written."""
    done = await contains(office, what, who, by=by, why=why)

    assert isinstance(done, Refused)
    assert done.sentence.startswith(answer)
    assert office.archive.story(STREAM) is None


@in_the_office(rulebook=lambda: rules(ALIAS))
async def test_any_address_of_a_person_names_them(office: Office) -> None:
    """And twice is once."""
    done = await contains(office, who="Joanna@town.test")
    again = await contains(office, who=JO, by=PER)

    assert isinstance(done, Contained)
    assert JO == done.order.who
    assert isinstance(again, Refused)
    assert f"That is contained already: {done.order.id}, by {RUTH}." == again.sentence


@in_the_office()
async def test_a_key_of_either_kind(office: Office) -> None:
    """As it is listed, however it is typed; one that was admitted, one that somebody signs in with."""
    fingerprint = await office.trusts(COURT)
    spaced = " ".join(fingerprint[n : n + 4] for n in range(0, 40, 4)).lower()

    assert isinstance(await contains(office, What.KEY, spaced), Contained)
    assert isinstance(await contains(office, What.KEY, SSH), Contained)
    assert office.containments.bars_key(fingerprint)
    assert office.containments.bars_key(SSH)


@in_the_office()
async def test_somebody_is_left_who_can_lift_it(office: Office) -> None:
    """Ruth may stop Per; then nobody can stop Ruth, and she alone may lift."""
    stopped = await contains(office, who=PER)
    herself = await contains(office, who=RUTH)
    lifted = await containing(office).lift(office.containments.open[0].order.id, party(RUTH), "He has a new telephone")

    assert isinstance(stopped, Contained)
    assert isinstance(herself, Refused)
    assert "Nobody who may lift it again would be left" in herself.sentence
    assert isinstance(lifted, Contained)
    assert [PER, RUTH] == letters(office, "Lifted: Per Lind")


@in_the_office(rulebook=lambda: rules(SOLE))
async def test_alone_one_cannot_lock_oneself_out(office: Office) -> None:
    """Whoever is the only one may contain others, and lift that too."""
    done = await contains(office)
    herself = await contains(office, who=RUTH)

    assert isinstance(done, Contained)
    assert isinstance(herself, Refused)
    assert isinstance(await containing(office).lift(done.order.id, party(RUTH), "Fine"), Contained)


# ── lifting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office()
async def test_another_lifts_it_and_what_waited_goes_on(office: Office) -> None:
    """Not who contained it, while there is another; what was accepted before arrives, once."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    done = await contains(office, What.PARTNER, "court")
    assert isinstance(done, Contained)
    await office.rests()
    waiting = office.states(transfer)
    own = await containing(office).lift(done.order.id, party(RUTH), "Fine")
    other = await containing(office).lift(done.order.id, party(PER), "They called back")
    await office.comes_to(transfer, State.SHIPPED)

    assert [State.HELD] == waiting
    assert isinstance(own, Refused)
    assert "Nobody lifts what they contained themselves. Ask Per Lind." == own.sentence
    assert isinstance(other, Contained)
    assert (False, PER) == (other.is_open, other.lifted_by)
    assert 1 == len(office.post.got(COURT))


@in_the_office()
async def test_what_cannot_be_lifted(office: Office) -> None:
    """Nothing of that name, what was lifted, without a reason, by who may not."""
    done = await contains(office)
    assert isinstance(done, Contained)
    order = containing(office)
    said = [
        await order.lift("c-none", party(PER), "x"),
        await order.lift(done.order.id, party(PER), ""),
        await order.lift(done.order.id, party(JO), "x"),
    ]
    await order.lift(done.order.id, party(PER), "x")
    said.append(await order.lift(done.order.id, party(PER), "x"))

    sentences = [one.sentence for one in said if isinstance(one, Refused)]
    assert 4 == len(sentences)
    for wanted, sentence in zip(("There is no", "Say why", "may not decide", f"by {PER}"), sentences, strict=True):
        assert wanted in sentence


# ── an alarm was looked at ───────────────────────────────────────────────────────────────────────────────────────────


async def sounds(office: Office, who: str = ALENA) -> None:
    """An alarm, with a pause."""
    alarm = Alarm(
        id="a-1", kind=Kind.VOLUME, who=who, at_ms=office.clock.now_ms(), count=9, usual=1, span_ms=3_600_000,
        pause="c-1",
    )  # fmt: skip
    stop = Containment(
        id="c-1", what=What.PAUSE, who=who, at_ms=office.clock.now_ms(), because="the watch", alarm="a-1"
    ).ordered("")
    await office.scribe.append(
        Write(stream=ALARMS, facts=(alarm.sounded(),)), Write(stream=STREAM, facts=(stop,))
    )  # fmt: skip
    office.containments.add(stop)


@in_the_office()
async def test_looking_lets_go_what_the_watch_had_paused(office: Office) -> None:
    """With a name and a finding, in the ledger; what waited goes on."""
    await office.trusts(COURT)
    await sounds(office)
    transfer = await office.accepts()
    await office.rests()
    waiting = office.states(transfer)
    done = await containing(office).looked("a-1", party(RUTH), "A mailing, she says")
    await office.comes_to(transfer, State.SHIPPED)

    assert [State.HELD] == waiting
    assert not isinstance(done, Refused)
    assert (RUTH, "A mailing, she says") == (done.seen_by, done.seen and done.seen.found)
    assert () == office.containments.open
    told = office.archive.story(STREAM)
    assert told is not None
    assert () == Containments(told.facts).open


@in_the_office()
async def test_nobody_clears_an_alarm_about_themselves(office: Office) -> None:
    """Whoever has Ruth's password would."""
    await sounds(office, RUTH)

    own = await containing(office).looked("a-1", party(RUTH), "It was me")
    unknown = await containing(office).looked("a-9", party(PER), "x")
    without = await containing(office).looked("a-1", party(PER), "")
    done = await containing(office).looked("a-1", party(PER), "It was her")
    again = await containing(office).looked("a-1", party(PER), "x")

    assert "Nobody clears an alarm about themselves" in str(own)
    assert "There is no alarm a-9" in str(unknown)
    assert "Say what you found" in str(without)
    assert not isinstance(done, Refused)
    assert "has looked at a-1" in str(again)
