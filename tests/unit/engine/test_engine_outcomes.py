"""Attempts told as stories: what is asked before the first byte, when it is tried again, and when it is a doubt."""

from __future__ import annotations

import asyncio
import email
import io
from collections import deque
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image

from gateway.facts import Attempted, Judged, Reason, Scrubbed, Sealed, Undeliverable
from gateway.journey import State
from gateway.seal.hop import Level
from gateway.ship import InDoubt, Never, NotNow
from gateway.transfer import Way
from tests.corpus import pptx_file
from tests.playbook import HOP
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY,
    HOUR,
    MINUTE,
    PER,
    RUTH,
    Office,
    in_the_office,
    letter,
    party,
    rules,
    with_document,
)

BUSY = NotNow(
    reason=Reason(code="remote-refused", about=(("code", "451"), ("status", "4.3.0"))), reply="451 4.3.0 busy"
)
GONE = Never(reason=Reason(code="remote-refused", about=(("code", "550"), ("status", "5.1.1"))), reply="550 5.1.1 who?")
LOST = InDoubt(reason=Reason(code="connection-lost", about=(("host", HOP.host), ("status", "4.4.2"))))
OFFICE_LETTER = letter(ALENA, (CITIZEN,), subject="[office] Opening hours")

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
CUT_OUT = '[[strip]]\nid = "cut-out"\nwhat = ["hidden"]\nbecause = "Nobody shows it."\n'


@in_the_office()
async def test_a_rule_that_changed_stops_it_at_the_door(office: Office) -> None:
    """P1: forbidden while the connection was opened, not a byte goes; the leg ends and its sender is told."""
    await office.trusts(COURT)

    async def forbid() -> None:
        await office.publishes(transfers='[[forbid]]\nid = "stop"\nto = ["courts"]\nbecause = "An order."\n')

    office.post.at_the_door = forbid
    transfer = await office.accepts()
    await office.rests()

    assert [State.REFUSED] == office.states(transfer)
    assert "attempted" not in office.kinds(transfer)
    assert [] == office.post.got(COURT)
    (note,) = office.notes_about(transfer)
    assert "Not delivered: registry@court.test" in note


@in_the_office()
async def test_a_key_that_was_revoked_stops_it_at_the_door(office: Office) -> None:
    """P2: sealed, but the key is withdrawn before the first byte: nothing goes, and it waits for another key."""
    fingerprint = await office.trusts(COURT)

    async def revoke() -> None:
        await office.orders.revoke(fingerprint, party(PER), "stolen laptop")

    office.post.at_the_door = revoke
    transfer = await office.accepts()
    await office.rests()

    assert [State.HELD] == office.states(transfer)
    assert ([], "attempted" in office.kinds(transfer)) == (office.post.got(COURT), False)

    await office.trusts(COURT, 1)

    await office.comes_to(transfer, State.SHIPPED)


@in_the_office()
async def test_a_key_that_changed_is_sealed_again(office: Office) -> None:
    """Between sealing and shipping a newer key came: what leaves is sealed to that one, and only that leaves."""
    old = await office.trusts(COURT)
    office.post.answers.append(BUSY)
    transfer = await office.accepts()
    await office.rests()

    new = await office.trusts(COURT, 1)
    await office.passes(10 * MINUTE)

    keys = [fact.parcel.key_fingerprint for fact in office.facts(transfer) if isinstance(fact, Sealed)]
    assert [old, new] == keys
    assert [State.SHIPPED] == office.states(transfer)
    assert 1 == len(office.post.got(COURT))


PINNED = f'[[hop]]\nid = "pinned"\nto = ["strangers"]\nlevel = "pin"\npin = ["{"0" * 64}"]\nbecause = "So."\n'
KEPT = """[[allow]]
id = "kept"
to = ["strangers"]
keep = ["device"]
until = 2027-03-31
owner = "ruth@town.test"
because = "They ask which camera it was."
"""


def photo() -> bytes:
    """A letter to a citizen with a picture that names the telephone it was taken with."""
    exif, content = Image.Exif(), io.BytesIO()
    exif[0x0110] = "Telephone 7"
    Image.linear_gradient("L").resize((32, 32)).save(content, "jpeg", exif=exif)
    message = with_document("a.jpg", "image/jpeg", content.getvalue(), sender=PER, to=CITIZEN)
    return message.replace(b"[case] ", b"[public] ")


