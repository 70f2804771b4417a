"""What is wrong with bytes from outside, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.catalogue.texts import ENGLISH, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A certain no. `code`, from a closed list, picks the reply; what is said of it quotes nothing hostile."""

    code: str
    text: str
    """Of the catalogue, as `fault.TEXT`: a code may have several."""
    about: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.sentence.isascii() or not self.sentence.isprintable():
            raise ValueError("a fault's sentence is one line of printable ASCII")

    @classmethod
    def of(cls, code: str, text: str = "", **about: str) -> Fault:
        """The fault; its text is named for its code unless another one is."""
        return cls(code=code, text=text or code, about=tuple(about.items()))

    @property
    def sentence(self) -> str:
        """What is wrong, in English."""
        return self.said(ENGLISH)

    def said(self, texts: Texts) -> str:
        """What is wrong, in a language."""
        return texts.say(f"fault.{self.text}", **dict(self.about))
