"""Who looks after a ledger: what the gateway does at its start, fsck, a watcher on another machine, a witness.

Each says what it finds, as words; nothing found is an empty tuple. What it would find on an untouched copy is not
counted, so a finding is the attack's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from gateway.commands.drill.clone import Clone
from gateway.commands.office import own_head
from gateway.engine.clock import Clock
from gateway.engine.fsck import Kept, fsck
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.outsiders.witness import Witness
from gateway.engine.rereading import reread
from gateway.errors import Failure
from gateway.keep.beside import BlobsBeside
from gateway.keep.files import FileBlobs
from gateway.keep.witnessed import Witnessed
from gateway.ledger.audit import Severity
from gateway.ledger.checkpoint import parse_checkpoint, parse_note
from gateway.ledger.merkle import consistency
from gateway.ledger.watching import Watcher
from gateway.ledger.witnessing import Request, format_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One that looks."""

    name: str
    look: Callable[[Clone], tuple[str, ...]]


def start(elsewhere: Path | None) -> Guard:
    """What `serve` checks before it signs: entries, head, anchors here and on other storage."""

    def look(clone: Clone) -> tuple[str, ...]:
        try:
            with clone.opened() as office:
                head = own_head(office)
                if head is not None:  # of a long ledger the gateway does this in the background
                    reread(office.records, head)
                office.publication.frontier(head)
                anchors = Anchors(
                    clone.folder / "var" / "anchors",
                    vkey=office.signer.vkey,
                    published=clone.folder / "var" / "ledger",
                    elsewhere=elsewhere,
                )
                anchors.check(head, lambda size: office.publication.root_at(size, head) if head else b"")
        except Failure as why:
            return (why.cause,)
        return ()

    return Guard(name="start", look=look)


def full_check(clock: Clock) -> Guard:
    """`sealgate ledger fsck`, as far as the ledger goes: the copy has no content."""

    def look(clone: Clone) -> tuple[str, ...]:
        try:
            with clone.opened() as office, closing(FileBlobs(clone.folder / "none", largest_bytes=0)) as none:
                report = fsck(
                    Kept(
                        records=office.records,
                        archive=office.archive,
                        keyring=office.keyring,
                        blobs=BlobsBeside(none, office.records),
                        published=clone.folder / "var" / "ledger",
                        vkey=office.signer.vkey,
                        now_ms=clock.now_ms(),
                    )
                )
        except Failure as why:
            return (why.cause,)
        return tuple(f"{one.where}: {one.words}" for one in report.findings if one.severity is Severity.FAILED)

    return Guard(name="fsck", look=look)


def watcher(vkey: str, seen: str, clock: Clock) -> Guard:
    """`sealgate ledger watch` on another machine, which has seen the true head."""

    def look(clone: Clone) -> tuple[str, ...]:
        def read(name: str) -> bytes:
            try:
                return (clone.folder / "var" / "ledger" / name).read_bytes()
            except OSError as why:
                raise LookupError(name) from why

        found = Watcher(keys=[vkey], seen=seen).look(read, clock.now_ms())
        return tuple(f"{one.where}: {one.words}" for one in found.sights if one.severity is Severity.FAILED)

    return Guard(name="watch", look=look)


def another_office(folder: Path, vkey: str, first: Clone, clock: Clock) -> Guard:
    """A witness that has vouched for the true head, and is asked to vouch for what the copy publishes."""
    witness = Witness(Witnessed.made(folder, name="drill/witness", entropy=os.urandom), clock)
    witness.kept.vouch_for(vkey)
    _show(witness, first, 0)
    held = _published(first)[1]

    def look(clone: Clone) -> tuple[str, ...]:
        try:
            return _show(witness, clone, held)
        except (Failure, OSError, ValueError) as why:
            return (f"it cannot even be asked: {why}",)

    return Guard(name="witness", look=look)


def _show(witness: Witness, clone: Clone, old: int) -> tuple[str, ...]:
    note, size = _published(clone)
    proof: tuple[bytes, ...] = ()
    if 0 < old < size:
        with clone.opened() as office:
            proof = consistency(old, size, office.publication.fetch(size))
    verdict, _ = witness.add_checkpoint(format_request(Request(min(old, size), proof, note)))
    if verdict.status is HTTPStatus.OK:
        return ()
    size_words = f", it saw {verdict.held:,} entries" if verdict.held is not None else ""
    return (f"{verdict.status.value} {verdict.words}{size_words}",)


def _published(clone: Clone) -> tuple[str, int]:
    note = (clone.folder / "var" / "ledger" / "checkpoint").read_text("utf-8")
    return note, parse_checkpoint(parse_note(note).text).size
