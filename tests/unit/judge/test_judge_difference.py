"""What a change of rules means for people and partners, in sentences."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.judge import difference as comparing
from gateway.judge.boxes import TooHard
from gateway.judge.difference import Difference, difference
from gateway.judge.rulebook import Rulebook, read
from tests.edited import PARTNERS, PEOPLE, TEXTS, TRANSFERS, Edit, book

ON = date(2026, 11, 23)
KIM = '"kim@town.test" = { name = "Kim Doe", roles = ["solicitor"], until = 2027-01-31 }\n"per@town.test" ='


def changed(*edits: Edit) -> Difference:
    return difference(book(), book(*edits), on=ON)


RENEWED: Edit = (TRANSFERS, "until = 2026-12-31", "until = 2027-03-31")


def test_a_renewal_is_told_from_the_day_it_counts() -> None:
    """The person, the papers, the partner by name, the way, and the days that are new."""
    found = changed(RENEWED)

    said = "Jo Hart may now send Sealed papers to County Court by SFTP, from 1 January 2027 to 31 March 2027."
    assert (said,) == found.widening
    assert found.is_widened
    assert (TRANSFERS,) == found.files
    (gain,) = found.gained
    assert (("jo@town.test",), ("County Court",), ("sealed",), ("sftp",)) == (gain.who, gain.to, gain.labels, gain.by)
    assert ((date(2027, 1, 1), date(2027, 3, 31)),) == gain.days


def test_what_ends_sooner_is_lost_and_needs_one_person() -> None:
    """The same change the other way round."""
    found = difference(book(RENEWED), book(), on=ON)

    said = "Jo Hart may no longer send Sealed papers to County Court by SFTP, from 1 January 2027 to 31 March 2027."
    assert (said,) == found.others
    assert not found.is_widened


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(
            (PARTNERS, "until = 2026-04-30", "until = 2027-04-30"),
            "Jo Hart may now send Office and Confidential papers to Smith & Day by mail or pickup, to 31 March 2027.",
            id="an agreement renewed",
        ),
        pytest.param(
            (PEOPLE, '"per@town.test" =', KIM),
            "Kim Doe may now send Sealed papers to County Court by SFTP, to 31 December 2026.",
            id="a new person",
        ),
        pytest.param(
            (PARTNERS, 'domains = ["court.test"]', 'domains = ["court.test", "court.example"]'),
            "Jo Hart may now send Sealed papers to court.example (now of County Court) by SFTP, to 31 December 2026.",
            id="a domain more",
        ),
        pytest.param(
            (TRANSFERS, 'when = ["lookalike-domain"]', 'when = ["lookalike-domain", "working-hours"]'),
            "Alena Novak and Per Lind may now send Public and Office papers to addresses of no partner by mail or "
            "pickup, to 31 March 2027, when the address imitates a partner's or lookalike-domain cannot be determined "
            "and it is outside working hours.",
            id="a forbid with one condition more",
        ),
        pytest.param(
            (TRANSFERS, 'when = ["agreement-current", "address-verified"]', 'when = ["agreement-current"]'),
            "Alena Novak and Jo Hart may now send Office and Confidential papers to County Court by mail or SFTP for "
            "litigation, to 31 March 2027, when the address is not verified or address-verified cannot be determined.",
            id="a fact no longer asked for",
        ),
        pytest.param(
            (TRANSFERS, 'then = ["encrypt-to-recipient", "strip-metadata"]', 'then = ["encrypt-to-recipient"]'),
            "Sealed papers from Jo Hart to County Court by SFTP: strip-metadata is no longer asked for, to "
            "31 December 2026.",
            id="a demand dropped",
        ),
        pytest.param(
            (TRANSFERS, 'id = "court-filing"', 'id = "court-filing"\nmixed = "lawful-part"'),
            "Office and Confidential papers from Alena Novak and Jo Hart to County Court by mail or SFTP for "
            "litigation may now go although another recipient is refused, to 31 March 2027.",
            id="the lawful part may go",
        ),
        pytest.param(
            (TRANSFERS, 'id = "sealed-bundles"', 'id = "sealed-bundles"\nsender-sealed = true'),
            "Jo Hart may now send, sealed by themselves so that nobody looks inside, Sealed papers to County Court by "
            "SFTP, to 31 December 2026.",
            id="sealed by the sender",
        ),
    ],
)
def test_what_widens_is_a_sentence(edit: Edit, said: str) -> None:
    """Each kind of widening names who, what, to whom, how, when and on what condition."""
    assert said in changed(edit).widening


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param((TRANSFERS, 'because = "Correspondence."', 'because = "Letters."'), id="a reason"),
        pytest.param((PEOPLE, 'clerk = { may-handle = "confidential" }', 'clerk = { may-handle = "sealed" }'),
                     id="a clearance no rule uses"),
        pytest.param((TRANSFERS, 'labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["sftp", "mail"]'),
                     id="a way that a never bars"),
        pytest.param((TRANSFERS, 'id = "opposing-counsel"', 'id = "opposing-counsel"\nmode = "watch"'),
                     id="a rule put on trial"),
        pytest.param((TRANSFERS, 'to = ["strangers"]\nwhen', 'when'), id="a forbid for everybody"),
    ],
)  # fmt: skip
def test_what_does_not_widen_needs_one_person(edit: Edit) -> None:
    """Words, what another rule bars anyway, and whatever narrows."""
    assert () == changed(edit).widening


def test_an_allow_without_effect_is_no_gain_and_a_removed_never_is() -> None:
    """Widening `by` does nothing while `sealed-by-mail` stands; both together let sealed papers go by mail."""
    widened = (TRANSFERS, 'labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["sftp", "mail"]')
    never = TEXTS[TRANSFERS].index('[[never]]\nid = "sealed-by-mail"')
    unbarred = (TRANSFERS, TEXTS[TRANSFERS][never:], "")

    found = changed(widened, unbarred).widening

    assert "Jo Hart may now send Sealed papers to County Court by mail, to 31 December 2026." in found
    assert "The standing order sealed-by-mail is gone." in found


def test_a_shorter_delay_is_a_demand_dropped_and_a_longer_one_is_not() -> None:
    """Whoever waits thirty minutes has waited fifteen."""
    short, long = (
        book((TRANSFERS, '"approval-by head"', f'"approval-by head", "delay {minutes}m"')) for minutes in (15, 30)
    )

    assert () == difference(short, long, on=ON).dropped
    assert ["delay 30m"] == [change.what for change in difference(long, short, on=ON).dropped]


def test_one_demand_in_two_rules_is_dropped_only_with_both() -> None:
    """What is asked for is compared, not the rule that asks."""
    again = (
        TRANSFERS, '[[require]]\nid = "second-pair-of-eyes"',
        '[[require]]\nid = "also"\nlabels = ["sealed"]\nthen = ["approval-by head"]\nbecause = "x"\n\n'
        '[[require]]\nid = "second-pair-of-eyes"',
    )  # fmt: skip

    found = difference(book(again), book(), on=ON)

    assert () == found.dropped
    assert not found.is_widened


def test_a_condition_that_would_hold_is_a_gain_when_it_goes() -> None:
    """While the fact is unknown the old rules hold it and the new ones send it, whatever the fact may be."""
    last = '[[never]]\nid = "sealed-by-mail"'
    rule = '[[require]]\nid = "{}"\nto = ["courts"]\n{}then = ["strip-metadata"]\nbecause = "x"\n\n'
    ask = (TRANSFERS, last, rule.format("look", 'when = ["personal-data-found"]\n') + last)
    always = (TRANSFERS, last, rule.format("all", "") + last)

    found = difference(book(always, ask), book(always), on=ON)

    assert all("when personal-data-found cannot be determined" in line for line in found.widening)
    assert found.is_widened


def test_the_past_does_not_count() -> None:
    """A rule that has ended may be taken out by anybody who may publish."""
    later = date(2027, 6, 1)

    assert difference(book(), book(RENEWED), on=later).widening == ()


def test_the_same_rules_are_the_same() -> None:
    """No file, no sentence."""
    found = difference(book(), book(), on=ON)

    assert ((), (), ()) == (found.files, found.widening, found.others)


def test_the_order_of_rules_never_matters() -> None:
    """The same tables, last first."""
    blocks = TEXTS[TRANSFERS].split("\n[[")
    turned = dict(TEXTS) | {TRANSFERS: "\n[[".join([blocks[0], *reversed([one.rstrip() + "\n" for one in blocks[1:]])])}
    other = read(turned)
    assert isinstance(other, Rulebook)

    found = difference(book(), other, on=ON)

    assert ((TRANSFERS,), (), ()) == (found.files, found.widening, found.others)


def test_what_cannot_be_computed_counts_as_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known then, and two people must sign."""

    def entangled(*_: object) -> None:
        raise TooHard

    monkeypatch.setattr(comparing._Comparison, "changes", entangled)

    found = changed((TRANSFERS, 'because = "Correspondence."', 'because = "Letters."'))

    assert found.is_widened
    assert not found.is_computed
