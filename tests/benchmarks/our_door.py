"""The file door of a whole office, laid out anew for each round: what a round left to do is nobody else's burden.

The court has no server of its own, so nothing leaves the machine, and it hands in the file that is fetched. That one is
too large to be opened; a person lets it through.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.gauges import until_at_rest
from tests.boxes import FileClient
from tests.house import ALENA, PER, RUTH, House
from tests.world import eventually

FOLDER = "/to/court/office/litigation"


@dataclass(slots=True)
class Ours:
    """An office that serves, and whose desks are used."""

    house: House
    client: FileClient
    """Of who hands in, into `FOLDER`."""
    reader: FileClient
    """Of who fetches what the court handed in."""

    @classmethod
    def opened(cls, home: Path) -> Ours:
        """Lay it out and open it."""
        home.mkdir()
        house = House.laid_out(home)
        house.lets_the_court_collect()
        house.opens()
        return cls(house, house.desk_of(ALENA), house.desk_of(PER))

    @property
    def pid(self) -> int:
        """Of the gateway; the scribe and the workers descend from it."""
        assert self.house.process is not None
        return self.house.process.pid

    def offers(self, file: Path) -> str:
        """The court hands the file in, and it is let through; where it can be fetched."""
        court = self.house.desk_at("court")
        told = court.runs(f'put "{file}" /outbox/{file.name}')
        assert told.was_taken, told.said
        assert eventually(lambda: bool(self.house.waiting(PER)), 60), "the court's file does not wait for a person"
        for waits in self.house.waiting(PER):
            self.house.releases(waits, by=RUTH)
        path = self.reader.awaits("/from/court", file.name)
        until_at_rest(self.pid)
        return path

    def close(self) -> None:
        """Stop it; what it still had to do is not done."""
        self.house.ends()
