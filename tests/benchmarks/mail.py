"""The mail path against Postfix: the same box, the same load, the same next hop, TLS in both directions in both.

Sealgate does all its work for every message: sign-in, rules, metadata, OpenPGP, encryption at rest, signed ledger with
intent and outcome. Postfix relays plainly. Rounds alternate, so that a machine whose speed drifts wrongs neither.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peer_postfix import Postfix
from tests.house import House
from tests.world import Correspondent

HERE = Path(__file__).parent
CONNECTIONS = 20
SIZE = 4096
PACE = 60
"""Messages a second that leave both sides room: what an office of a thousand people sends in a busy hour, at once."""
RECIPIENT, SENDER = "registry@court.test", "alena@town.test"


@dataclass(frozen=True, slots=True)
class Round:
    """One load on one side."""

    relayed_per_second: float
    accept_p50_ms: float
    accept_p99_ms: float
    transaction_p50_ms: float
    transaction_p99_ms: float


@dataclass(slots=True)
class Sink:
    """The next hop, in a process of its own; `taken` counts what arrived."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def taken(self) -> int:
        """Messages so far."""
        return self.log.stat().st_size // 2


@contextmanager
def sink(port: int, certs: Path, folder: Path) -> Iterator[Sink]:
    """A sink on a port."""
    log = folder / f"taken.{port}"
    with log.open("wb") as out:
        words = [
            sys.executable,
            str(HERE / "sink.py"),
            str(port),
            str(certs / "outside.pem"),
            str(certs / "outside.key"),
        ]
        process = subprocess.Popen(words, stdout=out)
    try:
        yield Sink(process, log)
    finally:
        process.kill()
        process.wait()


def load(port: int, ca: Path, messages: int, target: Sink, *password: str, rate: int = 0) -> Round:
    """Send a load and wait until all of it has arrived at the next hop; at a `rate`, or as fast as it goes."""
    before, began = target.taken, time.monotonic()
    words = [str(port), str(ca), str(CONNECTIONS), str(messages), str(SIZE), str(rate), RECIPIENT, SENDER, *password]
    done = subprocess.run([sys.executable, str(HERE / "load.py"), *words], capture_output=True, check=True, timeout=300)
    told = json.loads(done.stdout)
    while target.taken - before < messages:
        if time.monotonic() - began > 300:
            raise RuntimeError(f"only {target.taken - before} of {messages} arrived")
        time.sleep(0.02)
    seconds = time.monotonic() - began
    accept, transaction = told["latencies_ms"], told["transactions_ms"]
    return Round(messages / seconds, *_percentiles(accept), *_percentiles(transaction))


def _percentiles(ordered: list[float]) -> tuple[float, float]:
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


def measure(messages: int = 800, rounds: int = 3) -> dict[str, list[Round]]:
    """Both sides in turn: as fast as they can, and at a rate both can bear."""
    found: dict[str, list[Round]] = {side: [] for side in ("Sealgate", "Postfix", "Sealgate, paced", "Postfix, paced")}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postfix's own users look in
        house = House.laid_out(folder)
        certs = house.folder / "certs"
        correspondent = Correspondent.born(RECIPIENT, Path(tempfile.gettempdir()))
        postfix = Postfix(folder / "postfix", house.base + 3000)
        postfix.home.mkdir(mode=0o755)
        try:
            with sink(house.base + 2525, certs, folder) as ours, sink(house.base + 3001, certs, folder) as theirs:
                house.opens()
                house.trusts(correspondent)
                if Postfix.is_here():
                    postfix.start(
                        sink=house.base + 3001,
                        certificate=certs / "outside.pem",
                        key=certs / "outside.key",
                        ca=house.ca,
                    )
                    time.sleep(1)
                for number in range(rounds + 1):  # the first warms both up and is not counted
                    count = messages if number else messages // 5
                    for rate, how in ((0, ""), (PACE, ", paced")):
                        one = load(house.base + 587, house.ca, count, ours, house.passwords[SENDER], rate=rate)
                        found["Sealgate" + how] += [one] if number else []
                        if Postfix.is_here():
                            two = load(postfix.port, house.ca, count, theirs, rate=rate)
                            found["Postfix" + how] += [two] if number else []
        finally:
            house.dies()
            if Postfix.is_here():
                postfix.stop()
            correspondent.dies()
    return found


def table(found: dict[str, list[Round]]) -> str:
    """The medians, as the README shows them."""
    lines = [
        "| | relayed/s | accept p50 ms | accept p99 ms | MAIL to 250 p50 ms | MAIL to 250 p99 ms |",
        "|---|---|---|---|---|---|",
    ]
    medians = {}
    for side, rounds in found.items():
        if rounds:
            medians[side] = tuple(statistics.median(getattr(one, field) for one in rounds) for field in Round.__slots__)
            rate, *times = medians[side]
            lines.append(f"| {side} | {rate:.0f} | " + " | ".join(f"{one:.1f}" for one in times) + " |")
    for how in ("", ", paced"):
        if "Postfix" + how in medians:
            ratios = [x / y for x, y in zip(medians["Sealgate" + how], medians["Postfix" + how], strict=True)]
            lines.append(f"| ratio{how} | {ratios[0]:.2f} | " + " | ".join(f"{one:.1f}" for one in ratios[1:]) + " |")
    return "\n".join(lines)
