"""A folder of backups on other storage, and what may happen to it: every step leaves all earlier backups whole.

    folder/
    ├── office                      whose they are: the ledger's public key, a line
    ├── keys                        the data keys of every stream there is, wrapped and sealed; replaced each time
    ├── disposals/<id>              what was erased, sealed, for whoever restores a backup from before
    ├── blobs/3f/3f9a…              content, sealed as it is; shared by all
    └── 20261121T180427Z-1234/      one backup, at 1,234 entries: records, office, blobs (a list), manifest

A backup is written under a name that ends in `.new` and renamed when all of it is durable; what a crash left is removed
by the next one. The data keys lie beside the backups and not in them: the newest are the only ones, so that a stream
forgotten since opens in no backup, however old.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.engine.clock import moment
from gateway.engine.safekeeping.manifest import MANIFEST
from gateway.engine.safekeeping.sealing import read_plain, read_sealed, write_plain, write_sealed
from gateway.errors import Misconfigured, StoreAway, Tampering
from gateway.keep.keyring import Keyring
from gateway.keep.private import failure_of, sync_folder

OFFICE, KEYS, DISPOSALS, BLOBS = "office", "keys", "disposals", "blobs"
_NAME = re.compile(r"\d{8}T\d{6}Z-\d+", re.ASCII)
_DISPOSAL = re.compile(r"[0-9a-f]{32}", re.ASCII)
_BLOB = re.compile(r"[0-9a-f]{32,64}", re.ASCII)
_NEW = ".new"
_LENGTH = 4

Key = tuple[str, bytes]
"""A stream, and its wrapped data key."""


@dataclass(frozen=True, slots=True)
class Target:
    """A folder of one office's backups."""

    folder: Path

    @property
    def blobs(self) -> Path:
        """Where content lies."""
        return self.folder / BLOBS

    def content(self, name: str) -> Iterator[bytes]:
        """A blob as it lies here, without changing anything: what is restored from may be mounted for reading alone.

        Raises `KeyError` if there is none, or no blob could be called that.
        """
        path = self.blobs / name[:2] / name
        if not _BLOB.fullmatch(name) or not path.is_file():
            raise KeyError(name)
        return read_plain(path)

    def require(self, vkey: str, *earlier: str, is_first: bool = True) -> None:
        """Make it this office's, or that of its newer key. If this is not the first backup it must be ours already.

        Raises `Misconfigured` if it is not there, another office's, full of else, or empty like a disk not mounted.
        """
        if not self.folder.is_dir():
            raise Misconfigured(f"{self.folder} is not there: mount it, or make the folder")
        owner = self.owner
        if owner not in ("", vkey, *earlier):
            raise Misconfigured(f"{self.folder} holds the backups of {owner}: give this office a folder of its own")
        if not owner and any(self.folder.iterdir()):
            raise Misconfigured(f"{self.folder} holds other things: give the backups a folder of their own")
        if not owner and not is_first:
            raise Misconfigured(
                f"{self.folder} is empty, and backups were made before: is the disk mounted? "
                "If this is a new place for them: sealgate backup --first"
            )
        if owner != vkey:
            self._replace(OFFICE, lambda path: write_plain(path, vkey.encode() + b"\n"))

    @property
    def owner(self) -> str:
        """The ledger's key of the office whose backups these are; empty if it has none yet."""
        try:
            return (self.folder / OFFICE).read_text("utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as why:
            raise Misconfigured(f"{self.folder / OFFICE} cannot be read") from why

    # ── backups ──────────────────────────────────────────────────────────────────────────────────────────────────

    def backups(self) -> tuple[Path, ...]:
        """The folders of the backups that were finished, oldest first."""
        found = (path for path in self.folder.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file())
        return tuple(sorted(found, key=lambda path: (path.name[:16], int(path.name[17:]))))

    def begin(self, at_ms: int, size: int) -> Path:
        """A folder for a new one; what earlier ones left unfinished goes. Raises `StoreAway`."""
        try:
            for path in self.folder.iterdir():
                if path.is_dir() and _NAME.fullmatch(path.name.removesuffix(_NEW)) and path not in self.backups():
                    shutil.rmtree(path)
            while (done := self.folder / f"{moment(at_ms):%Y%m%dT%H%M%SZ}-{size}").exists():
                at_ms += 1_000  # two within a second
            fresh = done.with_name(done.name + _NEW)
            fresh.mkdir(mode=0o700)
        except OSError as why:
            raise failure_of(why, f"beginning a backup in {self.folder}") from why
        return fresh

    def finish(self, fresh: Path) -> Path:
        """All of it is durable: from now on it counts. Raises `StoreAway`."""
        done = fresh.with_name(fresh.name.removesuffix(_NEW))
        try:
            sync_folder(fresh)
            fresh.rename(done)
            sync_folder(self.folder)
        except OSError as why:
            raise failure_of(why, f"naming a backup in {self.folder}") from why
        return done

    def remove(self, backup: Path) -> None:
        """Let go of a backup: first of its manifest, so that half of one is never taken for one."""
        try:
            (backup / MANIFEST).unlink(missing_ok=True)
            sync_folder(backup)
            shutil.rmtree(backup)
            sync_folder(self.folder)
        except OSError as why:
            raise failure_of(why, f"removing {backup}") from why

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def put_keys(self, keys: Iterable[Key], keyring: Keyring, entropy: Callable[[int], bytes]) -> None:
        """Replace the data keys. Raises `StoreAway`."""
        self._replace(
            KEYS, lambda path: write_sealed(path, map(_framed, keys), name=KEYS, keyring=keyring, entropy=entropy)
        )

    def keys(self, keyring: Keyring) -> Iterator[Key]:
        """The data keys. Raises `Tampering` if they were changed, `Misconfigured` if there are none."""
        path = self.folder / KEYS
        if not path.is_file():
            raise Misconfigured(f"{path} is missing: without it no backup here can be opened")
        rest = b""
        for piece in read_sealed(path, name=KEYS, keyring=keyring):
            rest += piece
            at = 0
            while (frame := _frame(rest, at)) is not None:
                yield frame[0]
                at = frame[1]
            rest = rest[at:]
        if rest:
            raise Tampering(f"{path} ends in the middle of a key")

    def forget_keys(self, streams: Iterable[str], keyring: Keyring, entropy: Callable[[int], bytes]) -> None:
        """Destroy these streams' keys: no backup here opens them any more. Raises `StoreAway`."""
        gone = frozenset(streams)
        if (self.folder / KEYS).is_file():
            self.put_keys([one for one in self.keys(keyring) if one[0] not in gone], keyring, entropy)

    # ── disposals ────────────────────────────────────────────────────────────────────────────────────────────────

    def disposals(self) -> tuple[str, ...]:
        """What lies here of them, by id."""
        return named_disposals(self.folder / DISPOSALS)

    def put_disposal(self, name: str, sealed: bytes) -> None:
        """Keep one. Harmless when it is there. Raises `StoreAway`."""
        (self.folder / DISPOSALS).mkdir(mode=0o700, exist_ok=True)
        self._replace(f"{DISPOSALS}/{name}", lambda path: write_plain(path, sealed))

    def _replace(self, name: str, write: Callable[[Path], object]) -> None:
        """Whole or not at all, durably."""
        path = self.folder / name
        fresh = path.with_name(path.name + _NEW)
        try:
            write(fresh)
            fresh.rename(path)
            sync_folder(path.parent)
        except OSError as why:
            raise StoreAway(f"{path} cannot be written: {why.strerror}") from why


def named_disposals(folder: Path) -> tuple[str, ...]:
    """The disposals in a folder, by id, in order."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(name for name in os.listdir(folder) if _DISPOSAL.fullmatch(name)))


def _framed(key: Key) -> bytes:
    name, wrapped = key[0].encode(), key[1]
    return len(name).to_bytes(_LENGTH, "big") + len(wrapped).to_bytes(_LENGTH, "big") + name + wrapped


def _frame(data: bytes, at: int) -> tuple[Key, int] | None:
    """The key that stands there and where the next begins; None if it is not whole yet."""
    head = at + 2 * _LENGTH
    if len(data) < head:
        return None
    middle = head + int.from_bytes(data[at : at + _LENGTH], "big")
    end = middle + int.from_bytes(data[at + _LENGTH : head], "big")
    return ((data[head:middle].decode(), data[middle:end]), end) if len(data) >= end else None
