"""A server is asked to prove itself before anything is decided; it is asked seldom, and told nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.engine.inquiry import Question
from gateway.engine.probing import AGAIN_MS, Probing
from gateway.facts import Hop, Reason, Truth
from gateway.journey import State
from gateway.seal.hop import Demand
from gateway.ship import NotNow, Target
from gateway.transfer import Recipient, Way
from tests.playbook import HOP
from tests.unit.engine.engine_world import ALENA, CITIZEN, DAY, Office, in_the_office, letter, party, rules, to

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

    assert ("transport-verified", Truth.UNKNOWN) in [(one.name, one.value) for one in at_the_door.verdict.known]
    assert None is await known.proved_ms(Recipient(partner="court"))
    assert [] == servers.asked
