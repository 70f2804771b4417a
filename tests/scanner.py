"""A real virus scanner for the stories: ClamAV's daemon, with one signature. Skipped aloud where it is missing."""

from __future__ import annotations

import pytest

from gateway.commands.demo.scanner import Scanner
from gateway.engine.scanning.trial import HARMLESS
from tests.house import House

__all__ = ["HARMLESS", "VirusScanner"]


class VirusScanner(Scanner):
    """The demo's."""

    @classmethod
    def beside(cls, house: House) -> VirusScanner:
        """In the folder of a house, so that it goes with it."""
        if not cls.is_installed():
            pytest.skip("clamd must be installed (Debian: clamav-daemon)")
        return cls(house.folder.parent / "s")
