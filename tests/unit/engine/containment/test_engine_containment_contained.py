"""What a containment stops, whom it leaves alone, and that nothing gets past it at any moment of a voyage."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date

import pytest

from gateway.engine.containment.contained import (
    STREAM,
    Containment,
    Containments,
    Lift,
    What,
    canonical,
)
from gateway.engine.emergencies import Emergencies
from gateway.engine.entries import Write
from gateway.engine.inquiry import Question
from gateway.engine.lawmaking.proposals import Proposal
from gateway.engine.orders import Refused
from gateway.engine.reception import Refusal
from gateway.engine.signing_in import SignIn
from gateway.facts import Deferred, Outcome, Published, Reason
from gateway.journey import State
from gateway.seal.floor import Choice, Wait
from gateway.ship import NotNow
from gateway.transfer import Recipient, Way
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY,
    HOUR,
    JO,
    MINUTE,
    NOON,
    PASSWORD,
    PER,
    RUTH,
    Fuse,
    Office,
    in_the_office,
    letter,
    party,
    rules,
    to,
)
from tests.unit.engine.filing_world import FileOffice, in_the_file_office, no_route

BOOK = rules(
    ("people.toml", 'name = "Jo Hart"', 'name = "Jo Hart", also = ["joanna@town.test"]'),
)
TODAY = date(2026, 11, 23)


def order(what: What = What.PERSON, who: str = ALENA, *, name: str = "c-1", at_ms: int = NOON) -> Containment:
    return Containment(id=name, what=what, who=who, at_ms=at_ms, because="It was phished")


def contained(*orders: Containment) -> Containments:
    return Containments(one.ordered(RUTH) for one in orders)


def stops(
    found: Containments, sender: str = JO, recipient: Recipient | None = None, *, is_under_way: bool = False
) -> tuple[Outcome, str] | None:
    """What becomes of a leg: the outcome and the code."""
    said = found.objection(BOOK, sender, recipient or to(CITIZEN), on=TODAY, is_under_way=is_under_way)
    return (said[0], said[1].code) if said else None


# ── whom it stops ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("what", "who", "sender", "recipient"),
    [
        (What.PERSON, ALENA, ALENA, to(CITIZEN)),
        (What.PERSON, ALENA, "Alena@Town.test", to(CITIZEN)),
        (What.PERSON, ALENA, JO, to(ALENA)),
        (What.PERSON, JO, ALENA, to("Joanna@town.test")),
        (What.ACCOUNT, ALENA, ALENA, to(CITIZEN)),
        (What.PARTNER, "court", JO, to(COURT)),
        (What.PARTNER, "court", JO, to("anybody@court.test")),
        (What.PARTNER, "court", JO, Recipient(partner="court")),
        (What.PARTNER, "court", "partner:court", to(JO)),
    ],
)
def test_what_is_new_is_refused_and_what_is_under_way_waits(
    what: What, who: str, sender: str, recipient: Recipient
) -> None:
    """By any of their addresses and boxes, from them and to them."""
    found = contained(order(what, who))

    assert (Outcome.BLOCK, "contained") == stops(found, sender, recipient)
    assert (Outcome.HOLD, "contained") == stops(found, sender, recipient, is_under_way=True)


@pytest.mark.parametrize(
    ("what", "who", "sender", "recipient"),
    [
        (What.PERSON, ALENA, JO, to(CITIZEN)),
        (What.ACCOUNT, ALENA, JO, to(ALENA)),
        (What.PARTNER, "court", JO, to("day@smithday.test")),
        (What.PARTNER, "court", JO, to("clerk@sub.court.test")),
        (What.KEY, "A" * 40, JO, to(COURT)),
    ],
)
def test_others_are_left_alone(what: What, who: str, sender: str, recipient: Recipient) -> None:
    """What has no part in it goes on."""
    assert stops(contained(order(what, who)), sender, recipient) is None


def test_a_pause_only_makes_wait() -> None:
    """New or under way, what its person hands in is kept; of a partner, also what it would collect."""
    found = contained(order(What.PAUSE), order(What.PAUSE, "partner:court", name="c-2"))

    assert (Outcome.HOLD, "paused") == stops(found, ALENA)
    assert (Outcome.HOLD, "paused") == stops(found, "partner:court", to(JO))
    assert (Outcome.HOLD, "paused") == stops(found, JO, Recipient(partner="court"))
    assert stops(found, JO, to(COURT)) is None
    assert found.bars(ALENA) is None


def test_of_two_the_stricter_counts() -> None:
    """A pause does not soften an order."""
    found = contained(order(What.PAUSE), order(name="c-2"))

    assert (Outcome.BLOCK, "contained") == stops(found, ALENA)


def test_a_lift_ends_it_and_another_order_begins_anew() -> None:
    """Each has its own name; what was lifted stays known."""
    found = contained(order())
    found.add(Lift(id="c-1", at_ms=NOON + 1, because="Fine").ordered(PER))

    assert stops(found, ALENA) is None
    assert ((), (PER, "Fine")) == (found.open, (found.all[0].lifted_by, found.all[0].lifted.because))  # type: ignore[union-attr]
    found.add(order(name="c-2").ordered(RUTH))
    assert (Outcome.BLOCK, "contained") == stops(found, ALENA)


def test_whoever_listens_hears_of_an_order_and_not_of_its_end() -> None:
    """The doors show out whoever is inside; nobody has to be shown out at a lift."""
    found, heard = contained(), list[str]()
    found.heard_by.append(lambda one: heard.append(one.order.id))

    found.add(order().ordered(RUTH))
    found.add(Lift(id="c-1", at_ms=NOON, because="Fine").ordered(PER))

    assert ["c-1"] == heard


@pytest.mark.parametrize(
    ("what", "typed", "is_kept_as"),
    [
        (What.PERSON, " Jo@Town.Test ", "jo@town.test"),
        (What.PARTNER, "partner:Court", "court"),
        (What.KEY, "abcd 1234 ABCD", "ABCD1234ABCD"),
        (What.KEY, "SHA256:aBc+/", "SHA256:aBc+/"),
    ],
)
def test_however_it_is_typed(what: What, typed: str, is_kept_as: str) -> None:
    """One way of writing each."""
    assert is_kept_as == canonical(what, typed) == canonical(what, is_kept_as)


def test_who_may_lift_is_named_and_nobody_contained() -> None:
    """Ruth and Per hold the power; contained, Per is asked nothing."""
    found = contained(order(), order(What.PERSON, PER, name="c-2"))
    said = found.objection(BOOK, ALENA, to(CITIZEN), on=TODAY, is_under_way=False)

    assert said is not None
    assert ("Ruth Okafor", "Alena Novak") == (said[1].get("ask"), said[1].get("who"))


# ── at the doors ─────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office()
async def test_the_contained_do_not_sign_in(office: Office) -> None:
    """Nor sign an order: the same question answers both."""
    before = await office.signing_in.with_password(ALENA, PASSWORD, "192.0.2.1")
    await contains(office, order())

    assert before is not None
    assert await office.signing_in.with_password(ALENA, PASSWORD, "192.0.2.1") is None
    assert await office.signing_in.with_password(JO, PASSWORD, "192.0.2.1") is not None


@in_the_office()
async def test_who_was_signing_in_at_that_moment_does_not_come_in(office: Office) -> None:
    """It is asked after the password was found right, not before."""

    def check(login: str, secret: str) -> bool:
        office.containments.add(order().ordered(RUTH))
        return True

    slow = SignIn(rules=office.in_force, clock=office.clock, check=check, containments=office.containments)

    assert await slow.with_password(ALENA, PASSWORD, "192.0.2.1") is None


@in_the_office()
async def test_a_new_letter_is_refused_in_words(office: Office) -> None:
    """Whom it is about, the order's name, and whom to ask."""
    await contains(office, order())

    said = await office.hands_in(letter(JO, (ALENA,)), ALENA, sender=JO)

    assert isinstance(said, Refusal)
    assert (
        "Nothing goes from or to Alena Novak until further notice (c-1). Ask Ruth Okafor or Per Lind." == said.sentence
    )


