"""Forgeries of a partner's address are seen, and innocent addresses are left alone."""

from __future__ import annotations

import pytest

from gateway.facts import Truth
from gateway.judge.lookalike import Lookalikes, look, skeleton

PARTNERS = Lookalikes.of(["court.test", "northgate-legal.co.uk"], ["day@smithday.test"], 1)


@pytest.mark.parametrize(
    ("local", "host", "meant"),
    [
        ("registry", "c0urt.test", "court.test"),  # a digit for a letter: equal skeletons once folded
        ("registry", "xn--curt-55d.test", "court.test"),  # a Cyrillic letter
        ("registry", "cuort.test", "court.test"),  # two letters swapped
        ("registry", "court.example", "court.test"),  # another suffix
        ("registry", "court.test.evil.example", "court.test"),  # the domain inside the host
        ("registry", "mail.court.test", "court.test"),  # a subdomain is not the partner
        ("post", "northgatelegal.co.uk", "northgate-legal.co.uk"),  # the hyphen lost
        ("day", "smith-day.test", "day@smithday.test"),  # hyphenated
        ("day", "smithday-law.example", "day@smithday.test"),
        ("day", "srnithday.test", "day@smithday.test"),  # rn for m
        ("day", "smithdays.test", "day@smithday.test"),
        ("dai", "smithday.test", "day@smithday.test"),  # neighbour of a listed address
    ],
)
def test_a_forgery_names_what_was_meant(local: str, host: str, meant: str) -> None:
    """Each known trick is seen through."""
    assert meant == PARTNERS.meant(local, host)


@pytest.mark.parametrize(
    ("local", "host"),
    [
        ("anna", "citizen.example"),
        ("joe", "counter.test"),
        ("fleur", "smith.test"),
        ("office", "smithday.test"),  # another mailbox at a listed address's host
        ("clerk", "legal.co.uk"),
    ],
)
def test_innocent_addresses_are_left_alone(local: str, host: str) -> None:
    """A common word, a shared suffix and a colleague of a listed address are no forgeries."""
    assert PARTNERS.meant(local, host) is None


def test_a_domain_that_cannot_be_read_is_unknown() -> None:
    """P8: what cannot be determined is not an innocent."""
    assert Truth.UNKNOWN is PARTNERS.verdict("registry", "xn--a.test")


def test_skeletons_are_taken_before_case_is_folded() -> None:
    """`0` looks like `O`, `1` like `l`; folding first would lose that."""
    assert skeleton("court") == skeleton("c0urt")
    assert skeleton("smllh") == skeleton("sm1lh")
    assert skeleton("modem") == skeleton("rnodem")


def test_the_registrable_domain_is_compared() -> None:
    """The name before the public suffix, not the first label of the host."""
    assert skeleton("northgate-legal") == look("mail.northgate-legal.co.uk").name
