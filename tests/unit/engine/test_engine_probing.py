"""A server is asked to prove itself before anything is decided; it is asked seldom, and told nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from gateway.engine.inquiry import Question
from gateway.engine.probing import AGAIN_MS, Probing
from gateway.facts import Hop, Outcome, Reason, Truth
from gateway.journey import State
from gateway.judge.case import known_facts
from gateway.judge.explain import sentence
from gateway.seal.hop import Demand
from gateway.ship import NotNow, Target
from gateway.transfer import Recipient, Way
from tests.playbook import HOP
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY,
    Office,
    in_the_office,
    letter,
    party,
    rules,
    to,
)

PROVED = '[[forbid]]\nid = "unproved"\nto = ["strangers"]\nunless = ["transport-verified"]\nbecause = "Prove it."\n'


@dataclass
class Servers:
    """Every mail server there is, asked to prove itself."""

    answer: Hop | NotNow = HOP
    asked: list[Demand] = field(default_factory=list)

    async def probe(self, demand: Demand, targets: tuple[Target, ...]) -> Hop | NotNow:
        self.asked.append(demand)
        return self.answer


def probing(office: Office, servers: Servers) -> Probing:
    office.inquiry.probing = Probing(
        rules=office.in_force,
        clock=office.clock,
        resolver=office.post,
        prober=servers,  # type: ignore[arg-type]
    )
    return office.inquiry.probing


@in_the_office(rulebook=lambda: rules(transfers=PROVED))
async def test_a_first_letter_goes_once_the_server_has_proved_itself(office: Office) -> None:
    """Nobody ever wrote there; the probe settles what would else wait for ever."""
    servers = Servers()
    probing(office, servers)

    transfer = await office.accepts(letter(recipients=(CITIZEN,), subject="[office] x"), CITIZEN)
    await office.comes_to(transfer, State.SHIPPED)

    assert 1 == len(servers.asked)


@in_the_office(rulebook=lambda: rules(transfers=PROVED))
async def test_a_server_that_cannot_prove_itself_leaves_it_unknown(office: Office) -> None:
    """It waits, and is asked again when legs that wait are looked at again, not sooner."""
    servers = Servers(answer=NotNow(reason=Reason(code="unreachable")))
    known = probing(office, servers)

    transfer = await office.accepts(letter(recipients=(CITIZEN,), subject="[office] x"), CITIZEN)
    await office.rests()
    assert [State.HELD] == office.states(transfer)
    assert None is await known.proved_ms(to(CITIZEN))
    assert 1 == len(servers.asked)

    office.clock.at_ms += AGAIN_MS
    servers.answer = HOP
    office.runner.look()
    await office.comes_to(transfer, State.SHIPPED)


@in_the_office()
async def test_a_proof_stands_for_a_day(office: Office) -> None:
    """And is asked for again after it."""
    servers = Servers()
    known = probing(office, servers)

    first = await known.proved_ms(to(CITIZEN))
    office.clock.at_ms += DAY - 1
    assert first == await known.proved_ms(to(CITIZEN))
    office.clock.at_ms += 1
    assert office.clock.at_ms == await known.proved_ms(to(CITIZEN))
    assert 2 == len(servers.asked)


@in_the_office()
async def test_what_only_encrypts_has_proved_nothing(office: Office) -> None:
    """Encrypted to whom, nobody knows."""
    known = probing(office, Servers(answer=replace(HOP, verdict="encrypted-only")))

    assert None is await known.proved_ms(to(CITIZEN))


@in_the_office(rulebook=lambda: rules(transfers=PROVED))
async def test_a_door_does_not_wait_for_another_server(office: Office) -> None:
    """At RCPT and at DATA it is unknown; only the voyage asks. A box is no mail server's affair."""
    servers = Servers()
    known = probing(office, servers)

    at_the_door = await office.inquiry.ask(Question(sender=party(ALENA), recipient=to(CITIZEN), way=Way.MAIL))

    assert ("transport-verified", Truth.UNKNOWN) in [
        (one.name, one.value) for one in known_facts(at_the_door.rulebook, at_the_door.case)
    ]
    assert None is await known.proved_ms(Recipient(partner="court"))
    assert [] == servers.asked


# ── the mail servers that were noted ─────────────────────────────────────────────────────────────────────────────────

