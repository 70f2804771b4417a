"""What is wrong with bytes from outside, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A certain no. `code`, from a closed list, picks the reply; `sentence` is ASCII and quotes nothing hostile."""

    code: str
    sentence: str

    def __post_init__(self) -> None:
        if not self.sentence.isascii() or not self.sentence.isprintable():
            raise ValueError("a fault's sentence is one line of printable ASCII")
