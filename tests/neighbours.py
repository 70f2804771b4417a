"""Two offices on one machine, each with a witness of its own, for the stories in which they vouch for each other."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.ledger.checkpoint import Signer, parse_checkpoint, parse_note
from gateway.ledger.witnessing import Request, format_request
from tests.house import PER, ROOT, RUTH, SEALGATE, House
from tests.world import eventually


@dataclass
class Neighbour:
    """A house with a witness of its own."""

    house: House
    process: subprocess.Popen[bytes] | None = None
    at: str = ""

    # ── its witness ──────────────────────────────────────────────────────────────────────────────────────────────

    def witnesses(self, other: House, *more: str) -> None:
        """`sealgate ledger witness add` and `serve`, for another office's ledger; `more`: words for `add`."""
        self.house.asks("ledger", "witness", "add", other.ledger_key, *more)
        command = [*SEALGATE, "--office", str(self.house.folder), "ledger", "witness", "serve", "--listen", self.place]
        log = self.house.folder / "witness.log"
        with log.open("wb") as file:
            self.process = subprocess.Popen([*command, "--every", "1"], stdout=file, stderr=file, cwd=ROOT)
        assert eventually(lambda: "Ready." in log.read_text())
        self.at = "http://" + re.findall(r"127\.0\.0\.1:\d+", log.read_text())[0]

    @property
    def place(self) -> str:
        return self.at.removeprefix("http://") or "127.0.0.1:0"

    @property
    def witness_key(self) -> str:
        return str(self._list()["key"])

    def keys_it_counts(self) -> tuple[str, ...]:
        """Those its witness holds of the other's log, and that were not retired."""
        known = self._list()["vouches_for"]
        assert isinstance(known, list)
        return tuple(one["key"] for one in known if one["retired_at"] is None)

    def stops_witnessing(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert 0 == self.process.wait(20)
            self.process = None

    # ── its ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    def asks_to_vouch(self, other: Neighbour) -> None:
        """Write the other's witness into the rules, and publish them."""
        witness = f'witnesses = [{{ at = "{other.at}", key = "{other.witness_key}" }}]'
        self.house.changes("gateway.toml", 'origin = "town.test/ledger"', f'origin = "town.test/ledger", {witness}')
        self.house.publishes()

    def vouched(self) -> int:
        """How many entries of ours the other vouches for."""
        by = self._list()["vouched_by"]
        assert isinstance(by, list)
        return int(by[0]["size"]) if by and not by[0]["trouble"] else 0

    def published(self) -> Path:
        """The folder in which its ledger lies for everybody."""
        return self.house.folder / "var" / "ledger"

    def rotates_its_key(self, *words: str) -> str:
        """`sealgate ledger rotate-key`, signed by two; the new key."""
        second = ["--second", PER, "--second-password-file", self.house.secret(PER)]
        return str(json.loads(self.house.asks("ledger", "rotate-key", *words, *second, "--json", by=RUTH))["new"])

    def seed(self) -> bytes:
        """The seed its ledger is signed with now, as a thief would copy it."""
        return (self.house.folder / "var" / "keys" / "ledger.seed").read_bytes()

    def _list(self) -> dict[str, object]:
        return dict(json.loads(self.house.asks("ledger", "witness", "list", "--json")))


def shown_by_a_thief(victim: Neighbour, seed: bytes, witness: Neighbour) -> int:
    """Somebody signs the victim's newest head with a seed they hold and shows it to a witness: its status."""
    text = parse_note((victim.published() / "checkpoint").read_text()).text
    note = Signer(parse_checkpoint(text).origin, seed).sign(text)
    try:
        with urllib.request.urlopen(f"{witness.at}/add-checkpoint", format_request(Request(0, (), note)), 20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as why:
        return why.code


@contextmanager
def neighbours() -> Iterator[tuple[Neighbour, Neighbour]]:
    """The town, open, and the county, which is not yet."""
    with tempfile.TemporaryDirectory(prefix="s") as folder, ExitStack() as ends:
        town = _laid_out(Path(folder) / "town", ends)
        town.house.opens()  # before the county looks for free ports
        yield town, _laid_out(Path(folder) / "county", ends)


def _laid_out(folder: Path, ends: ExitStack) -> Neighbour:
    folder.mkdir()
    office = Neighbour(House.laid_out(folder))
    ends.callback(office.house.ends)
    ends.callback(office.stops_witnessing)
    office.house.outside().start()
    return office
