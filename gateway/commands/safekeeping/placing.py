"""A backup put into a folder, whole or not at all: what `restore` and its drill have in common."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.commands.office import opened, own_head
from gateway.commands.safekeeping.progress import progress
from gateway.commands.setting import Setting
from gateway.engine.rereading import reread
from gateway.engine.safekeeping.belongings import Filed
from gateway.engine.safekeeping.disposals import account_term, apply
from gateway.engine.safekeeping.layout import Target
from gateway.engine.safekeeping.manifest import MANIFEST, Backup, opened_backup
from gateway.engine.safekeeping.restoring import Restoring
from gateway.errors import Misconfigured, Tampering
from gateway.keep.accounts import Accounts
from gateway.keep.copying import check_copy, put_keys
from gateway.keep.files import FileBlobs
from gateway.keep.keyring import Keyring
from gateway.keep.private import sync_folder
from gateway.keep.sqlite import SqliteRecords
from gateway.ledger.checkpoint import parse_checkpoint, parse_note
from gateway.seal.registrar import Registrar
from gateway.transfer import BlobId


@dataclass(frozen=True, slots=True)
class Source:
    """One backup, and the folder where content and keys lie beside it."""

    backup: Backup
    target: Target


def source_of(folder: Path, *vkeys: str) -> Source:
    """The backup in a folder, or the newest of a folder of them, signed by one of these keys.

    Raises `Misconfigured`, `Tampering`.
    """
    folder = folder.absolute()
    if not (folder / MANIFEST).is_file():
        backups = Target(folder).backups()
        if not backups:
            raise Misconfigured(f"there is no backup in {folder}")
        folder = backups[-1]
    target = Target(folder.parent)
    if not target.blobs.is_dir():
        raise Tampering(f"{target.blobs} is missing: the content lies beside the backups, bring the whole folder")
    return Source(opened_backup(folder, *vkeys), target)


def place(source: Source, into: Path, keyring: Keyring, escrowed: tuple[Filed, ...], *, now_ms: int) -> int:
    """Put it there; how many erasures were carried out again. Raises `Tampering`, and then nothing is there."""
    fresh = into.with_name(into.name + ".restoring")
    if fresh.exists():  # left by a crash: it never counted
        shutil.rmtree(fresh)
    restoring = Restoring(backup=source.backup, target=source.target, keyring=keyring, into=fresh, progress=progress)
    restoring.check()
    try:
        fresh.mkdir(mode=0o700, parents=True)
        erased = _fill(restoring, keyring, escrowed, now_ms)
        _verify(restoring)
        fresh.rename(into)  # over nothing, or an empty folder
        sync_folder(into.parent)
    except OSError as why:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Misconfigured(f"{into} cannot be written: {why.strerror}") from why
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return erased


def _fill(restoring: Restoring, keyring: Keyring, escrowed: tuple[Filed, ...], now_ms: int) -> int:
    restoring.place_records(put_keys)
    check_copy(restoring.records)
    restoring.place_belongings(escrowed)
    restoring.content.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(FileBlobs(restoring.content, largest_bytes=0)) as blobs:
        restoring.place_content(blobs)
        erased = _erase_again(restoring, keyring, blobs, now_ms)
    restoring.mark(now_ms)
    return erased


def _erase_again(restoring: Restoring, keyring: Keyring, blobs: FileBlobs, now_ms: int) -> int:
    """All that is known to have been erased, in its order; how much of it was since the backup.

    What the backup has seen already changes nothing: so no clock decides what is erased.
    """
    known = sorted((one for _, one in restoring.disposals()), key=lambda one: one.at_ms)
    var = restoring.into / "var"
    with closing(SqliteRecords(restoring.records)) as records:
        registrar, accounts = Registrar(var / "gnupg"), Accounts(var / "accounts.json")
        for disposal in known:
            apply(disposal, records, lambda blob: blobs.erase(BlobId(blob)))
            for fingerprint in disposal.certificates:
                registrar.drop(fingerprint, now_ms)
            for address in accounts.people():
                if account_term(keyring, address) in disposal.accounts:
                    accounts.remove(address)
        if known:
            records.compact()
        records.shrink()
    return sum(one.at_ms > restoring.backup.manifest.at_ms for one in known)


def _verify(restoring: Restoring) -> None:
    """Every entry, under the head that was signed; what is published is made of them anew. Raises `Tampering`."""
    with opened(Setting(folder=restoring.into)) as office:
        head = own_head(office)
        told = parse_checkpoint(parse_note(restoring.backup.manifest.head).text)
        if head is None or (head.size, head.root) != (told.size, told.root):
            raise Tampering(f"the records of {restoring.backup.folder} are not those its manifest speaks of")
        reread(office.records, head)
        office.publication.publish(head)
