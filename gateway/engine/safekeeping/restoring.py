"""An office out of a backup. Its steps, in this order:

1. The manifest is signed by the ledger's key, which the escrow has; every part and every blob is, byte for byte, what
   the manifest and its list say. Nothing is placed before all of that is true.
2. Records, with the newest data keys; content; belongings; then what the escrow holds.
3. What was erased since is erased again, from the disposals beside the backups.
4. Every entry is read and held against the signed head.
5. The mark: until somebody outside has been asked where the ledger stood last, this office signs nothing, and nothing
   of it leaves (`parking`).

It is built beside its place and renamed when it is whole. Nothing here uses a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine.safekeeping.belongings import Filed, Pack, unpack
from gateway.engine.safekeeping.disposals import Disposal, disposals_in
from gateway.engine.safekeeping.layout import DISPOSALS, Key, Target
from gateway.engine.safekeeping.manifest import BELONGINGS, PARTS, RECORDS, Backup, Listed, Manifest
from gateway.engine.safekeeping.sealing import PlainFile, read_sealed
from gateway.errors import Misconfigured, Tampering
from gateway.keep import Blobs
from gateway.keep.keyring import Keyring
from gateway.keep.private import replace_file, sync_folder
from gateway.transfer import BlobId

MARK = "restored"
"""Below `var/`."""

Progress = Callable[[str, int, int], None]


class Restored(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The mark of an office that came out of a backup and has not asked anybody yet."""

    origin: str
    size: int
    backup_ms: int
    restored_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """Puts one backup into a folder of its own."""

    backup: Backup
    target: Target
    keyring: Keyring
    into: Path
    """Empty."""
    progress: Progress = lambda what, done, of: None

    # ── 1 ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Every byte. Raises `Tampering`."""
        for name in PARTS:
            self.backup.check(name)
        listed = self.backup.blobs()
        for number, one in enumerate(listed):
            self.progress("checked", number, len(listed))
            self._check_blob(one)

    def _check_blob(self, one: Listed) -> None:
        digest, size = hashlib.sha256(), 0
        try:
            for piece in self.target.content(one.name):
                digest.update(piece)
                size += len(piece)
        except (KeyError, OSError) as why:
            raise Tampering(f"content {one.name} is missing from {self.target.folder}") from why
        if (size, digest.hexdigest()) != (one.size, one.sha256):
            raise Tampering(f"content {one.name} in {self.target.folder} is not what was written")

    # ── 2 ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def records(self) -> Path:
        """Where the records go."""
        return self.into / _inside(self.backup.manifest.records_at)

    @property
    def content(self) -> Path:
        """Where content goes."""
        return self.into / _inside(self.backup.manifest.blobs_at)

    def place_records(self, put_keys: Callable[[Path, Iterable[Key]], int]) -> None:
        """The records, opened, with the data keys there are now."""
        self._folder(self.records.parent)
        file = PlainFile(self.records)
        try:
            for piece in self._opened(RECORDS):
                file.write(piece)
            file.keep()
        finally:
            file.drop()
        put_keys(self.records, self.target.keys(self.keyring))

    def place_content(self, blobs: Blobs) -> None:
        """The content, as it is."""
        listed = self.backup.blobs()
        for number, one in enumerate(listed):
            self.progress("content", number, len(listed))
            draft = blobs.begin(BlobId(one.name))
            try:
                for piece in self.target.content(one.name):
                    draft.write(piece)
                draft.keep()
            finally:
                draft.drop()

    def place_belongings(self, escrowed: tuple[Filed, ...]) -> None:
        """Rules, certificates, accounts; over them what the escrow has."""
        try:
            pack = msgspec.json.decode(b"".join(self._opened(BELONGINGS)), type=Pack)
        except msgspec.MsgspecError as why:
            raise Tampering(f"{self.backup.folder / BELONGINGS} cannot be read: of another version?") from why
        if pack.origin != self.backup.manifest.origin:
            raise Tampering(f"{self.backup.folder / BELONGINGS} is another office's")
        unpack(pack.files, self.into)
        unpack(escrowed, self.into)

    def disposals(self) -> Iterator[tuple[str, Disposal]]:
        """What was erased, as far as it is known beside the backups. Raises `Tampering`."""
        return disposals_in(self.target.folder / DISPOSALS, self.keyring)

    # ── 5 ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def mark(self, now_ms: int) -> Manifest:
        """From now on nothing is signed here before somebody outside was asked."""
        manifest = self.backup.manifest
        said = Restored(
            origin=manifest.origin,
            size=manifest.size,
            backup_ms=manifest.at_ms,
            restored_ms=now_ms,
        )
        replace_file(self.into / "var" / MARK, msgspec.json.encode(said))
        return manifest

    def _opened(self, name: str) -> Iterator[bytes]:
        return read_sealed(self.backup.folder / name, name=name, keyring=self.keyring)

    def _folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._folder(folder.parent)
            folder.mkdir(mode=0o700)
            sync_folder(folder.parent)


def mark_of(var: Path) -> Restored | None:
    """The mark of an office that was restored and has not asked anybody; None for any other. Raises `Misconfigured`."""
    try:
        return msgspec.json.decode((var / MARK).read_bytes(), type=Restored)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as why:
        raise Misconfigured(f"{var / MARK} cannot be read: nobody can say whether this office may sign") from why


def must_be_settled(var: Path) -> None:
    """Raises `Misconfigured` while a restored office has asked nobody where its ledger stood last."""
    if mark_of(var) is not None:
        raise Misconfigured(
            "this office was restored from a backup, and signs nothing until somebody outside says where its ledger "
            "stood last; see what there is with: sealgate restore --settle"
        )


def lift(var: Path) -> None:
    """It was asked, and what might have left waits for a person: the office is one like any other again."""
    (var / MARK).unlink(missing_ok=True)
    sync_folder(var)


def _inside(place: str) -> str:
    """Raises `Misconfigured` for a place that is not in the office's folder: it could be a living office's."""
    require_inside(place)
    return place


def require_inside(place: str) -> None:
    """Raises `Misconfigured` unless a place of `storage` lies in the office's own folder."""
    if Path(place).is_absolute() or ".." in Path(place).parts:
        raise Misconfigured(f"{place} lies outside the office's folder, where `sealgate backup` does not look")
