"""Everything of a transfer a scanner must see, and what follows: the fact `virus-found`, and what holds the leg.

A scanner sees the original as it came, each document as it was attached, and each clean copy that differs: what came
in, and what leaves. Nothing found in any of them is a no; a signature in one a yes; anything else is unknown and holds,
whatever the rules say. A scanner that does not answer is asked by nobody but `awaiting` until it does.

GAP: what was looked at when it was judged is not looked at again before each try of a delivery that takes days, so a
signature that became known meanwhile does not stop it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from gateway.engine.contents import Content, documents
from gateway.engine.policy import InForce
from gateway.engine.scanning.answer import (
    UNSCANNED,
    VIRUS,
    VIRUS_FOUND,
    Answer,
    Clean,
    Found,
    Unscanned,
    Why,
)
from gateway.engine.scanning.clamd import PIECE, Clamd
from gateway.facts import Reason, Truth
from gateway.intake.transferred import pieces_of
from gateway.judge.stationshapes import ScanTable
from gateway.skeleton import Octets, Part
from gateway.transfer import Transfer

AT_ONCE = 4
"""Transfers under examination; a daemon has as many threads as ten."""


class Scanner(Protocol):
    """Somebody who knows viruses. Sees content in clear, so it lives on this machine. Neither method raises."""

    async def version(self) -> str | Unscanned:
        """Who it is, with the age of what it knows. Answers within seconds, or is away."""
        ...

    async def scan(self, untrusted: AsyncIterator[bytes]) -> Answer:
        """What it says of one thing. May take as long as its caller lets it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing to look at."""

    key: str
    """Its own within the transfer."""
    pieces: Callable[[], AsyncIterator[bytes]]
    name: str = ""
    """A file's, for people; empty for a whole message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came of it."""

    facts: Mapping[str, Truth] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    by: tuple[str, ...] = ()
    """Who found nothing, with the age of what they know."""


NOT_ASKED = Examined()


@dataclass(slots=True, kw_only=True)
class Examination:
    """Asks the scanner the rules name; nobody, if they name none."""

    rules: InForce
    scanner_at: Callable[[str], Scanner] = Clamd
    is_away: bool = False
    """The scanner did not answer when it was asked last."""
    _clean: dict[str, set[str]] = field(default_factory=dict)
    """By transfer, the samples in which nothing was found: a voyage looks at each once."""
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def of_mail(self, transfer: Transfer, content: Content, copies: Iterable[tuple[Part, bytes]]) -> Examined:
        """A message, as far as it could be opened, and the clean copies of its parts."""
        named = ((_name(part), clean) for part, clean in copies)
        return await self._examine(transfer, (*_in_mail(content), *_clean_copies(named)))

    async def of_file(
        self, transfer: Transfer, original: Callable[[], AsyncIterator[bytes]], clean: bytes | None
    ) -> Examined:
        """A file, and its clean copy if there is one."""
        name = transfer.items[0].name
        whole = Sample(key="whole", name=name, pieces=original)
        return await self._examine(transfer, (whole, *_clean_copies([(name, clean or b"")])))

    def release(self, transfer: str) -> None:
        """Forget what was found clean."""
        self._clean.pop(transfer, None)

    async def is_back(self) -> bool:
        """Ask the scanner whether it is there; true as well if nobody need be asked any more."""
        table = self.rules.rulebook.gateway.scan
        self.is_away = table is not None and isinstance(await self.scanner_at(table.clamd).version(), Unscanned)
        return not self.is_away

    async def _examine(self, transfer: Transfer, samples: Iterable[Sample]) -> Examined:
        table = self.rules.rulebook.gateway.scan
        if table is None:
            return NOT_ASKED
        if self.is_away:
            return _unknown(Why.AWAY)
        async with self._places:
            return await self._ask(self.scanner_at(table.clamd), table, transfer, samples)

    async def _ask(self, scanner: Scanner, table: ScanTable, transfer: Transfer, samples: Iterable[Sample]) -> Examined:
        by = await scanner.version()
        if isinstance(by, Unscanned):
            self.is_away = True
            return _unknown(Why.AWAY)
        try:
            async with asyncio.timeout(table.within.seconds):
                name, answer = await self._worst(scanner, transfer, samples)
                if answer in _BROKEN_OFF and await self.is_back():  # it was started anew just then
                    name, answer = await self._worst(scanner, transfer, samples)
        except TimeoutError:
            return _unknown(Why.SLOW)
        match answer:
            case Found(signature=signature):
                about = (("name", signature), ("file", name), ("by", by))
                return Examined(facts={VIRUS_FOUND: Truth.YES}, reasons=(Reason(code=VIRUS, about=about),))
            case Unscanned(why=why):
                return _unknown(Why.AWAY if self.is_away else why)
            case Clean():
                return Examined(facts={VIRUS_FOUND: Truth.NO}, by=(by,))

    async def _worst(self, scanner: Scanner, transfer: Transfer, samples: Iterable[Sample]) -> tuple[str, Answer]:
        """The first virus; else the first thing nobody knows about; else nothing was found."""
        clean = self._clean.setdefault(transfer.id, set())
        worst: tuple[str, Answer] = ("", Clean())
        for sample in samples:
            if sample.key in clean:
                continue
            answer = await scanner.scan(sample.pieces())
            if isinstance(answer, Found):
                return sample.name, answer
            if isinstance(answer, Clean):
                clean.add(sample.key)
            elif isinstance(worst[1], Clean):
                worst = sample.name, answer
        return worst


_BROKEN_OFF = (Unscanned(Why.CUT), Unscanned(Why.AWAY))


def _unknown(why: Why) -> Examined:
    reason = Reason(code=UNSCANNED, about=(("why", why.value),))
    return Examined(facts={VIRUS_FOUND: Truth.UNKNOWN}, reasons=(reason,))


def _in_mail(content: Content) -> Iterator[Sample]:
    """Each document first, so that one with a virus is called by its name; a scanner opens the whole by itself too."""
    for part in () if content.skeleton.ambiguities else documents(content.skeleton):
        yield Sample(key=f"part {part.path}", name=_name(part), pieces=partial(_each, pieces_of, content.octets, part))
    yield Sample(key="whole", pieces=partial(_each, _pieces, content.octets))


def _clean_copies(copies: Iterable[tuple[str, bytes]]) -> Iterator[Sample]:
    """By name; what is empty stayed as it was."""
    for name, clean in copies:
        if clean:
            key = f"clean {hashlib.sha256(clean).hexdigest()}"  # legs may have copies of their own
            yield Sample(key=key, name=name, pieces=partial(_each, _pieces, clean))


def _name(part: Part) -> str:
    return part.names[0] if part.names else part.media


def _pieces(octets: Octets) -> Iterator[bytes]:
    return (octets[at : at + PIECE] for at in range(0, len(octets), PIECE))


async def _each(pieces: Callable[..., Iterator[bytes]], *given: object) -> AsyncIterator[bytes]:
    for piece in pieces(*given):
        yield piece
