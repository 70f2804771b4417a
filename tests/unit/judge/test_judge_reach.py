"""Who can send what to whom: as the judge decides, for everybody at once."""

from __future__ import annotations

import itertools
from datetime import date

from gateway.facts import Outcome
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.expect import harmless, recipient_of
from gateway.judge.reach import Reach, Wanted, reach
from gateway.transfer import Recipient, Way
from tests.edited import PARTNERS, PEOPLE, book

ON = date(2026, 11, 23)


def who(found: tuple[Reach, ...]) -> set[tuple[str, str, Way, tuple[str, ...]]]:
    return {(one.name, one.to, one.by, one.labels) for one in found}


def test_sealed_papers_have_one_sender_and_one_way() -> None:
    """With what they wait for, and the rules that say so."""
    (one,) = reach(book(), Wanted(label="sealed"), on=ON)

    assert ("jo@town.test", "court", Way.SFTP, ("sealed",)) == (one.who, one.to, one.by, one.labels)
    assert ("approval-by head",) == one.waits_for
    assert ("encrypt-above-office", "sealed-bundles", "second-pair-of-eyes") == one.rules


def test_it_narrows_by_person_way_purpose_and_recipient() -> None:
    """Each option takes away what it does not name; a group, a partner and an address mean the same court."""
    expected = {("Alena Novak", "court", Way.SFTP, ("office", "confidential"))}

    for to in ("courts", "partner:court", recipient_of("registry@court.test"), Recipient(partner="court")):
        wanted = Wanted(who="alena@town.test", to=to, by=Way.SFTP, purpose="litigation")
        assert expected == who(reach(book(), wanted, on=ON))
    assert () == reach(book(), Wanted(to="courts", label="office", purpose="general"), on=ON)


def test_who_has_left_can_nothing() -> None:
    """On the last day still, on the next no more."""
    wanted = Wanted(who="alena@town.test")
    left = book((PEOPLE, 'roles = ["clerk"], until = 2027-06-30', 'roles = ["clerk"], until = 2026-11-23'))

    assert reach(left, wanted, on=ON)
    assert () == reach(left, wanted, on=date(2026, 11, 24))


def test_an_agreement_that_ended_ends_it() -> None:
    """The sample's NDA has; renewed, Jo may write to counsel."""
    renewed = book((PARTNERS, "until = 2026-04-30", "until = 2027-04-30"))

    assert () == reach(book(), Wanted(to="law-firms"), on=ON)
    assert {"Jo Hart"} == {one.name for one in reach(renewed, Wanted(to="law-firms"), on=ON)}


def test_it_says_what_the_judge_says() -> None:
    """Everybody in the sample, to everybody, by every way: listed if and only if it is not blocked."""
    rulebook = book()
    listed = {
        (one.who, one.to, one.by, label, purpose)
        for one in reach(rulebook, Wanted(), on=ON)
        for label, purpose in itertools.product(one.labels, one.purposes)
    }
    recipients = {"court": "registry@court.test", "smith-and-day": "day@smithday.test", "strangers": "a@b.example"}
    people = [person.address for person in rulebook.people.everyone]

    for sender, (name, to), by in itertools.product(people, recipients.items(), (Way.MAIL, Way.PICKUP)):
        for label, purpose in itertools.product(rulebook.labels.order, rulebook.labels.purposes):
            verdict = decide(
                rulebook,
                Case(sender_person=sender, recipient=recipient_of(to), by=by, label=label, purpose=purpose, on=ON,
                     facts=harmless(), outside_recipients=1),
            )  # fmt: skip
            assert (verdict.outcome is not Outcome.BLOCK) == ((sender, name, by, label, purpose) in listed)
