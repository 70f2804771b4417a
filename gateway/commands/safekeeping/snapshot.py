"""A copy of the records of one instant: by the scribe of the gateway that runs, or, when none does, right here.

It lies in `var/backup/`, beside what it was copied from and just as private, until whoever asked has done with it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.commands.office import alone, opened
from gateway.commands.setting import Setting
from gateway.doors.bringing import bring
from gateway.doors.orders import Answer, Snapshot
from gateway.engine.safekeeping.making import Progress
from gateway.engine.safekeeping.manifest import Manifest, signed
from gateway.engine.safekeeping.snapshots import PLACE, RECORDS
from gateway.errors import InUse, Misconfigured, StoreAway
from gateway.keep.private import open_folder

BESIDE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Copier:
    """Takes copies of one office's records, and has what is made of them signed."""

    setting: Setting
    progress: Progress

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """A fresh copy, for as long as the block lasts. Raises `InUse` if somebody else makes one, `StoreAway`."""
        folder = self.setting.var / PLACE
        held = open_folder(folder, create=True)
        path = folder / RECORDS
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path)
            if not self._by_the_gateway():
                self._here(path)
            yield path
        except BlockingIOError as why:
            raise InUse(f"another backup of {self.setting.folder} is being made") from why
        finally:
            _remove(path)
            os.close(held)

    def sign(self, manifest: Manifest) -> bytes:
        """The manifest, signed by the ledger's own key, wherever that is within reach. Raises `StoreAway`."""
        answer = self._ask(Snapshot(manifest=msgspec.json.encode(manifest).decode()))
        if answer is None:
            with opened(self.setting) as office:
                return signed(manifest, office.signer)
        if not answer.is_done:
            raise StoreAway(answer.sentence)
        return answer.subjects[0].encode()

    def _by_the_gateway(self) -> bool:
        """False if none runs."""
        answer = self._ask(Snapshot())
        while answer is not None and not answer.is_done:
            if not answer.subjects:
                raise StoreAway(answer.sentence)
            done, of = map(int, answer.subjects)
            self.progress("records", done, of)
            answer = self._ask(Snapshot(goes_on=True))
            if answer is None:
                raise StoreAway("the gateway stopped before the copy was whole; make the backup again")
        return answer is not None

    def _here(self, path: Path) -> None:
        with alone(self.setting), opened(self.setting, is_writing=True) as office:
            if not office.keyring.can_sign:
                raise Misconfigured(
                    "no gateway runs that could sign what the backup holds, and this process cannot read the key: "
                    "start the gateway, or run this by hand as its user"
                )
            copying = office.writable.begin_copy(path)
            try:
                while not copying.step():
                    self.progress("records", *copying.done)
            finally:
                copying.drop()

    def _ask(self, order: Snapshot) -> Answer | None:
        try:
            return asyncio.run(bring(order, self.setting.var))
        except (FileNotFoundError, ConnectionError):  # none runs, or one that was killed has left its socket
            return None


def _remove(path: Path) -> None:
    for ending in BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)
