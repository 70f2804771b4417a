"""Which stations carry a transfer: mail's or files'. The voyage is the same."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.engine.outsiders.assurance import Assurance
from gateway.engine.voyage import Log, Stations, Voyage
from gateway.facts import Receipt
from gateway.transfer import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Satisfies `runner.Stations` for every way there is."""

    mail: Stations
    files: Stations
    assurance: Assurance | None = None
    """Where outsiders vouch before anything leaves; None: nobody is waited for."""

    async def judge(self, voyage: Voyage, legs: tuple[int, ...]) -> None:
        """See `runner.Stations.judge`."""
        await self._of(voyage).judge(voyage, legs)

    async def scrub(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.scrub`."""
        await self._of(voyage).scrub(voyage, leg)

    async def encrypt(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.encrypt`."""
        await self._of(voyage).encrypt(voyage, leg)

    async def settle(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.settle`."""
        await self._of(voyage).settle(voyage, leg)

    async def lapse(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.lapse`."""
        await self._of(voyage).lapse(voyage, leg)

    async def ship(self, voyage: Voyage, leg: int, log: Log, sealed: Receipt) -> None:
        """See `runner.Stations.ship`."""
        if self.assurance is not None and await self.assurance.holds_back(voyage, leg, log, sealed):
            return
        await self._of(voyage).ship(voyage, leg, log, sealed)

    def release(self, voyage: Voyage) -> None:
        """See `runner.Stations.release`."""
        self._of(voyage).release(voyage)

    def _of(self, voyage: Voyage) -> Stations:
        return self.mail if voyage.journey.transfer.way is Way.MAIL else self.files
