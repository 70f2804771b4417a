"""What outsiders vouch for: as far as they do, nobody can have rewritten the ledger since, this office included.

Witnesses signed a head and said when; an authority stamped heads. Each is checked again here: their signature, and that
the head they saw is the beginning of the ledger as it is now. The oldest stamp says since when; the last of both, how
much. Does not ask anybody: what counts is what lies here and can be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine.clock import instant
from gateway.engine.publication import Publication
from gateway.errors import Failure, Tampering
from gateway.keep import Head
from gateway.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note, verify
from gateway.ledger.cosignature import cosignatures
from gateway.ledger.stamp import roots_of, stamped_ms

OK, WRONG, NOBODY = "ok", "WRONG", "nobody"


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """One outsider's word, or that there is none."""

    about: str
    verdict: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Where their words lie, and what they are checked with."""

    publication: Publication
    head: Head
    vkey: str
    witnesses: Mapping[str, str]
    """By key, where they are asked."""
    stamps: Path
    roots: Path | None
    """PEM: whom the authority's certificate must lead to; None where no authority is named."""

    def testimonies(self) -> tuple[Word, ...]:
        """Everybody's, or that nobody vouches."""
        found = (*self._cosigned(), *self._stamped())
        if found:
            return found
        named = "nobody has signed a head yet" if self.witnesses or self.roots else "gateway.toml names no witness"
        return (Word(about="outsiders", verdict=NOBODY, says=f"{named}: only this machine vouches for it"),)

    def _cosigned(self) -> Iterator[Word]:
        note = self.publication.witnessed()
        if note is None or not self.witnesses:
            return
        try:
            seen = self._is_beginning(parse_checkpoint(parse_note(note).text))
            found = cosignatures(note, tuple(self.witnesses))
        except Failure as why:
            yield Word(about="witnesses", verdict=WRONG, says=why.cause)
            return
        for one in found:
            name, at = one.vkey.split("+")[0], self.witnesses[one.vkey]
            yield Word(about=f"{name} ({at})", verdict=OK, says=_words(seen.size, instant(one.at_s * 1000)))

    def _stamped(self) -> Iterator[Word]:
        """The oldest stamp and the newest."""
        sizes = sorted(int(path.stem) for path in self.stamps.glob("*.tsr") if path.stem.isdecimal())
        if self.roots is None or not sizes:
            return
        for size in dict.fromkeys((sizes[0], sizes[-1])):
            try:
                yield self._stamp(size, self.roots)
            except (Failure, OSError, ValueError) as why:
                cause = why.cause if isinstance(why, Failure) else f"it cannot be read: {why}"
                yield Word(about=f"time stamp of {size:,} entries", verdict=WRONG, says=cause)

    def _stamp(self, size: int, roots: Path) -> Word:
        note = (self.stamps / f"{size}.note").read_bytes()
        at_ms = stamped_ms((self.stamps / f"{size}.tsr").read_bytes(), note, roots_of(roots.read_bytes()))
        seen = self._is_beginning(verify(note.decode(), [self.vkey]).checkpoint)
        return Word(about="time stamp", verdict=OK, says=_words(seen.size, instant(at_ms)))

    def _is_beginning(self, seen: Checkpoint) -> Checkpoint:
        """The head they saw. Raises `Tampering` unless the ledger began like that."""
        if seen.size > self.head.size:
            raise Tampering(f"they saw {seen.size:,} entries, and there are {self.head.size:,}: rolled back?")
        if self.publication.root_at(seen.size, self.head) != seen.root:
            raise Tampering(f"they saw another ledger of {seen.size:,} entries")
        return seen


def _words(size: int, at: str) -> str:
    return f"the first {size:,} entries are as they were at {at}"