BY_PHONE = 'how = "rang the number on file"'
NOTED = ("partners.toml", BY_PHONE, BY_PHONE + ', mx = ["mx1.court.test", "mx2.court.test"]')


@dataclass
class Names:
    """What DNS says of every domain."""

    servers: tuple[str, ...] | None
    asked: list[str] = field(default_factory=list)

    async def exchangers(self, domain: str) -> tuple[str, ...] | None:
        self.asked.append(domain)
        return self.servers


def names(office: Office, *servers: str, is_away: bool = False) -> Names:
    found = Names(servers=None if is_away else servers)
    office.inquiry.probing = Probing(
        rules=office.in_force,
        clock=office.clock,
        resolver=found,  # type: ignore[arg-type]
        prober=Servers(),
    )
    return found


def filing(*, is_under_way: bool = True) -> Question:
    return Question(
        sender=party(ALENA), recipient=to(COURT), way=Way.MAIL, label="confidential", purpose="litigation",
        outside_recipients=1, transfer="T-" if is_under_way else "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("servers", "outcome"),
    [
        (("mx1.court.test", "mx2.court.test"), Outcome.SEND),
        (("mx2.court.test",), Outcome.SEND),
        (("mx1.court.test", "mx.elsewhere.test"), Outcome.BLOCK),
        ((), Outcome.BLOCK),
        (None, Outcome.HOLD),
    ],
)
def test_an_address_is_verified_while_its_mail_goes_where_it_was_noted(
    servers: tuple[str, ...] | None, outcome: Outcome
) -> None:
    """Another server, or none, is a no that says so; where DNS does not answer it waits."""

    @in_the_office(rulebook=lambda: rules(NOTED))
    async def story(office: Office) -> None:
        await office.trusts(COURT)
        names(office, *(servers or ()), is_away=servers is None)

        opinion = await office.inquiry.ask(filing())

        said = opinion.verdict.nearest.missing if opinion.verdict.nearest else opinion.verdict.unknown
        assert (outcome, () if outcome is Outcome.SEND else ("address-verified",)) == (opinion.verdict.outcome, said)
        if outcome is Outcome.BLOCK:
            assert "goes to another server than was noted" in sentence(opinion.rulebook, opinion.case, opinion.verdict)

    story()


@in_the_office(rulebook=lambda: rules(NOTED))
async def test_dns_is_asked_once_a_day_and_by_no_door(office: Office) -> None:
    """At RCPT it is unknown unless somebody has just asked; a failure is asked again sooner."""
    await office.trusts(COURT)
    found = names(office, "mx1.court.test")

    at_the_door = (await office.inquiry.ask(filing(is_under_way=False))).verdict
    assert ((), ("address-verified",)) == (tuple(found.asked), at_the_door.unknown)
    for later_ms in (0, DAY - 1, 1):
        office.clock.at_ms += later_ms
        await office.inquiry.ask(filing())
    known = await office.inquiry.ask(filing(is_under_way=False))

    assert (["court.test"] * 2, Outcome.SEND) == (found.asked, known.verdict.outcome)


@in_the_office(rulebook=lambda: rules(NOTED))
async def test_a_failure_of_dns_is_asked_again_soon(office: Office) -> None:
    """Not for each letter of a round, and in time for the next."""
    await office.trusts(COURT)
    found = names(office, is_away=True)
    await office.inquiry.ask(filing())
    await office.inquiry.ask(filing())

    found.servers = ("mx1.court.test",)
    office.clock.at_ms += AGAIN_MS

    assert Outcome.SEND is (await office.inquiry.ask(filing())).verdict.outcome
    assert 2 == len(found.asked)


@in_the_office(rulebook=lambda: rules(NOTED, transfers='[facts]\nverified-for = "1d"\n'))
async def test_a_verification_that_is_too_old_needs_no_dns(office: Office) -> None:
    """It is refused for its age, and nobody waits for an answer that could not change it."""
    found = names(office, is_away=True)

    opinion = await office.inquiry.ask(filing())

    assert (Outcome.BLOCK, []) == (opinion.verdict.outcome, found.asked)


@in_the_office()
async def test_where_no_server_was_noted_none_is_looked_up(office: Office) -> None:
    """As it was: the day alone counts."""
    await office.trusts(COURT)
    found = names(office, is_away=True)

    assert Outcome.SEND is (await office.inquiry.ask(filing())).verdict.outcome
    assert [] == found.asked
