"""What rulebooks are compared over: nobody and nothing that either tells apart is one value."""

from __future__ import annotations

from datetime import date

from gateway.judge.scope import Scope, Terms, person_called, recipients_called
from gateway.transfer import Address, Recipient
from tests.edited import PARTNERS, PEOPLE, TRANSFERS, Edit, book

ON = date(2026, 11, 23)
MORE: Edit = (PARTNERS, 'domains = ["court.test"]', 'domains = ["court.test", "court.example"]')


def names(*edits: Edit) -> list[str]:
    scope = Scope((book(), book(*edits)), on=ON)
    return sorted(recipients_called(one, scope.books) for one in scope.to.values)


def test_recipients_are_one_value_until_a_book_tells_them_apart() -> None:
    """A domain that becomes a partner's, and an address that leaves one, stand for themselves; the rest stays whole."""
    whole = ["County Court", "Smith & Day", "addresses of no partner", "colleagues", "town.test"]
    address: Edit = (PARTNERS, 'addresses = ["day@smithday.test"]', 'domains = ["smithday.test"]')
    person: Edit = (PEOPLE, '"alena@town.test"', '"elena@town.test"')

    assert whole == names()
    assert {*names(MORE)} - {*whole} == {"court.example (now of County Court)"}
    assert {*names(address)} - {*whole} == {"smithday.test (now of Smith & Day)"}
    assert {*names(person)} - {*whole} == {"alena@town.test", "elena@town.test"}


def test_a_class_is_what_each_book_says_it_is() -> None:
    """Groups and partner, book by book, for every recipient in it."""
    scope = Scope((book(), book(MORE)), on=ON)

    for one in scope.to.values:
        for number, rulebook in enumerate(scope.books):
            for recipient in one.recipients:
                assert rulebook.groups_of(recipient) == one.groups[number]
                assert rulebook.partner_of(recipient) is one.partners[number]


def test_a_day_stands_for_all_until_something_begins_or_ends() -> None:
    """Every end in either book begins another day; what is past begins none."""
    later: Edit = (TRANSFERS, "until = 2026-12-31", "until = 2027-01-15")
    scope = Scope((book(), book(later)), on=ON)

    days = scope.days.values
    assert ON == days[0]
    assert {date(2027, 1, 1), date(2027, 1, 16), date(2027, 4, 1), date(2027, 7, 1)} < {*days}
    assert all(day >= ON for day in days)
    assert (date(2026, 12, 31), None) == (scope.last_day(ON), scope.last_day(days[-1]))


def test_people_are_called_as_the_later_book_has_them() -> None:
    """Whoever is gone keeps the name they had."""
    renamed = book((PEOPLE, "Alena Novak", "Alena Nova"))

    assert "Alena Nova" == person_called("alena@town.test", (book(), renamed))
    assert "ghost@town.test" == person_called("ghost@town.test", (book(), renamed))


def test_rules_are_the_same_boxes_in_whichever_order_they_stand() -> None:
    """And a rule on trial has none."""
    trial = book((TRANSFERS, 'id = "court-filing"', 'id = "court-filing"\nmode = "watch"'))
    scope = Scope((book(), trial), on=ON)

    live, tried = Terms(scope, 0), Terms(scope, 1)

    assert set(tried.allows) < set(live.allows)
    assert live.stops == tried.stops


def test_whoever_writes_to_a_stranger_writes_to_nobody_we_know() -> None:
    """The address that stands for all strangers is no partner's in any book."""
    for one in Scope((book(),), on=ON).to.values:
        if recipients_called(one, (book(),)) == "addresses of no partner":
            assert (
                Recipient(address=Address(local="anybody-else", domain="nobody-we-know.invalid")),
            ) == one.recipients
