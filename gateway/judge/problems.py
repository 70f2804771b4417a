"""What is wrong in a rule file, and where: one line an admin can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. A warning does not keep the folder from loading."""

    file: str
    line: int
    column: int
    text: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"rules/{self.file}:{self.line}:{self.column}  {self.text}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "solicitor"?`, or nothing when no known word is near."""
    near = nearest(word, known)
    return f'; did you mean "{near}"?' if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like `word`; empty if none is."""
    found = difflib.get_close_matches(word[:80], sorted(known), n=1, cutoff=0.6)
    return found[0] if found else ""