def attached(message: bytes) -> bytes:
    """The picture in what was delivered."""
    (part,) = (one for one in email.message_from_bytes(message).walk() if one.get_content_type() == "image/jpeg")
    return bytes(part.get_payload(decode=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["at the door", "over a restart", "after its last day"])
def test_metadata_rules_that_tighten_are_kept_to_the_last_moment(when: str) -> None:
    """P3: cleaned and sealed under the old rules, it goes back and leaves as the rules of the first byte say."""

    async def story() -> None:
        lasts = "2026-11-23" if when == "after its last day" else "2027-03-31"
        office = Office(rulebook=rules(metadata=KEPT.replace("2027-03-31", lasts)))
        async with office.opens():
            if when == "at the door":
                office.post.at_the_door = office.publishes
            else:
                office.post.answers.append(BUSY)
            transfer = await office.accepts(photo(), CITIZEN, sender=PER)
            await office.rests()
        async with office.opens():
            if when == "over a restart":
                await office.publishes()
            await office.passes(DAY)
            found = office.facts(transfer)

        (delivered,) = office.post.got(CITIZEN)
        cleaned = [fact for fact in found if isinstance(fact, Scrubbed)]
        assert (2, ("kept",), ()) == (len(cleaned), cleaned[0].kept_by, cleaned[1].kept_by)
        assert b"Telephone 7" not in attached(delivered.content)
        codes = [[one.code for one in fact.reasons] for fact in found if isinstance(fact, Judged)]
        assert [[], ["rules-changed"]] == codes
        assert [] == office.notes_about(transfer)  # it goes: nobody need know that it was cleaned twice

    asyncio.run(story())


@in_the_office()
async def test_a_line_that_proved_what_was_asked_before_is_not_used(office: Office) -> None:
    """P2: while it was opened the rules came to ask for a pinned key; nothing goes over it, but over the next."""

    async def pin() -> None:
        await office.publishes(protection=PINNED)

    office.post.at_the_door = pin
    transfer = await office.accepts(OFFICE_LETTER, CITIZEN)
    await office.rests()
    assert ([State.WAITING], []) == (office.states(transfer), office.post.got(CITIZEN))

    await office.passes(10 * MINUTE)

    assert [Level.BEST, Level.PIN] == [demand.level for demand in office.post.demands]
    assert ([State.SHIPPED], 1) == (office.states(transfer), len(office.post.got(CITIZEN)))


@in_the_office(rulebook=lambda: rules(metadata=KEPT))
async def test_rules_that_come_to_the_same_change_nothing(office: Office) -> None:
    """Another reason, another rule: what goes from the documents is as it was, and nothing is cleaned twice."""
    office.post.answers.append(BUSY)
    transfer = await office.accepts(photo(), CITIZEN, sender=PER)
    await office.rests()

    await office.publishes(metadata=KEPT.replace("kept", "still-kept").replace("They ask", "Somebody asks"))
    await office.passes(10 * MINUTE)

    (delivered,) = office.post.got(CITIZEN)
    assert 1 == office.kinds(transfer).count("scrubbed")
    assert b"Telephone 7" in attached(delivered.content)


@in_the_office(rulebook=lambda: rules(metadata=CUT_OUT))
async def test_rules_that_would_have_somebody_asked_hold_what_was_sealed(office: Office) -> None:
    """What may no longer leave as it is waits for a person, although it was cleared once."""
    office.post.answers.append(BUSY)
    slides = pptx_file.dirty(hidden=' hidden="1"').content
    document = with_document("a.pptx", SLIDES, slides, sender=PER, to=CITIZEN).replace(b"[case] ", b"[public] ")
    transfer = await office.accepts(document, CITIZEN, sender=PER)
    await office.rests()
    assert [State.WAITING] == office.states(transfer), office.reasons(transfer)

    await office.publishes()
    await office.passes(10 * MINUTE)

    assert ([State.HELD], ["document"]) == (office.states(transfer), office.reasons(transfer))
    assert [] == office.post.got(CITIZEN)


@in_the_office()
async def test_a_server_that_proves_too_little_gets_nothing(office: Office) -> None:
    """A line that does not come up is a deferral with the reason; no attempt stands in the ledger."""
    await office.trusts(COURT)
    office.post.no_line.append(
        NotNow(reason=Reason(code="tls-unproved", about=(("host", "mx"), ("why", "name-differs"))))
    )

    transfer = await office.accepts()
    await office.rests()

    assert ["received", "judged", "scrubbed", "sealed", "deferred"] == office.kinds(transfer)
    await office.passes(10 * MINUTE)
    assert [State.SHIPPED] == office.states(transfer)


@in_the_office()
async def test_the_demand_is_the_rules(office: Office) -> None:
    """What the next server must prove is verified TLS for the recipient's own domain."""
    await office.trusts(COURT)
    await office.accepts()
    await office.rests()

    demand = office.post.demands[0]
    assert (True, ("court.test",)) == (demand.level.is_verified, demand.names)
    assert demand.level in (Level.BEST, Level.VERIFIED)


@in_the_office(rulebook=lambda: rules(("routes.toml", 'give-up = "5d"', 'give-up = "6h"')))
async def test_it_is_tried_again_and_given_up(office: Office) -> None:
    """5, 10, 20, 40 minutes, then hourly; one note after the first hour, one when it is over."""
    await office.trusts(COURT)
    office.post.answers = deque([BUSY] * 100)
    transfer = await office.accepts()
    await office.rests()
    told_at: list[int] = []

    tried_at = [start_ms := office.clock.at_ms]
    while State.WAITING in office.states(transfer):
        leg = office.journey(transfer).legs[0]
        assert leg.deferred is not None
        tried_at.append(leg.deferred.until_ms)
        await office.passes(leg.deferred.until_ms - office.clock.at_ms)
        told_at += [office.clock.at_ms - start_ms] * (len(office.notes_about(transfer)) - len(told_at))

    pauses = [after - before for before, after in pairwise(tried_at)]
    wanted = [minutes * MINUTE for minutes in (5, 10, 20, 40, 60, 60)]
    assert all(abs(pause - ideal) <= ideal // 10 + 1 for pause, ideal in zip(pauses, wanted, strict=False))
    assert [State.UNDELIVERABLE] == office.states(transfer)
    titles = [line for note in office.notes_about(transfer) for line in note.splitlines() if line.startswith("Subject")]
    assert ["Subject: Not delivered yet: registry@court.test", "Subject: Not delivered: registry@court.test"] == titles
    assert HOUR <= told_at[0] < 2 * HOUR
    assert 6 * HOUR == told_at[1]


@in_the_office()
async def test_patience_counts_from_the_first_try(office: Office) -> None:
    """A leg that was held for six days is not given up at its first busy signal, nor called late before an hour."""
    transfer = await office.accepts()
    await office.passes(6 * DAY)
    office.post.answers.append(BUSY)
    await office.trusts(COURT)
    await office.comes_to(transfer, State.WAITING)
    assert 1 == len(office.notes_about(transfer))  # that it waited, not that it is late

    await office.passes(10 * MINUTE)

    assert [State.SHIPPED] == office.states(transfer)


@in_the_office()
async def test_a_refusal_for_good_ends_it(office: Office) -> None:
    """5xx is not tried again; the note carries what the other server said and its status."""
    await office.trusts(COURT)
    office.post.answers.append(GONE)

    transfer = await office.accepts()
    await office.rests()

    last = office.facts(transfer)[-1]
    assert isinstance(last, Undeliverable)
    (note,) = office.notes_about(transfer)
    assert "550 5.1.1 who?" in note
    assert "Status: 5.1.1" in note
    await office.passes(DAY)
    assert 1 == office.kinds(transfer).count("attempted")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Never(reason=Reason(code="no-such-domain", about=(("host", "court.test"),))), State.UNDELIVERABLE),
        (NotNow(reason=Reason(code="dns-failure", about=(("host", "court.test"),))), State.WAITING),
    ],
)
@in_the_office()
async def test_a_domain_without_a_server(office: Office, answer: Never | NotNow, state: State) -> None:
    """No such domain ends the leg; a name service that fails defers it and never sends it elsewhere."""
    await office.trusts(COURT)
    office.post.no_route.append(answer)

    transfer = await office.accepts()
    await office.rests()

    assert [state] == office.states(transfer)
    assert ("attempted" in office.kinds(transfer), []) == (False, office.post.got(COURT))


