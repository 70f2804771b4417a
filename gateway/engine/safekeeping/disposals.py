"""What was erased on purpose, kept for whoever restores a copy from before: so that it is erased again.

A disposal names streams, versions and entries, and holds the bodies that took the place of those that said too much,
sealed under the same data keys as they; it does not hold what was erased. It is sealed under the office's own key and
lies in `var/disposals` from before anything is destroyed, and beside the backups as soon as they can be reached.

Applying one changes nothing where it was applied before, so nobody needs to know which a backup has seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from gateway.engine.safekeeping.layout import Target, named_disposals
from gateway.errors import Failure
from gateway.keep import Erases, Records, Redaction
from gateway.keep.keyring import Keyring
from gateway.keep.private import open_folder, replace_file
from gateway.ledger.terms import term
from gateway.shred.plan import Plan

FOLDER = Path("disposals")
"""Below `var/`."""


class Disposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One erasure, as it is done."""

    at_ms: int
    redactions: tuple[Redaction, ...] = ()
    forgotten: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    """Index terms of addresses, not the addresses."""
    is_asked: bool = True
    """A person asked for it: backups from before go with the next one. What the schedule lets go goes as they do."""


class Forgetful(Records, Erases, Protocol):
    """Records that can forget a part of what they hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposals:
    """An office's own, and their copies beside its backups."""

    var: Path
    keyring: Keyring
    entropy: Callable[[int], bytes]
    target: Target | None = None

    def remember(self, name: str, plan: Plan, redactions: tuple[Redaction, ...], at_ms: int, *, is_asked: bool) -> None:
        """Keep it, durably, before anything is destroyed. One that is kept already stays: it was made of the whole."""
        disposal = Disposal(
            at_ms=at_ms,
            redactions=redactions,
            forgotten=plan.forgotten,
            blobs=plan.blobs,
            certificates=plan.certificates,
            accounts=tuple(account_term(self.keyring, one) for one in plan.accounts),
            is_asked=is_asked,
        )
        folder = self.var / FOLDER
        os.close(open_folder(folder, create=True))
        if not (folder / name).exists():
            replace_file(folder / name, self.keyring.wrap(_place(name), msgspec.json.encode(disposal)))

    def named(self) -> tuple[str, ...]:
        """Those of the office, by id."""
        return named_disposals(self.var / FOLDER)

    def read(self, name: str) -> Disposal:
        """One of the office's. Raises `Tampering`."""
        return opened_disposal(self.var / FOLDER / name, self.keyring)

    def carry_over(self, name: str) -> str:
        """Bring one to the backups, and destroy its keys there; why that could not be done, empty if it was."""
        target = self.target
        if target is None:
            return ""
        if not target.owner:
            return f"no backup was made in {target.folder} yet" if target.folder.is_dir() else _away(target)
        try:
            target.put_disposal(name, (self.var / FOLDER / name).read_bytes())
            target.forget_keys(self.read(name).forgotten, self.keyring, self.entropy)
        except (Failure, OSError) as why:
            return f"{_away(target)} ({why})"
        return ""

    def last_asked_ms(self) -> int:
        """When somebody last asked for something to be erased; 0 if nobody ever did."""
        found = map(self.read, self.named())
        return max((one.at_ms for one in found if one.is_asked), default=0)


def account_term(keyring: Keyring, address: str) -> str:
    """What stands for an account here."""
    return term(keyring.index_key, "person", address).hex()


def _away(target: Target) -> str:
    return f"the backups in {target.folder} could not be reached; the next `sealgate backup` sees to them"


def opened_disposal(path: Path, keyring: Keyring) -> Disposal:
    """A disposal as it is kept. Raises `Tampering` if it was changed."""
    return msgspec.json.decode(keyring.unwrap(_place(path.name), path.read_bytes()), type=Disposal)


def disposals_in(folder: Path, keyring: Keyring) -> Iterator[tuple[str, Disposal]]:
    """Those of a folder, by id. Raises `Tampering`."""
    for name in named_disposals(folder):
        yield name, opened_disposal(folder / name, keyring)


def apply(disposal: Disposal, records: Forgetful, erase_blob: Callable[[str], None]) -> None:
    """Erase again what an older copy still has. Certificates and accounts are for the caller."""
    for redaction in disposal.redactions:
        try:
            records.redact([redaction])
        except KeyError:  # the copy is from before that stream
            continue
    for stream in disposal.forgotten:
        records.forget(stream)
    for blob in disposal.blobs:
        erase_blob(blob)


def _place(name: str) -> str:
    return f"disposal/{name}"
