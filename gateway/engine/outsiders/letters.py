"""Once a day whoever may audit gets a letter with the ledger's head in it: words for people, the signed note attached.

A head that lies in a mailbox elsewhere cannot be taken back, whoever has the machine and the key. A letter's name
follows from day and reader, so that no restart makes two; a day on which the gateway did not run has none.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import date

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day, moment
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.publication import Publication
from gateway.engine.writing import Writer
from gateway.errors import Conflict
from gateway.ledger.checkpoint import parse_checkpoint, parse_note
from gateway.transfer import Address, TransferId, transfer_id

log = logging.getLogger(__name__)

POWER = "audit"
EVERY_S = 300.0
SETTLED_MS = 600_000
"""Not before the gateway has run for this long: by then witnesses have seen the head, and a short start writes none."""
_NAME = b"sealgate/auditors-letter/v1\x00"
ATTACHED = "checkpoint.txt"


@dataclass(slots=True, kw_only=True)
class Letters:
    """A chore for the caretaker."""

    publication: Publication
    archive: Archive
    scribe: Writer
    notes: Notes
    rules: InForce
    clock: Clock
    secret_key: bytes
    """What a letter's name is made with."""
    every_s: float = EVERY_S
    _done: date | None = None
    _began_ms: int = 0

    def __post_init__(self) -> None:
        self._began_ms = self.clock.now_ms()

    async def turn(self) -> None:
        """Write to everybody who has no letter of today yet. Raises `StoreAway`."""
        today = day(self.clock.now_ms(), self.rules.zone)
        note = self.publication.checkpoint()
        if today == self._done or note is None or self.clock.now_ms() - self._began_ms < SETTLED_MS:
            return
        for person in self.rules.rulebook.people.with_power(POWER, today):
            await self._write(person.address, today, note)
        self._done = today

    async def _write(self, address: str, today: date, note: str) -> None:
        identity = self._identity(address, today)
        if self.archive.story(identity) is not None:
            return
        writes = await self.notes.tell(
            [Address.of(address)], self._title(today, note), self._said(today, note), identity=identity,
            attached=(ATTACHED, note),
        )  # fmt: skip
        try:
            await self.scribe.append(*writes)
        except Conflict:  # written by a run that was stopped in between
            log.info("letter to an auditor was written already")

    def _identity(self, address: str, today: date) -> TransferId:
        named = _NAME + f"{address}\x00{today.isoformat()}".encode()
        return transfer_id(hmac.digest(self.secret_key, named, "sha256")[:16])

    def _title(self, today: date, note: str) -> str:
        return self.notes.texts.say("note.auditor.title", day=today.isoformat(), size=f"{_size(note):,}")

    def _said(self, today: date, note: str) -> tuple[str, ...]:
        parsed = parse_note(note)
        origin = parse_checkpoint(parsed.text).origin
        others = sum(1 for name, _ in parsed.signatures if name != origin)
        say = self.notes.texts.say
        head = say(
            "note.auditor.size",
            day=today.isoformat(),
            time=f"{moment(self.clock.now_ms()):%H:%M}",
            origin=origin,
            office=self.notes.office,
            size=f"{_size(note):,}",
        )
        witnesses = say("note.auditor.witnesses", count=str(others)) if others else say("note.auditor.alone")
        return head, witnesses, say("note.auditor.keep"), say("note.auditor.check")


def _size(note: str) -> int:
    return parse_checkpoint(parse_note(note).text).size
