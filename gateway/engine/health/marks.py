"""When the house last did what it must do again and again: verified its ledger, made a backup, tried to restore one.

A mark is made when such a thing ended well, and never otherwise; `doctor` and the gauges tell how old it is. It is
nobody's evidence: what counts for an auditor stands in the ledger.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

import msgspec

from gateway.keep.private import open_folder, replace_file


class Duty(StrEnum):
    """What must be done again and again."""

    VERIFIED = "verified"
    BACKUP = "backup"
    DRILL = "drill"
    ESCROW = "escrow"
    """The keys were sealed to the custodians."""
    OPENED = "opened"
    """A custodian opened theirs, in a drill."""
    RETENTION = "retention"


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that ended well."""

    at_ms: int
    size: int = 0
    """How many entries of the ledger it covered."""
    contents: str = ""
    """Of an escrow, what it held, as a word that says nothing of it."""


class Marks:
    """A folder with a file for each duty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, duty: Duty, mark: Mark) -> None:
        """It ended well. Raises `StoreAway`, `Misconfigured`."""
        os.close(open_folder(self._folder, create=True))
        replace_file(self._folder / duty.value, msgspec.json.encode(mark))

    def last(self, duty: Duty) -> Mark | None:
        """When it last ended well; None if it never did, or that cannot be read."""
        try:
            return msgspec.json.decode((self._folder / duty.value).read_bytes(), type=Mark)
        except (OSError, msgspec.MsgspecError):
            return None
