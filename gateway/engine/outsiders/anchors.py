"""The boot rule: never sign at or below what is anchored elsewhere.

An anchor is a head that this ledger's own key signed, and of which somebody else has a copy: another disk (written with
each publication), each witness, whoever the operator got one from. What is kept must contain every anchored head; if it
ends before one, or has another root at its size, an older copy was put back, and to write on would be a second history.

    var/anchors/own            the last head, for an older `records.db` put back alone
    <anchor>/sealgate-anchor   the same on other storage, if gateway.toml names a folder
    var/anchors/witness-…      what each witness held when it was last asked
    var/anchors/*              a checkpoint somebody sent: put it there
    var/ledger/checkpoint      the published head
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Misconfigured, RolledBack, StoreAway, Tampering, Unreadable
from gateway.keep import Head
from gateway.keep.private import open_folder, replace_file
from gateway.ledger.checkpoint import LARGEST_NOTE, Checkpoint, parse_vkey, verify

OWN, ELSEWHERE = "own", "sealgate-anchor"
WITNESS = "witness-"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of ours that is known at `where`."""

    where: str
    head: Checkpoint


class Anchors:
    """What is known elsewhere of the ledger that `vkey` signs."""

    def __init__(
        self,
        folder: Path,
        *,
        vkey: str,
        published: Path,
        elsewhere: Path | None = None,
        earlier: Sequence[str] = (),
    ) -> None:
        """`earlier`: the keys that signed this ledger before `vkey` did; others may have their heads still."""
        self._folder = folder
        self._published = published
        self._elsewhere = elsewhere
        self._vkey = vkey
        self.keys = (vkey, *earlier)
        """Of this ledger: the one that signs, and those before."""
        self._noted = 0

    def note(self, head: Head) -> None:
        """Write down that `head` was signed, here and on the other storage. Raises `StoreAway`, `Misconfigured`."""
        if head.size <= self._noted:
            return
        os.close(open_folder(self._folder, create=True))
        replace_file(self._folder / OWN, head.note.encode())
        if self._elsewhere is not None:
            self._require_elsewhere(self._elsewhere)
            try:
                replace_file(self._elsewhere / ELSEWHERE, head.note.encode())
            except OSError as why:
                raise StoreAway(f"the anchor in {self._elsewhere} cannot be written: {why.strerror}") from why
        self._noted = head.size

    def learn(self, where: str, note: str) -> None:
        """Keep what a witness holds: the next start must not need it again."""
        os.close(open_folder(self._folder, create=True))
        name = WITNESS + hashlib.sha256(where.encode()).hexdigest()[:16]
        replace_file(self._folder / name, note.encode())

    def known(self) -> tuple[Anchor, ...]:
        """Every anchor of this ledger. Raises `Tampering` for one that cannot be read, `Misconfigured` for no disk."""
        return tuple(anchor for path in self._files() if (anchor := self._read(path)) is not None)

    @property
    def has_own(self) -> bool:
        """True if a head was noted on this machine's own storage."""
        return any(path.exists() for path in self._own())

    def check(self, head: Head | None, root_at: Callable[[int], bytes]) -> None:
        """Raises `RolledBack` unless `head`, and the tree under it, contain every anchor."""
        for anchor in sorted(self.known(), key=lambda one: -one.head.size):
            kept = head.size if head else 0
            if anchor.head.size > kept:
                raise RolledBack(
                    f"this ledger ends at {kept:,} entries, and {anchor.head.size:,} were signed ({anchor.where}). "
                    "An older copy was put back. Nothing is signed. See what is missing with: sealgate ledger recover"
                )
            if anchor.head.root != root_at(anchor.head.size):
                raise RolledBack(
                    f"the first {anchor.head.size:,} entries of this ledger are not those that were signed "
                    f"({anchor.where}). A changed copy, or a second history. Nothing is signed. "
                    "Look closer with: sealgate ledger recover"
                )

    def _own(self) -> tuple[Path, ...]:
        return (self._folder / OWN, *((self._elsewhere / ELSEWHERE,) if self._elsewhere is not None else ()))

    def _files(self) -> Iterator[Path]:
        if self._elsewhere is not None:
            self._require_elsewhere(self._elsewhere)
            if (self._elsewhere / ELSEWHERE).exists():
                yield self._elsewhere / ELSEWHERE
        for name in ("checkpoint", "witnessed"):
            if (self._published / name).exists():
                yield self._published / name
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if not path.name.endswith(".new"):
                yield path

    def _read(self, path: Path) -> Anchor | None:
        """The anchor of a file; None for another ledger's, such as the one before this."""
        try:
            with path.open("rb") as file:
                signed = verify(file.read(LARGEST_NOTE + 1).decode(), self.keys)
        except OSError as why:
            raise Misconfigured(f"{path} cannot be read: {why.strerror}") from why
        except (Unreadable, Tampering, UnicodeDecodeError) as why:
            cause = why.cause if isinstance(why, Unreadable | Tampering) else "not UTF-8"
            raise Tampering(f"{path} is no checkpoint of this ledger ({cause}); find out who changed it") from why
        if signed.checkpoint.origin != parse_vkey(self._vkey).name:
            return None
        if not signed.signers:
            raise Tampering(f"{path} is not signed by this ledger's key; find out who put it there")
        return Anchor(_words(path), signed.checkpoint)

    @staticmethod
    def _require_elsewhere(folder: Path) -> None:
        if not folder.is_dir():
            raise Misconfigured(f"{folder}, where the ledger's anchor lies, is not there; mount it, or make the folder")


def _words(path: Path) -> str:
    if path.name.startswith(WITNESS):
        return f"a witness saw them: {path}"
    return f"noted in {path}"