@in_the_office()
async def test_a_contained_key_is_not_sealed_to(office: Office) -> None:
    """It waits for another key; with one it goes to that."""
    fingerprint = await office.trusts(COURT)
    await contains(office, order(What.KEY, fingerprint))
    without = await office.inquiry.ask(_question())
    other = await office.trusts(COURT, 1)
    opinion = await office.inquiry.ask(_question())

    assert isinstance(without.choice, Wait)
    assert "key-contained" in [reason.code for reason in without.verdict.reasons]
    assert isinstance(opinion.choice, Choice)
    assert other == opinion.choice.key_fingerprint


@in_the_office()
async def test_a_signature_given_before_counts_no_more(office: Office) -> None:
    """To blind the watch takes two; what Ruth had proposed is not enacted by Per's word while she is contained."""
    blind = dict(office.rulebook.files)
    blind["gateway.toml"] += '\n[alarms]\nvolume = { act = "off" }\n'
    waiting = await office.rulemaking.publish(blind, (party(RUTH),), "a favour")
    assert isinstance(waiting, Proposal)
    await contains(office, order(What.PERSON, RUTH))

    refused = await office.rulemaking.sign(waiting.id, party(PER), "fine")

    assert isinstance(refused, Refused)
    assert office.rulebook.digest == office.in_force.rulebook.digest