@in_the_office()
async def test_a_doubt_about_confidential_papers_is_parked(office: Office) -> None:
    """The answer was lost behind the end: from confidential up a person decides, and the sender hears why."""
    await office.trusts(COURT)
    office.post.answers.append(LOST)
    transfer = await office.accepts()
    await office.rests()
    assert [State.PARKED] == office.states(transfer)
    (note,) = office.notes_about(transfer)
    assert "no answer came" in " ".join(note.split())

    await office.passes(2 * DAY)
    assert [State.PARKED] == office.states(transfer)

    assert isinstance(await office.orders.release(transfer, 0, party(PER), "they do not have it"), tuple)
    await office.comes_to(transfer, State.SHIPPED)


@in_the_office()
async def test_a_doubt_below_is_sent_again(office: Office) -> None:
    """Below that label it is sent once more, with the same parcel, and nobody is bothered."""
    office.post.answers.append(LOST)
    transfer = await office.accepts(OFFICE_LETTER, CITIZEN)
    await office.rests()

    await office.passes(10 * MINUTE)

    assert [State.SHIPPED] == office.states(transfer)
    assert (1, []) == (len({fact.parcel.digest for fact in office.legs(transfer) if isinstance(fact, Sealed)}),
                       office.notes_about(transfer))  # fmt: skip
    assert 2 == len([fact for fact in office.facts(transfer) if isinstance(fact, Attempted)])


