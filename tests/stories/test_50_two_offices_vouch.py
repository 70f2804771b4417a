"""Two offices vouch for each other.

The town and the county each run a witness, and each asks the other's to sign its ledger's head. One night the town's
machine breaks and somebody puts back last week's backup, whole: records, published ledger, keys, everything. Nothing on
that machine knows of the week that is missing. The county's witness does, so the gateway does not sign a second history
over the first.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house import ALENA, PER, ROOT, SEALGATE, House
from tests.world import eventually, letter

ENVIRONMENT = 5
STRANGER = "vic@stranger.test"


@dataclass
class Office:
    """A house with a witness of its own."""

    house: House
    process: subprocess.Popen[bytes] | None = None
    at: str = ""

    def witnesses(self, other: House) -> None:
        """`sealgate ledger witness add` and `serve`, for another office's ledger."""
        self.house.asks("ledger", "witness", "add", other.ledger_key)
        command = [*SEALGATE, "--office", str(self.house.folder), "ledger", "witness", "serve", "--listen", self.place]
        log = self.house.folder / "witness.log"
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT)
        assert eventually(lambda: "Ready." in log.read_text())
        self.at = "http://" + re.findall(r"127\.0\.0\.1:\d+", log.read_text())[0]

    @property
    def place(self) -> str:
        return self.at.removeprefix("http://") or "127.0.0.1:0"

    @property
    def witness_key(self) -> str:
        return str(json.loads(self.house.asks("ledger", "witness", "list", "--json"))["key"])

    def asks_to_vouch(self, other: Office) -> None:
        """Write the other's witness into the rules, and publish them."""
        witness = f'witnesses = [{{ at = "{other.at}", key = "{other.witness_key}" }}]'
        self.house.changes("gateway.toml", 'origin = "town.test/ledger"', f'origin = "town.test/ledger", {witness}')
        self.house.publishes()

    def vouched(self) -> int:
        """How many entries of ours the other vouches for."""
        by = json.loads(self.house.asks("ledger", "witness", "list", "--json"))["vouched_by"]
        return int(by[0]["size"]) if by and not by[0]["trouble"] else 0

    def stops_witnessing(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert 0 == self.process.wait(20)
            self.process = None


@pytest.fixture
def offices() -> Iterator[tuple[Office, Office]]:
    with tempfile.TemporaryDirectory(prefix="s") as folder, ExitStack() as ends:
        laid_out = []
        for name in ("town", "county"):
            (Path(folder) / name).mkdir()
            office = Office(House.laid_out(Path(folder) / name))
            ends.callback(office.house.ends)
            ends.callback(office.stops_witnessing)
            office.house.outside().start()
            office.house.opens()  # before the next looks for free ports
            laid_out.append(office)
        yield laid_out[0], laid_out[1]


def test_an_old_backup_of_the_whole_office_does_not_sign(offices: tuple[Office, Office]) -> None:
    """Each vouches for the other; the office that was rolled back refuses to open and to take orders."""
    town, county = offices
    town.witnesses(county.house)
    county.witnesses(town.house)
    for one, other in ((town, county), (county, town)):
        one.asks_to_vouch(other)
        assert 0 == one.house.closes()
        one.house.opens()
        assert eventually(lambda one=one: one.vouched() > 2)
    assert 0 == town.house.closes()
    backup = town.house.folder.parent / "backup"
    shutil.copytree(town.house.folder / "var", backup, symlinks=True)

    town.house.opens()
    transfer = town.house.staff(ALENA).hands_in(letter(ALENA, STRANGER, "[office] CANARY"), [STRANGER]).transfer
    town.house.outside().awaits(STRANGER)
    town.house.comes_to_rest(transfer)
    before = town.vouched()
    assert 0 == town.house.closes()  # the last head is shown at the end
    assert town.vouched() > before
    true = town.house.folder.parent / "true"
    (town.house.folder / "var").rename(true)
    shutil.copytree(backup, town.house.folder / "var", symlinks=True)

    code, said = town.house.fails_to_open()

    assert (ENVIRONMENT, 1) == (code, said.count("\n") + 1), said
    assert "An older copy was put back. Nothing is signed." in said
    assert "a witness saw them" in said
    assert "sealgate ledger recover" in said
    assert "Nothing is signed" in town.house.asks("ledger", "find", by=PER, may_fail=True)
    county.stops_witnessing()
    assert ENVIRONMENT == town.house.fails_to_open()[0], "what the witness said is not forgotten when it is away"

    shutil.rmtree(town.house.folder / "var")
    true.rename(town.house.folder / "var")
    town.house.opens()  # without the witness: the anchor noted here agrees
    assert "witness not consulted" in town.house.log()
    assert 0 == town.house.closes()
    shutil.rmtree(town.house.folder / "var" / "anchors")
    code, said = town.house.fails_to_open()
    assert ENVIRONMENT == code
    assert "no witness can be reached, and no anchor lies here" in said
    for one in offices:
        one.house.is_whole()