@in_the_office()
async def test_no_emergency_lifts_it(office: Office) -> None:
    """Two who may break the glass are told whom to ask instead, and nothing is signed."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    await contains(office, order(What.PARTNER, "court"))
    await office.rests()
    emergencies = Emergencies(
        rules=office.in_force, archive=office.archive, scribe=office.writer, notes=office.notes, clock=office.clock,
        glass=office.glass, look=office.runner.look,
    )  # fmt: skip

    said = await emergencies.break_glass(transfer, None, [party(RUTH), party(PER)], "They wait for it")

    assert isinstance(said, Refused)
    assert said.sentence.startswith("No emergency lifts this. Nothing goes from or to County Court")
    assert () == office.glass.all


# ── under way ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Struck(Fuse):
    """A fuse that, at one border of the voyage, has a containment come into force instead of blowing."""

    def __init__(self, at: int, office: Office, what: Containment) -> None:
        super().__init__()
        self.at, self.office, self.what = at, office, what
        self.border = ""

    async def pass_(self, border: str) -> None:
        self.passed.append(border)
        if len(self.passed) == self.at:
            self.border = border
            await contains(self.office, self.what)


@dataclass(frozen=True)
class Run:
    """One voyage during which somebody was contained."""

    border: str
    had_begun: bool
    """The first byte was permitted before."""
    states: tuple[list[State], list[State], list[State]]
    """At rest, after a restart and an hour, and once it was lifted."""
    deliveries: tuple[int, int]
    """To the court: before the lift, and after."""
    reasons: list[str] = field(default_factory=list)


async def _run(at: int, what: What, who: str) -> Run:
    office = Office()
    async with office.opens():
        await office.trusts(COURT)
    stop = order(what, who)
    fuse = Struck(at, office, stop)
    office.has(fuse)
    async with office.opens():
        sent = await office.hands_in()
        if isinstance(sent, Refusal):
            return Run("door", False, ([], [], []), (0, 0))
        transfer = office.transfers()[0]
        await office.rests()
        first, why = office.states(transfer), office.reasons(transfer)
        begun = [row.at_ms for row in office.records.history(transfer).rows if row.kind == "attempted"]
    office.has(Fuse())
    async with office.opens():
        await office.passes(HOUR)
        second, before = office.states(transfer), len(office.post.got(COURT))
        if fuse.border:
            await lifts(office, stop)
        await office.comes_to(transfer, State.SHIPPED)
        third = office.states(transfer)
    office.is_whole()
    return Run(fuse.border, bool(begun), (first, second, third), (before, len(office.post.got(COURT))), why)


@pytest.mark.parametrize(("what", "who"), [(What.PERSON, ALENA), (What.PARTNER, "court")])
def test_at_every_border_of_a_voyage_it_waits_and_goes_on_once_lifted(what: What, who: str) -> None:
    """Queued, cleaned, sealed, connected: no first byte, nothing lost, a restart changes nothing, one delivery."""
    seen: list[Run] = []
    for border in range(1, 60):
        run = asyncio.run(_run(border, what, who))
        seen.append(run)
        if not run.border:
            break
    held = [run for run in seen if run.states[0] == [State.HELD]]

    assert not seen[-1].border, "the sweep ended before the voyage did"
    for run in seen:
        if run.border == "door":
            continue
        assert [State.SHIPPED] == run.states[2], run
        assert 1 == run.deliveries[1], run
        if run.states[0] == [State.HELD]:
            assert (False, [State.HELD], 0) == (run.had_begun, run.states[1], run.deliveries[0]), run
            assert "contained" in run.reasons
        else:
            assert run.had_begun, run
    borders = {run.border for run in held}
    assert {"connect", "resolve"} <= borders
    assert any("sealed" in border for border in borders)


@in_the_office()
async def test_what_was_put_off_waits_when_it_is_due_again(office: Office) -> None:
    """A busy server, then a containment: the next attempt opens no line that carries a byte."""
    await office.trusts(COURT)
    office.post.no_line.append(NotNow(reason=Reason(code="unreachable")))
    transfer = await office.accepts()
    await office.rests()
    assert isinstance(office.legs(transfer)[-1], Deferred)

    await contains(office, order(What.PARTNER, "court"))
    await office.passes(30 * MINUTE)

    assert ([State.HELD], ["contained"]) == (office.states(transfer), office.reasons(transfer))
    assert [] == office.post.got(COURT)
    await lifts(office, order(What.PARTNER, "court"))
    await office.comes_to(transfer, State.SHIPPED)


@in_the_office()
async def test_no_release_and_no_change_of_rules_gets_past_it(office: Office) -> None:
    """Per, who may vouch, releases it in vain; other rules are judged by, and it waits as before."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    await contains(office, order())
    await office.rests()
    assert [State.HELD] == office.states(transfer)

    released = await office.orders.release(transfer, None, party(PER), "I know them")
    await office.publishes()
    await office.passes(DAY)

    assert "A release cannot mend this" in str(released)
    assert [State.HELD] == office.states(transfer)


