"""Breaking the glass: what two people can lift, what nobody can, and that nobody forgets it."""

from __future__ import annotations

import pytest

from gateway.engine.emergencies import Emergencies
from gateway.engine.glass import STREAM, Broken, remembered
from gateway.engine.orders import Refused
from gateway.engine.reception import Kept, Refusal
from gateway.facts import Consulted, Published
from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from gateway.transfer import TransferId
from tests.unit.engine.engine_world import (
    ALENA,
    COURT,
    DAY,
    HOUR,
    JO,
    JUDGE,
    PER,
    RUTH,
    Office,
    in_the_office,
    letter,
    party,
    rules,
)

STRANGER = "ward.nine@hospital.test"
AUDITOR = ("people.toml", "[person]\n", 'auditor = { may-handle = "public", powers = ["audit"] }\n\n[person]\n')
FAY = '"fay@town.test" = { name = "Fay Ames", roles = ["auditor"], until = 2027-12-31 }\n'
NEVER = '[[never]]\nid = "no-hospital"\nto = ["strangers"]\nlabels = ["confidential"]\nbecause = "Standing order 9."\n'
FORBID = '[[forbid]]\nid = "quiet"\nto = ["courts"]\nbecause = "The court moves house."\n'
CODE = '[[require]]\nid = "code"\nto = ["courts"]\nthen = ["second-factor"]\nbecause = "A code."\n'


def rulebook(**more: str) -> Rulebook:
    """The sample with an auditor, and citizens' mail without a key where the floor lets it."""
    return rules(AUDITOR, people=FAY, **more)


def emergencies(office: Office) -> Emergencies:
    return Emergencies(
        rules=office.in_force, archive=office.archive, scribe=office.writer, notes=office.notes, clock=office.clock,
        glass=office.glass, look=office.runner.look,
    )  # fmt: skip


async def refused(office: Office, to: str = COURT, subject: str = "[case] x", sender: str = ALENA) -> TransferId:
    """A letter that is refused at the door, with its entry."""
    done = await office.hands_in(letter(sender, (to,), subject=subject), to, sender=sender)
    assert isinstance(done, Refusal), done
    return office.transfers()[-1]


async def broken(
    office: Office, transfer: TransferId, *signers: str, why: str = "A life depends on it", label: str = ""
):  # type: ignore[no-untyped-def]
    parties = [party(one) for one in signers or (RUTH, PER)]
    return await emergencies(office).break_glass(transfer, None, parties, why, label)


# ── what it does ─────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_what_was_refused_may_be_sent_again_once(office: Office) -> None:
    """Two sign; the next letter of the same sender to the same recipient goes by their allow, and only that one."""
    await office.trusts(COURT)
    transfer = await refused(office)

    done = await broken(office, transfer)
    again = await office.accepts(letter(subject="[case] again"))
    await office.comes_to(again, State.SHIPPED)
    third = await office.hands_in(letter(subject="[case] and again"))

    assert isinstance(done, Broken)
    assert done.allow.is_for_next
    judged = office.journey(again).legs[0].judged
    assert judged is not None
    assert done.allow.id in judged.rules
    assert isinstance(third, Refusal)
    assert "quiet" in third.sentence


