"""Identifiers of people in a text, counted and never shown: the fact `personal-data-found`.

Only what proves itself counts, so that it errs little: an IBAN by its country's length and ISO 7064 mod 97-10, a
payment card by its issuer's range and Luhn (ISO/IEC 7812-1), an NHS number by modulus 11. A number that other numbers
look like too counts as sure (`high`) only beside its own name, else as likely (`medium`); a date of birth, which has no
check at all, as a hint (`low`). The same one twice is one. Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NEAR = 40
"""So far before a number its name may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """How many different identifiers were found, by how sure it is that they are; never which."""

    high: int = 0
    medium: int = 0
    low: int = 0
    is_all_read: bool = True
    """False: there was more than was read, or a text that could not be had."""

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """By level."""
        return ("high", self.high), ("medium", self.medium), ("low", self.low)

    def __add__(self, other: Personal) -> Personal:
        """Of two texts; one that stands in both counts twice."""
        return Personal(
            high=self.high + other.high,
            medium=self.medium + other.medium,
            low=self.low + other.low,
            is_all_read=self.is_all_read and other.is_all_read,
        )


NOTHING = Personal()
UNREAD = Personal(is_all_read=False)

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?=[ -]?[A-Z0-9])")
_CARD = re.compile(r"(?<![A-Za-z0-9])[2-6](?:[ -]?[0-9]){12,18}(?![A-Za-z0-9])")
_NHS = re.compile(r"(?<![A-Za-z0-9])[0-9]{3}([ -]?)[0-9]{3}\1[0-9]{4}(?![A-Za-z0-9])")
_NINO = re.compile(
    r"(?<![A-Za-z0-9])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"([ -]?)[0-9]{2}\1[0-9]{2}\1[0-9]{2}\1[A-D](?![A-Za-z0-9])"
)
_BORN = re.compile(
    r"\b(?:dob|d\.o\.b\.?|date of birth|born(?: on)?)[:\s]{0,3}([0-9]{1,2}[./ -][0-9A-Za-z]{1,9}[./ -][0-9]{2,4})\b",
    re.IGNORECASE,
)
_NHS_NAME = re.compile(r"\bnhs\b", re.IGNORECASE)
_NINO_NAME = re.compile(r"\bnational insurance\b|\bnino\b|\bNI (?:no|number)\b", re.IGNORECASE)

# ISO 13616, as of registry release 99: how long an account number of a country is.
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20,
    "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip


def personal(text: str) -> Personal:
    """What is found in a text."""
    high: set[str] = set()
    medium: set[str] = set()
    ibans = list(_ibans(text))
    high.update(number for _, _, number in ibans)
    rest = _without(text, ibans)
    high.update(number for number in map(_plain, _matches(_CARD, rest)) if _is_card(number))
    for found in _NHS.finditer(rest):
        number = _plain(found.group())
        is_named = bool(_NHS_NAME.search(rest, max(0, found.start() - NEAR), found.start()))
        if _is_nhs(number) and (is_named or found[1]):  # ten digits in a row are anything
            (high if is_named else medium).add(number)
    for found in _NINO.finditer(rest):
        is_named = bool(_NINO_NAME.search(rest, max(0, found.start() - NEAR), found.start()))
        (high if is_named else medium).add(_plain(found.group()))
    low = {found[1] for found in _BORN.finditer(rest)}
    return Personal(high=len(high), medium=len(medium - high), low=len(low))


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (found.group() for found in pattern.finditer(text))


def _plain(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _without(text: str, spans: list[tuple[int, int, str]]) -> str:
    """The text with what was counted already blanked out."""
    pieces: list[str] = []
    at = 0
    for start, end, _ in spans:
        pieces += (text[at:start], " ")
        at = max(at, end)
    return "".join((*pieces, text[at:]))


def _ibans(text: str) -> Iterator[tuple[int, int, str]]:
    reached = 0
    for found in _IBAN.finditer(text):
        length = _LENGTHS.get(found.group()[:2])
        if length is None or found.start() < reached:
            continue
        end, number = found.end(), found.group()
        while len(number) < length and end < len(text):
            if text[end] not in " -":
                number += text[end]
            elif text[end - 1] in " -":
                break  # groups are one blank apart
            end += 1
        is_apart = end == len(text) or not text[end].isalnum()
        if len(number) == length and is_apart and number.isalnum() and number.isascii() and _is_iban(number.upper()):
            reached = end
            yield found.start(), end, number


def _is_iban(number: str) -> bool:
    return int("".join(str(int(letter, 36)) for letter in number[4:] + number[:4])) % 97 == 1


def _is_card(number: str) -> bool:
    return _is_issued(number) and len(set(number)) > 1 and _luhn(number)


def _is_issued(number: str) -> bool:
    """Whether some issuer gives out numbers that begin so and are so long."""
    two, three, four, size = int(number[:2]), int(number[:3]), int(number[:4]), len(number)
    if number[0] == "4":
        return size in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720 or two in (35, 65) or four == 6011 or 644 <= three <= 649:
        return size == 16
    if two in (34, 37):
        return size == 15
    if two in (36, 38, 39) or 300 <= three <= 305:
        return size == 14
    return two == 62 and 16 <= size <= 19


def _luhn(number: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_nhs(number: str) -> bool:
    """NHS Data Dictionary, "NHS NUMBER": modulus 11 over the first nine; a check of 10 is never given out."""
    check = 11 - sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True)) % 11
    return check != 10 and check % 11 == int(number[9]) and len(set(number)) > 1