@in_the_office()
async def test_a_parked_leg_that_is_refused_ends(office: Office) -> None:
    """A person may also decide that it is not sent again."""
    await office.trusts(COURT)
    office.post.answers.append(LOST)
    transfer = await office.accepts()
    await office.rests()

    done = await office.orders.refuse(transfer, None, party(RUTH), "they have it")
    await office.rests()

    assert isinstance(done, tuple)
    assert [State.REFUSED] == office.states(transfer)


@in_the_office()
async def test_a_parcel_that_was_lost_is_made_again_under_the_rules_of_now(office: Office) -> None:
    """A small parcel lives in memory until it must wait; gone, the leg starts over with a new intent."""
    await office.trusts(COURT)
    office.post.answers.append(BUSY)
    transfer = await office.accepts()
    await office.rests()
    sealed = office.journey(transfer).legs[0].sealed
    assert sealed is not None
    office.blobs.erase(sealed.parcel.blob)

    await office.passes(10 * MINUTE)

    assert [State.SHIPPED] == office.states(transfer)
    assert 2 == len([fact for fact in office.facts(transfer) if isinstance(fact, Sealed)])


@in_the_office(rulebook=lambda: rules(("routes.toml", 'via = "mx"', 'via = "relay.town.test:587"')))
async def test_a_named_relay_must_show_its_own_name(office: Office) -> None:
    """Where the rules name a host, its name counts beside the domain's."""
    await office.trusts(COURT)
    await office.accepts()
    await office.rests()

    assert ("relay.town.test", "court.test") == office.post.demands[0].names


@in_the_office()
async def test_transport_that_verifies_nothing_does_not_count(office: Office) -> None:
    """A line that only encrypts does not make `transport-verified` true at the first byte."""
    await office.publishes(
        (
            "transfers.toml",
            'by = ["mail", "pickup"]\nuntil',
            'by = ["mail", "pickup"]\nwhen = ["transport-verified"]\nuntil',
        )
    )
    transfer = await office.accepts(OFFICE_LETTER, CITIZEN)
    await office.rests()
    assert [State.HELD] == office.states(transfer)
    assert ["unknown"] == office.reasons(transfer)

    office.post.hop = replace(HOP, verdict="encrypted-only")
    assert Way.MAIL is office.journey(transfer).transfer.way
    assert [] == office.post.got(CITIZEN)