@in_the_office(rulebook=lambda: rulebook())
async def test_what_waits_goes_by_it_itself(office: Office) -> None:
    """A letter that waits because nobody can tell whether a forbid applies is judged again, under the allow."""
    await office.trusts(COURT)
    doubt = '[[forbid]]\nid = "unproved"\nto = ["courts"]\nunless = ["transport-verified"]\nbecause = "Prove it."\n'
    await office.publishes(AUDITOR, people=FAY, transfers=doubt)
    transfer = await office.accepts()
    await office.rests()
    assert [State.HELD] == office.states(transfer)

    done = await broken(office, transfer)
    await office.comes_to(transfer, State.SHIPPED)

    assert isinstance(done, Broken)
    assert (False, transfer) == (done.allow.is_for_next, done.taken_by)


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID + CODE))
async def test_what_the_rules_demand_they_still_demand(office: Office) -> None:
    """The allow lets it in; without the second factor it waits as ever."""
    await office.trusts(COURT)
    await broken(office, await refused(office))

    again = await office.accepts(letter(subject="[case] again"))
    await office.rests()

    assert ([State.HELD], ["waits"]) == (office.states(again), office.reasons(again))


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_without_a_key_it_waits_as_ever(office: Office) -> None:
    """P2: no emergency lifts a floor."""
    await broken(office, await refused(office))

    again = await office.accepts(letter(subject="[case] again"))
    await office.rests()

    assert ([State.HELD], ["no-key"]) == (office.states(again), office.reasons(again))
    assert [] == office.post.got(COURT)


@in_the_office(rulebook=lambda: rulebook(transfers=NEVER))
async def test_a_standing_order_is_not_lifted(office: Office) -> None:
    """It is said at once, with the order's name; nothing is signed and nobody is alarmed."""
    transfer = await refused(office, STRANGER, "x")

    said = await broken(office, transfer)

    assert isinstance(said, Refused)
    assert said.sentence.startswith("No emergency lifts this. ")
    assert "no-hospital" in said.sentence
    assert office.archive.story(STREAM) is None
    assert [transfer] == office.transfers()


@in_the_office(rulebook=lambda: rulebook())
async def test_it_may_carry_the_label_it_was_signed_for_and_lower_ones(office: Office) -> None:
    """Signed for an office paper, it does not carry a confidential one."""
    transfer = await refused(office, "day@smithday.test", "[office] x", JO)
    await office.trusts("day@smithday.test")
    await broken(office, transfer)

    higher = await office.hands_in(letter(JO, ("day@smithday.test",), subject="x"), "day@smithday.test", sender=JO)
    as_signed = await office.hands_in(
        letter(JO, ("day@smithday.test",), subject="[office] x"), "day@smithday.test", sender=JO
    )

    assert isinstance(higher, Refusal)
    assert isinstance(as_signed, Kept)


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_it_lasts_a_day(office: Office) -> None:
    """Then what was not used is gone."""
    await office.trusts(COURT)
    await broken(office, await refused(office))
    office.clock.at_ms += DAY + 1

    assert isinstance(await office.hands_in(letter(subject="[case] late")), Refusal)


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_another_sender_or_recipient_gains_nothing(office: Office) -> None:
    """It is for one person to one address."""
    await broken(office, await refused(office))

    other_sender = await office.hands_in(letter(JO, subject="[case] x"), sender=JO)
    other_recipient = await office.hands_in(letter(recipients=("judge@court.test",)), "judge@court.test")

    assert isinstance(other_sender, Refusal)
    assert isinstance(other_recipient, Refusal)


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("signers", "why", "sentence"),
    [
        ((RUTH, RUTH), "x", "Breaking the glass needs two different people"),
        ((RUTH, JO), "x", "jo@town.test may not break the glass. Ask Ruth Okafor and Per Lind."),
        ((RUTH, "fay@town.test"), "x", "fay@town.test may not break the glass."),
        ((RUTH, PER), "  ", "Say why"),
    ],
)
@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_two_with_the_power_and_a_reason(
    office: Office, signers: tuple[str, ...], why: str, sentence: str
) -> None:
    """One person twice, somebody without the power, no reason: nothing is broken."""
    said = await broken(office, await refused(office), *signers, why=why)

    assert isinstance(said, Refused)
    assert said.sentence.startswith(sentence)


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_nobody_breaks_it_for_their_own(office: Office) -> None:
    """Ruth's own letter needs two others."""
    said = await broken(office, await refused(office, sender=RUTH))

    assert Refused(sentence="Nobody breaks the glass for their own. Ask somebody else.") == said


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_everybody_with_the_power_hears_of_it_at_once(office: Office) -> None:
    """In the same transaction: who, for whom, why, and how to review it; and the sender that they may send again."""
    transfer = await refused(office)
    await broken(office, transfer)
    await office.rests()

    notes = office.notes_about(transfer)
    alarms = [note for note in notes if "Subject: The glass was broken" in note]
    assert {f"To: <{RUTH}>", f"To: <{PER}>"} == {
        line for note in alarms for line in note.split("\r\n") if "To: " in line
    }
    assert all("A life depends on it" in " ".join(note.split()) for note in alarms)
    assert all("sealgate review break-glass break-glass-" in " ".join(note.split()) for note in alarms)
    assert 1 == sum(f"To: <{ALENA}>" in note and "once" in note for note in notes)


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_unreviewed_it_costs_both_the_power(office: Office) -> None:
    """Three days are allowed; after them neither signs again until somebody else has looked."""
    first = await broken(office, await refused(office))
    assert isinstance(first, Broken)
    office.clock.at_ms += 3 * DAY
    in_time = await broken(office, await refused(office))
    office.clock.at_ms += HOUR
    another = await refused(office, JUDGE)
    late = await broken(office, another)

    assert isinstance(in_time, Broken)
    assert isinstance(late, Refused)
    assert "Ruth Okafor broke the glass before, and nobody has reviewed that within 3d: " in late.sentence
    await emergencies(office).review(first.allow.id, party("fay@town.test"), "It was right.")
    assert isinstance(await broken(office, another), Broken)


