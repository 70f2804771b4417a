"""A copy of an office's ledger to do harm to: its records, its published files, its anchors and its keys; no content.

Taken beside a running gateway. It lies in a folder for this user alone and is removed after the drill.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import apsw

from gateway.commands.office import DEFAULT_RECORDS, Office, opened
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.keep import Head
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.merkle import Frontier, leaf_hash

PAGE = 4096
_FOLDERS = ("rules", "var/keys", "var/ledger", "var/anchors")


@dataclass(frozen=True, slots=True)
class Clone:
    """One copy, to be attacked once."""

    folder: Path

    @property
    def setting(self) -> Setting:
        """Where it is, for whoever opens it as an office."""
        return Setting(folder=self.folder)

    @contextmanager
    def opened(self) -> Iterator[Office]:
        """The copy as its office would see it."""
        with opened(self.setting) as office:
            yield office

    @contextmanager
    def forced(self) -> Iterator[apsw.Connection]:
        """The records without what keeps our own slips out: whoever holds the file has no triggers."""
        with closing(apsw.Connection(str(self.folder / DEFAULT_RECORDS))) as db:
            for trigger in ("fact_stays", "fact_fixed", "leaf_stays", "leaf_fixed"):
                db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            yield db

    def signed_again(self, signer: Signer) -> None:
        """Let the stored head, and only it, say what the entries say now."""
        with self.forced() as db, db:
            frontier = Frontier()
            while leaves := _page(db, frontier.size):
                digests = [leaf_hash(entry) for _, entry in leaves]
                places = [index for index, _ in leaves]
                db.executemany("UPDATE leaf SET hash = ? WHERE idx = ?", zip(digests, places, strict=True))
                frontier = frontier.extend(digests)
            note = signer.sign(format_checkpoint(signer.name, frontier.size, frontier.root()))
            db.execute("UPDATE head SET size = ?, root = ?, note = ?", (frontier.size, frontier.root(), note))

    def published_again(self) -> None:
        """Let the published files follow the stored head, and nothing on this machine remember another."""
        for gone in ("ledger", "anchors"):
            shutil.rmtree(self.folder / "var" / gone, ignore_errors=True)
        with self.opened() as office:
            head = office.records.since(0, 0).head
            if head is not None:
                office.publication.publish(head)


def _page(db: apsw.Connection, skipped: int) -> list[tuple[int, bytes]]:
    found = db.execute("SELECT idx, entry FROM leaf WHERE idx >= ? ORDER BY idx LIMIT ?", (skipped, PAGE)).fetchall()
    return cast("list[tuple[int, bytes]]", found)


def clone(setting: Setting, into: Path) -> Clone:
    """Copy the ledger of an office to `into`, which must not exist. Raises `Misconfigured`."""
    into.mkdir(mode=0o700)
    with opened(setting) as office:
        kind, _, place = office.folder_rules.gateway.storage.records.partition(":")
        if kind != "sqlite" or place != DEFAULT_RECORDS:
            # The copy reads its own rules: another place there could lead back to the records themselves.
            raise Misconfigured(f"the drill works on a store at {DEFAULT_RECORDS}; this office keeps {kind}:{place}")
    for folder in (into / "var", (into / DEFAULT_RECORDS).parent):
        folder.mkdir(mode=0o700)
    with (
        closing(apsw.Connection(str(setting.folder / DEFAULT_RECORDS), flags=apsw.SQLITE_OPEN_READONLY)) as source,
        closing(apsw.Connection(str(into / DEFAULT_RECORDS))) as copy,
    ):
        with copy.backup("main", source, "main") as backup:
            backup.step()
        copy.pragma("journal_mode", "DELETE")
    (into / DEFAULT_RECORDS).chmod(0o600)
    for name in _FOLDERS:  # after the records: what is published may be ahead of them, and never behind
        if (setting.folder / name).is_dir():
            shutil.copytree(setting.folder / name, into / name)
    found = Clone(into)
    _catch_up(found)
    return found


def again(first: Clone, into: Path) -> Clone:
    """A copy of the copy."""
    shutil.copytree(first.folder, into)
    return Clone(into)


def _catch_up(copy: Clone) -> None:
    """The gateway went on between the two copies: let both end at the records' head."""
    with copy.opened() as office:
        head: Head | None = office.records.since(0, 0).head
        if head is None:
            raise Misconfigured("there is no ledger yet")
        if office.publication.size() > head.size:
            copy.published_again()
        else:
            office.publication.publish(head)
