"""Who is told of a virus, once, and what they read."""

from __future__ import annotations

from gateway.engine.scanning.alarm import alarm, virus_of
from gateway.facts import Judged, Outcome, Reason
from gateway.journey import advance
from tests.unit.engine.engine_world import ALENA, COURT, JUDGE, PER, RUTH, Office, in_the_office, letter

VIRUS = Reason(code="virus", about=(("name", "EICAR"), ("file", "invoice.txt"), ("by", "ClamAV 1.4.6/27810")))


def verdict(leg: int, outcome: Outcome, *reasons: Reason) -> Judged:
    return Judged(leg=leg, outcome=outcome, rules=(), demands=(), reasons=reasons, known=(), ruleset="f" * 64)


@in_the_office()
async def test_it_is_told_once_a_transfer_however_many_legs(office: Office) -> None:
    """Two recipients, two verdicts, one note to each who keeps the rules; without a virus none."""
    await office.accepts(letter(ALENA, (COURT, JUDGE)), COURT, JUDGE)
    await office.rests()
    journey = office.journey(office.transfers()[0])
    first, second = (verdict(leg, Outcome.HOLD, Reason(code="no-key"), VIRUS) for leg in (0, 1))

    told = await alarm(office.notes, journey, first)
    again = await alarm(office.notes, advance(journey, first), second)
    nothing = await alarm(office.notes, journey, verdict(0, Outcome.HOLD, Reason(code="no-key")))

    assert [PER, RUTH] == sorted(str(write.facts[0].transfer.legs[0].recipient) for write in told)  # type: ignore[union-attr]
    assert ((), ()) == (again, nothing)


@in_the_office()
async def test_it_says_what_where_whose_and_what_became_of_it(office: Office) -> None:
    """Enough to act on, and nothing of the content: signature, file, sender, scanner, and whether it lies here."""
    await office.accepts()
    await office.rests()
    transfer = office.transfers()[0]
    journey = office.journey(transfer)
    said = {}
    for outcome in (Outcome.HOLD, Outcome.BLOCK):
        writes = await alarm(office.notes, journey, verdict(0, outcome, VIRUS))
        await office.scribe.append(*writes)
        said[outcome] = " ".join(office.content(writes[0].stream).split())

    for text in said.values():
        assert f"The scanner found EICAR in invoice.txt, sent by {ALENA} (ClamAV 1.4.6/27810)." in text
        assert transfer in text
        assert "CANARY" not in text
    assert "It waits here, sealed" in said[Outcome.HOLD]
    assert "a rule refused it" in said[Outcome.BLOCK]


def test_the_reason_is_found_among_others() -> None:
    """Wherever it stands."""
    assert VIRUS == virus_of(verdict(0, Outcome.BLOCK, Reason(code="forbidden"), VIRUS))
    assert virus_of(verdict(0, Outcome.BLOCK, Reason(code="forbidden"))) is None
