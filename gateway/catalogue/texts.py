"""A language's texts: said by code, with parameters that are filled in as they are, braces and all."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.catalogue.en.answers import ANSWERS
from gateway.catalogue.en.drafts import DRAFTS
from gateway.catalogue.en.files import FILES
from gateway.catalogue.en.incidents import INCIDENTS
from gateway.catalogue.en.mail import MAIL
from gateway.catalogue.en.notes import NOTES
from gateway.catalogue.en.pages import PAGES
from gateway.catalogue.en.reasons import REASONS

DEFAULT = "en"


class _Given(dict[str, str]):
    """What a text asks for and nobody gave reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Texts:
    """One language."""

    language: str
    table: Mapping[str, str]

    @classmethod
    def of(cls, language: str, table: Mapping[str, str]) -> Texts:
        """A language that can say all that English says. Raises `ValueError` where it cannot."""
        for code, text in ENGLISH.table.items():
            if code not in table:
                raise ValueError(f"{language} has no text {code}")
            if parameters(table[code]) != parameters(text):
                raise ValueError(f"{language} fills other places in {code}")
        return cls(language, table)

    def say(self, code: str, /, **given: str) -> str:
        """The text of this code. Raises `KeyError` for a code nobody wrote a text for."""
        return self.table[code].format_map(_Given(given))

    def has(self, code: str) -> bool:
        """Whether there is one."""
        return code in self.table

    def first(self, *codes: str) -> str:
        """The first of these codes that has a text; the last, whether it has or not."""
        return next((code for code in codes[:-1] if code in self.table), codes[-1])

    # ── what sentences are made of ───────────────────────────────────────────────────────────────────────────────

    def either(self, parts: Sequence[str]) -> str:
        """`a, b or c`."""
        return self._listed("list.or", parts)

    def both(self, parts: Sequence[str]) -> str:
        """`a, b and c`."""
        return self._listed("list.and", parts)

    def day(self, on: date) -> str:
        """`1 January 2027`."""
        return self.say("day", day=str(on.day), month=self.table[f"month.{on.month}"], year=str(on.year))

    def a(self, noun: str) -> str:
        """`a clerk`, `an auditor`."""
        return self.say("article.vowel" if noun[:1].lower() in "aeiou" else "article", noun=noun)

    def _listed(self, code: str, parts: Sequence[str]) -> str:
        if len(parts) < 2:
            return "".join(parts)
        return self.say(code, first=", ".join(parts[:-1]), last=parts[-1])


def parameters(text: str) -> frozenset[str]:
    """The places of a text that are filled in."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


ENGLISH = Texts(DEFAULT, {**REASONS, **MAIL, **FILES, **NOTES, **PAGES, **ANSWERS, **INCIDENTS, **DRAFTS})
LANGUAGES: dict[str, Texts] = {DEFAULT: ENGLISH}
"""By the word of `language` in gateway.toml."""


def texts_in(language: str) -> Texts:
    """The texts of a language. The rules load only if there are any; English stands in for a language taken away."""
    return LANGUAGES.get(language, ENGLISH)