@pytest.mark.parametrize(
    ("by", "finding", "sentence"),
    [
        (RUTH, "fine", "Nobody reviews what they signed or sent."),
        (ALENA, "fine", "Nobody reviews what they signed or sent."),
        (JO, "fine", "Only who may audit, or break the glass, reviews this: Fay Ames."),
        ("fay@town.test", " ", "Say what you found"),
    ],
)
@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_a_third_person_reviews(office: Office, by: str, finding: str, sentence: str) -> None:
    """Not a signer, not the sender, not somebody without a power for it, and not without a word."""
    done = await broken(office, await refused(office))
    assert isinstance(done, Broken)

    said = await emergencies(office).review(done.allow.id, party(by), finding)

    assert isinstance(said, Refused)
    assert said.sentence.startswith(sentence)


@in_the_office(rulebook=lambda: rulebook(transfers=FORBID))
async def test_the_ledger_tells_all_of_it_and_a_restart_remembers(office: Office) -> None:
    """What was signed and by whom, the review, and which transfer took it: read again, it is the same."""
    await office.trusts(COURT)
    done = await broken(office, await refused(office))
    assert isinstance(done, Broken)
    again = await office.accepts(letter(subject="[case] again"))
    await office.comes_to(again, State.SHIPPED)
    await emergencies(office).review(again, party("fay@town.test"), "It was right.")

    story = office.archive.story(STREAM)
    assert story is not None
    published, reviewed = story.facts
    assert isinstance(published, Published)
    assert isinstance(reviewed, Consulted)
    assert ((RUTH, PER), "A life depends on it") == (published.signers, published.why)
    assert ("fay@town.test", f"review of {done.allow.id}") == (reviewed.by, reviewed.question)
    known = remembered(office.records, office.archive, office.keyring.index_key)
    assert office.glass.all == known.all
    assert again == known.all[0].taken_by
    assert isinstance(await office.hands_in(letter(subject="[case] third")), Refusal)


@in_the_office(rulebook=lambda: rulebook())
async def test_what_never_was_cannot_be_broken(office: Office) -> None:
    """An id nobody has, a transfer that went."""
    await office.trusts(COURT)
    gone = await office.accepts()
    await office.comes_to(gone, State.SHIPPED)

    assert "There is no transfer" in str(await broken(office, TransferId("T-" + "A" * 26)))
    assert "waits or was refused" in str(await broken(office, gone))
