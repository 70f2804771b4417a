"""A backup, made of a copy of the records that nobody writes any more. Its steps:

1. The content that the copy names goes to the target: what is there already, with the digest an earlier backup lists,
   is not copied again.
2. The data keys of the copy replace those at the target, and leave the copy.
3. The copy and the office's belongings are sealed; the list of content and the signed manifest follow.
4. Renamed, it counts. Only now do older ones go: those beyond the number to keep, and those from before something was
   erased because somebody asked; with them the content that no backup needs any more.

A crash anywhere leaves every earlier backup as it was: content is only added before 4, and the new keys open all that
the old ones did and that was not forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine import rulesets
from gateway.engine.archive import Archive
from gateway.engine.clock import Clock
from gateway.engine.recount import blobs_of
from gateway.engine.safekeeping.belongings import Pack, belongings
from gateway.engine.safekeeping.disposals import Disposals
from gateway.engine.safekeeping.layout import Key, Target
from gateway.engine.safekeeping.manifest import (
    BELONGINGS,
    LISTED,
    MANIFEST,
    RECORDS,
    Backup,
    Listed,
    Manifest,
    listing,
    opened_backup,
)
from gateway.engine.safekeeping.sealing import read_plain, write_plain, write_sealed
from gateway.errors import Failure, Misconfigured
from gateway.keep import Blobs, Reading
from gateway.keep.keyring import Keyring
from gateway.ledger.checkpoint import parse_vkey
from gateway.transfer import BlobId

ALL = 2**62
NAMING = frozenset({"received", "deposited", "sealed"})
"""Facts that name blobs."""
WHAT = "sealgate-office/v1"

Progress = Callable[[str, int, int], None]
"""What is being done, how much is done, of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of it."""

    folder: Path
    manifest: Manifest
    copied: int
    """Blobs that were not there yet."""
    copied_bytes: int
    removed: tuple[str, ...]
    """Older backups that went."""


@dataclass(slots=True, kw_only=True)
class Making:
    """Makes one."""

    office: Path
    copy: Path
    """The copy of the records; it is changed."""
    records: Reading
    """The copy, open for reading."""
    keys: Callable[[], Iterable[Key]]
    """The copy's data keys."""
    leave_keys: Callable[[], None]
    """Takes them out of it."""
    blobs: Blobs
    store: Blobs
    """Content at the target."""
    target: Target
    places: tuple[str, str]
    """Of records and blobs, in the office's folder."""
    keyring: Keyring
    vkey: str
    earlier: tuple[str, ...] = ()
    """The ledger's keys before that one, which signed older backups."""
    sign: Callable[[Manifest], bytes]
    """Has the ledger's key sign it."""
    clock: Clock
    disposals: Disposals
    keep: int
    progress: Progress = lambda what, done, of: None
    _copied: int = 0
    _copied_bytes: int = 0

    def make(self) -> Made:
        """Make it. Raises `StoreAway`, `StoreBroken`, `Misconfigured`."""
        head = self.records.since(0, 0).head
        if head is None:
            raise Misconfigured("there is no ledger yet: nothing to back up")
        named = self._named()
        listed = tuple(self._brought(sorted(named)))  # 1
        rules = rulesets.every(Archive(self.records, self.keyring))
        self.target.put_keys(self.keys(), self.keyring, self.clock.random)  # 2
        self.leave_keys()
        for name in self.disposals.named():
            if name not in self.target.disposals():
                self.disposals.carry_over(name)
        at_ms = self.clock.now_ms()
        fresh = self.target.begin(at_ms, head.size)
        manifest = Manifest(
            origin=self._origin,
            at_ms=at_ms,
            size=head.size,
            head=head.note,
            rules=rules[-1].digest if rules else "",
            records_at=self.places[0],
            blobs_at=self.places[1],
            parts=(
                write_sealed(
                    fresh / RECORDS, read_plain(self.copy), name=RECORDS, keyring=self.keyring,
                    entropy=self.clock.random,
                ),
                write_sealed(
                    fresh / BELONGINGS, self._belongings(at_ms), name=BELONGINGS, keyring=self.keyring,
                    entropy=self.clock.random,
                ),
                write_plain(fresh / LISTED, listing(listed)),
            ),
            blobs=len(listed),
            blob_bytes=sum(one.size for one in listed),
            missing=len(named) - len(listed),
        )  # fmt: skip
        write_plain(fresh / MANIFEST, self.sign(manifest))  # 3
        done = self.target.finish(fresh)
        return Made(
            folder=done,
            manifest=manifest,
            copied=self._copied,
            copied_bytes=self._copied_bytes,
            removed=tuple(self._prune(done)),  # 4
        )

    @property
    def _origin(self) -> str:
        return parse_vkey(self.vkey).name

    # ── 1 ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _named(self) -> set[BlobId]:
        """The content that the copy's facts name, but for what lies in the copy itself."""
        archive, named = Archive(self.records, self.keyring), set[BlobId]()
        for stream in self.records.find([], limit=ALL):
            told = archive.of_kinds(stream, NAMING)
            named.update(blobs_of(fact for _, fact in told or ()))
        return {one for one in named if self.records.content(one) is None}

    def _brought(self, names: list[BlobId]) -> Iterator[Listed]:
        known = {one.name: one for backup in self._earlier() for one in backup.blobs()}
        for number, name in enumerate(names):
            self.progress("content", number, len(names))
            try:
                yield self._there(name, known.get(name)) or self._copy(name)
            except KeyError:  # let go of since, or never kept: a small parcel that did not have to wait
                continue

    def _there(self, name: BlobId, known: Listed | None) -> Listed | None:
        """The blob, if it is at the target, and whole."""
        try:
            size = self.store.size(name)
        except KeyError:
            return None
        if known is not None and known.size == size:
            return known
        return _listed(name, self.store.open(name))

    def _copy(self, name: BlobId) -> Listed:
        pieces, draft = self.blobs.open(name), self.store.begin(name)
        digest, size = hashlib.sha256(), 0
        try:
            for piece in pieces:
                draft.write(bytes(piece))
                digest.update(piece)
                size += len(piece)
            draft.keep()
        finally:
            draft.drop()
        self._copied += 1
        self._copied_bytes += size
        return Listed(name, size, digest.hexdigest())

    def _earlier(self) -> Iterator[Backup]:
        """Backups whose lists can be believed."""
        for folder in self.target.backups():
            try:
                backup = opened_backup(folder, self.vkey, *self.earlier)
                backup.check(LISTED)
                yield backup
            except Failure:  # damaged: what it lists is read again
                continue

    # ── 3, 4 ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _belongings(self, at_ms: int) -> list[bytes]:
        pack = Pack(what=WHAT, origin=self._origin, at_ms=at_ms, files=belongings(self.office, self.places))
        return [msgspec.json.encode(pack)]

    def _prune(self, newest: Path) -> Iterator[str]:
        asked_ms = self.disposals.last_asked_ms()
        folders = self.target.backups()
        for place, folder in enumerate(folders):
            if folder == newest:
                continue
            is_surplus = place < len(folders) - self.keep
            if is_surplus or self._at_ms(folder) <= asked_ms:
                self.target.remove(folder)
                yield folder.name
        left = tuple(self._earlier())
        if len(left) < len(self.target.backups()):  # one that cannot be read may need anything
            return
        needed = {one.name for backup in left for one in backup.blobs()}
        for blob in tuple(self.store.names()):
            if blob not in needed:
                self.store.erase(blob)

    def _at_ms(self, folder: Path) -> int:
        try:
            return opened_backup(folder, self.vkey, *self.earlier).manifest.at_ms
        except Failure:
            return 0


def _listed(name: BlobId, pieces: Iterable[bytes | bytearray]) -> Listed:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return Listed(name, size, digest.hexdigest())
