"""What could be affected: of a partner everything that reached it, of a person also their mailbox, each entry once."""

from __future__ import annotations

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.containment.contained import Containment, What
from gateway.engine.questions.blast import Exposed
from gateway.engine.questions.period import Period
from gateway.engine.response.affected import affected
from gateway.facts import Outcome
from tests.audited import Past, cleaned, intent, judged, writing
from tests.playbook import attempted, shipped

EVER = Period(first_ms=0, until_ms=2**42)
KEY = "A" * 40


def found(past: Past, what: What, who: str, period: Period = EVER, *owners: str) -> list[Exposed]:
    order = Containment(id="c-1", what=what, who=who, at_ms=1, because="x")
    with opened(Setting(folder=past.folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        return list(affected(office.records, attestations, order, period, owners))


def told(rows: list[Exposed]) -> set[tuple[str, str]]:
    return {(one.transfer, one.kind) for one in rows}


def test_of_a_partner_what_reached_it(past: Past) -> None:
    """By whatever address; what still waits here, or was put off for sure, did not."""
    assert {(past.delivered, "shipped")} == told(found(past, What.PARTNER, "court"))
    assert [] == found(past, What.PARTNER, "smith-and-day")


def test_of_a_person_what_they_sent_and_what_reached_them(past: Past) -> None:
    """Of their account alone, what they sent; each entry once."""
    with writing(past.folder) as pen:
        inside = pen.then(pen.mail("alena@town.test", "jo@town.test"), judged(0, Outcome.SEND))
        inside = pen.then(inside, cleaned(0), intent(inside, 0), attempted(0), shipped(0))

    whole, account = found(past, What.PERSON, "jo@town.test"), found(past, What.ACCOUNT, "jo@town.test")

    assert {(past.held, "received"), (past.deferred, "received")} == told(account)
    assert told(account) | {(inside.transfer.id, "shipped")} == told(whole)
    assert len({one.entry for one in whole}) == len(whole)


def test_of_a_key_what_was_sealed_to_it(past: Past) -> None:
    """An OpenPGP key, what it opens; an SSH key, what its owners' accounts could do."""
    assert {past.delivered, past.deferred} == {one.transfer for one in found(past, What.KEY, KEY)}
    assert {past.held, past.deferred} == {
        one.transfer for one in found(past, What.KEY, "SHA256:" + "a" * 43, EVER, "jo@town.test")
    }


def test_it_says_how_each_was_protected(past: Past) -> None:
    """Sealed by what, and under which TLS."""
    (one,) = found(past, What.PARTNER, "court")

    assert one.protection.startswith("openpgp; TLS")
    assert "court" == one.partner