@in_the_file_office(rulebook=no_route)
async def test_what_is_offered_cannot_be_collected(office: FileOffice) -> None:
    """The first byte is asked for at every opening: not now; and once it is lifted, again."""
    await office.trusts(COURT)
    transfer = await office.drops()
    await office.comes_to(transfer, State.OFFERED)
    before = await office.inquiry.at_the_first_byte(office.journey(transfer), 0, None)
    await contains(office, order(What.PARTNER, "court"))
    during = await office.inquiry.at_the_first_byte(office.journey(transfer), 0, None)
    await lifts(office, order(What.PARTNER, "court"))
    after = await office.inquiry.at_the_first_byte(office.journey(transfer), 0, None)

    assert (None, None) == (before, after)
    assert during is not None
    assert (Outcome.HOLD, "contained") == (during.outcome, during.reasons[0].code)


@in_the_office()
async def test_the_containments_are_what_the_ledger_says(office: Office) -> None:
    """A fresh reading of the stream is the same as what was folded on the way."""
    await contains(office, order())
    await contains(office, order(What.PARTNER, "court", name="c-2"))
    await lifts(office, order())
    story = office.archive.story(STREAM)
    assert story is not None

    assert office.containments.all == Containments(story.facts).all
    assert all(isinstance(fact, Published) for fact in story.facts)


# ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def contains(office: Office, what: Containment) -> None:
    """An order comes into force, as `containing` has it: durable, then true, then everybody looks."""
    await _declares(office, what.ordered(RUTH))


async def lifts(office: Office, what: Containment) -> None:
    """And ends."""
    await _declares(office, Lift(id=what.id, at_ms=office.clock.now_ms(), because="Fine").ordered(PER))


async def _declares(office: Office, fact: Published) -> None:
    await office.scribe.append(Write(stream=STREAM, facts=(fact,)))
    office.containments.add(fact)
    office.runner.look()


def _question() -> Question:
    return Question(
        sender=party(ALENA), recipient=to(COURT), way=Way.MAIL, label="confidential", purpose="litigation",
        outside_recipients=1,
    )  # fmt: skip
