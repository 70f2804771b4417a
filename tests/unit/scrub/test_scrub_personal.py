"""Identifiers that prove themselves count; numbers that look like them do not. Nothing that was found is ever told."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.scrub.personal import NEAR, NOTHING, UNREAD, Personal, personal

# Published examples: ISO 13616's registry, the card schemes' test numbers, the NHS Data Dictionary, HMRC's NIM39110.
IBANS = (
    "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000",
    "NO93 8601 1117 947",
    "MT84MALT011000012345MTLCAST001S",
)
CARDS = ("4111 1111 1111 1111", "5555555555554444", "3782-822463-10005", "6011111111111117", "2223003122003222")
NHS, NINO = "943 476 5919", "AB 12 34 56 C"


@pytest.mark.parametrize("number", [*IBANS, *CARDS])
def test_what_proves_itself_is_sure(number: str) -> None:
    """In the middle of a sentence, at its end, alone on a line."""
    for text in (number, f"Pay to {number}, please", f"{number}.", f"a\n{number}\nb"):
        assert Personal(high=1) == personal(text)


@pytest.mark.parametrize("number", [*IBANS, *CARDS, NHS])
def test_one_digit_wrong_is_nothing(number: str) -> None:
    """A check digit that does not fit: an invoice number, a typing error."""
    place = max(at for at, letter in enumerate(number) if letter.isdigit())
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]

    assert NOTHING == personal(f"No. {wrong}")


def test_a_number_that_others_look_like_needs_its_name() -> None:
    """Three groups that fit modulus 11 are likely; called an NHS number they are sure; ten digits alone are nothing."""
    assert Personal(medium=1) == personal(f"Ref {NHS}")
    assert Personal(high=1) == personal(f"NHS number: {NHS}")
    assert Personal(high=1) == personal("NHS No 9434765919")
    assert NOTHING == personal("Order 9434765919")


def test_a_national_insurance_number_has_a_form_but_no_check() -> None:
    """Likely by its form, sure by its name; prefixes that are never given out are nothing."""
    assert Personal(medium=1) == personal(f"Ref {NINO}")
    assert Personal(high=1) == personal(f"Her National Insurance number is {NINO}.")
    assert [NOTHING] * 3 == [personal(f"Ref {one} 12 34 56 C") for one in ("BG", "QQ", "AO")]


def test_a_date_of_birth_is_a_hint() -> None:
    """Only beside its name: a date is a date."""
    assert Personal(low=2) == personal("DOB: 3/4/1971, born on 12 March 2001, due 1/2/2026")


def test_the_same_one_twice_is_one() -> None:
    """A footer says it on every page, in groups or without."""
    assert Personal(high=1) == personal("GB82 WEST 1234 5698 7654 32\n" * 3 + "GB82WEST12345698765432")


@pytest.mark.parametrize(
    "text",
    [
        "ISBN 978-3-16-148410-0, tel. +44 20 7946 0958, 2026-11-23 12:00:00, 0000 0000 0000 0000",
        "Case 2026/12345678901234567890, part no. 4000-0000-0000-0000, GUID 0f7c2a4e-91d3-4a6b-8c55-6d1e2f3a4b5c",
        "sha256 5038d6c7c0a9fa7a41117947e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
        "GB82WEST123456987654321 and XX82WEST12345698765432",
    ],
)
def test_other_numbers_of_an_office_are_not_mistaken(text: str) -> None:
    """Books, telephones, instants, case numbers, digests, accounts that are a digit too long."""
    assert NOTHING == personal(text)


def test_random_numbers_are_seldom_mistaken() -> None:
    """Of 4,000 strings of 10 to 22 digits with blanks in between, at most 1 in 50 passes for anything sure."""
    dice = random.Random(31)
    numbers = ["".join(dice.choice(string.digits) for _ in range(dice.randint(10, 22))) for _ in range(4_000)]

    assert sum(personal(f"no. {number}").high for number in numbers) < 80


def test_what_was_not_read_is_remembered_in_a_sum() -> None:
    """Of two texts, the finds add up; one that could not be read leaves the sum open."""
    both = Personal(high=1, low=2) + Personal(high=2, medium=1)

    assert Personal(high=3, medium=1, low=2) == both
    assert not (both + UNREAD).is_all_read
    assert 3 == (both + UNREAD).high


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=string.ascii_letters + string.digits + " -\n", max_size=400))
def test_whatever_it_is_given_it_counts(text: str) -> None:
    """No text makes it fail, and the same text once more, far below, says nothing new."""
    assert personal(text) == personal(text + "\n" * (NEAR + 1) + text)
