"""The file door against OpenSSH's own server and asyncssh's: same box, same clients, same files, alternating rounds.

Sealgate judges every name, hashes what comes, seals it before it touches the disk, and answers a CLOSE when file, name
and ledger entry are durable. The peers write plainly; OpenSSH is measured a second time with `put -f`, where it
syncs each file before its CLOSE. What Sealgate does after that (opening, cleaning, sealing for the recipient,
receipts) goes on while the next file comes.
"""

from __future__ import annotations

import mmap
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.gauges import Cost, gauged, until_at_rest
from tests.benchmarks.our_door import FOLDER, Ours
from tests.benchmarks.peer_asyncssh import Stock
from tests.benchmarks.peer_sshd import Sshd
from tests.benchmarks.receipts import receipt_latencies
from tests.boxes import FileClient
from tests.house import ROOT

OURS, OPENSSH, SYNCED, STOCK = "Sealgate", "OpenSSH", "OpenSSH, synced", "asyncssh"
SIDES = (OURS, OPENSSH, SYNCED, STOCK)
STREAMS = (1, 4)
CIPHER = "aes128-gcm@openssh.com"
SMALL_BYTES = 4096
AT_ONCE = 4
"""Sign-ins under way at the same time, from each of two clients: fewer than anybody starts to turn away."""
MIB, GIB = 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured."""

    bulk_bytes: int = 500_000_000
    files: int = 10_000
    logins: int = 400
    documents: int = 50
    rounds: int = 3


MEANING = (
    "Put and get: one client, or four at once; *synced* is OpenSSH under `put -f`, the one way of the peers that",
    "leaves a file durable. Sealgate judges each name, hashes and seals what comes, and answers a CLOSE when content",
    "and ledger entry are durable; the peers hash, judge, encrypt at rest and write down nothing. Sign-ins: key",
    "exchange, key, SFTP, one STAT and good-bye, eight at once. Costs: processor time of the whole server while the",
    "client was there (+ after it had gone) · the most memory that all its processes held. Receipts: from OpenSSH's",
    "`put` of one file, and the end of its session, to the page in `/receipts`; no peer has one.",
)
QUICK = Sizes(bulk_bytes=100_000_000, files=500, logins=100, documents=5, rounds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement of one side."""

    rate: float
    """Megabytes, files or connections a second."""
    cpu: float
    """Processor seconds a GiB, or milliseconds a file or a connection, while the client was there."""
    later: float = 0.0
    """The same, after it had gone."""
    mib: float
    """The most that all processes of the server held together."""


@dataclass(frozen=True, slots=True)
class Side:
    """One server, and how a client uses it."""

    name: str
    pid: int
    client: FileClient
    reader: FileClient
    folder: str
    source: str
    """What is fetched."""

    def puts(self, words: str, name: str = "") -> None:
        """One `put`."""
        flush = "-f " if self.name == SYNCED else ""
        self.runs(self.client, f"put {flush}{words} {self.folder}/{name}")

    def gets(self) -> None:
        """One `get`, into nothing."""
        self.runs(self.reader, f"get {self.source} /dev/null")

    def runs(self, client: FileClient, line: str) -> None:
        """OpenSSH's `sftp` with one command. Fails if that did."""
        words = ["sftp", "-q", "-c", CIPHER, *client.flags(), "-b", "-", "127.0.0.1"]
        done = subprocess.run(
            words, input=line.encode(), capture_output=True, cwd=client.home, timeout=600, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {line}: {done.stderr.decode()[-500:]}")


@dataclass(slots=True)
class Found:
    """Everything measured: by measure, by side, by round."""

    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    receipts_s: list[float] = field(default_factory=list)
    outcomes_s: list[float] = field(default_factory=list)

    def add(self, measure: str, side: Side, amount: float, cost: Cost, unit: float, *, later: float = 0.0) -> None:
        """Keep one; `unit` is what processor time is told for."""
        sample = Sample(rate=amount / cost.seconds, cpu=cost.cpu_s / unit, later=later / unit, mib=cost.peak_mib)
        self.samples[measure][side.name].append(sample)

    def median(self, measure: str, side: str) -> Sample | None:
        """The middle of its rounds, each figure for itself."""
        rounds = self.samples[measure].get(side)
        if not rounds:
            return None
        rate, cpu, later, mib = (
            statistics.median(getattr(one, name) for one in rounds) for name in ("rate", "cpu", "later", "mib")
        )
        return Sample(rate=rate, cpu=cpu, later=later, mib=mib)


def measure(sizes: Sizes) -> Found:
    """All sides in turn, round by round."""
    found = Found()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        home = Path(name)
        _enough_room(home, sizes)
        bulk, small = _bulk(home / "bulk.bin", sizes.bulk_bytes), _small(home / "small", sizes.files)
        sshd = stack.enter_context(closing(Sshd.opened(home / "sshd")))
        stock = stack.enter_context(closing(Stock.opened(home / "stock")))
        for peer in (sshd, stock):
            (peer.folder / bulk.name).write_bytes(bulk.read_bytes())
        peers = [_of_peer(OPENSSH, sshd, bulk), _of_peer(SYNCED, sshd, bulk), _of_peer(STOCK, stock, bulk)]
        for number in range(sizes.rounds):
            with (
                tempfile.TemporaryDirectory(prefix="office-", dir=home) as office,
                closing(Ours.opened(Path(office) / "town")) as ours,
            ):
                side = Side(OURS, ours.pid, ours.client, ours.reader, FOLDER, ours.offers(bulk))
                sides = [side, *peers] if number % 2 == 0 else [*peers, side]
                _one_round(found, sides, sizes, bulk, small)
                if number == 0:
                    found.receipts_s, found.outcomes_s = receipt_latencies(ours.client, FOLDER, sizes.documents)
                _small_files(found, sides, sizes, small)  # last: of ours the rest would take minutes
    return found


def _one_round(found: Found, sides: Sequence[Side], sizes: Sizes, bulk: Path, small: Path) -> None:
    for side in sides:
        side.puts(f"{small}/0000*")  # everything has been used once
    for streams in STREAMS:
        for side in sides:
            _bulk_put(found, side, bulk, streams)
        for side in sides:
            if side.name != SYNCED:
                _bulk_get(found, side, bulk, streams)
    for side in sides:
        if side.name != SYNCED:
            _sign_ins(found, side, sizes.logins)


def _bulk_put(found: Found, side: Side, bulk: Path, streams: int) -> None:
    size = bulk.stat().st_size * streams
    _settle(side, size)
    with gauged(side.pid) as cost:
        _at_once(streams, lambda n: side.puts(str(bulk), f"put-{streams}-{n}.bin"))
    later = until_at_rest(side.pid) if side.name == OURS else 0.0
    found.add(f"put, {_times(streams)}", side, size / 1e6, cost, size / GIB, later=later)
    _tidy(side, "put-*")


def _bulk_get(found: Found, side: Side, bulk: Path, streams: int) -> None:
    size = bulk.stat().st_size * streams
    _settle(side, size)
    with gauged(side.pid) as cost:
        _at_once(streams, lambda n: side.gets())
    found.add(f"get, {_times(streams)}", side, size / 1e6, cost, size / GIB)


def _small_files(found: Found, sides: Sequence[Side], sizes: Sizes, small: Path) -> None:
    for side in sides:
        _settle(side, 3 * sizes.files * SMALL_BYTES)
        with gauged(side.pid) as cost:
            side.puts(f"{small}/*")
        found.add("small files", side, sizes.files, cost, sizes.files / 1e3)
        _tidy(side, "0*")


def _sign_ins(found: Found, side: Side, logins: int) -> None:
    _settle(side)
    client = side.client
    words = [str(client.port), client.user, str(client.home / "key"), str(AT_ONCE)]

    def knock(_: int) -> None:
        subprocess.run([sys.executable, "-m", "tests.benchmarks.knocks", *words, str(logins // 2)],
                       check=True, capture_output=True, cwd=ROOT, timeout=300)  # fmt: skip

    with gauged(side.pid) as cost:
        _at_once(2, knock)
    found.add("sign-ins", side, logins, cost, logins / 1e3)


def _at_once(count: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(count) as pool:
        for _ in pool.map(work, range(count)):
            pass


def _settle(side: Side, size: int = 0) -> None:
    """Nobody pays for what another left to be written out, nor for a virtual machine's first touch of its memory.

    A host that takes idle memory back makes the first write into each page cost ten times the second (measured): who
    deletes what it wrote, as the peers' rounds do, would always be given warm pages.
    """
    os.sync()
    if side.name == OURS:
        until_at_rest(side.pid)
    if size:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
        spare = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        mmap.mmap(-1, min(spare, size + size // 4 + GIB // 2), flags=flags).close()


def _tidy(side: Side, pattern: str) -> None:
    if side.name != OURS:
        for path in Path(side.folder).glob(pattern):
            path.unlink()


def _of_peer(name: str, peer: Sshd | Stock, bulk: Path) -> Side:
    return Side(name, peer.process.pid, peer.client, peer.client, str(peer.folder), str(peer.folder / bulk.name))


def _bulk(path: Path, size: int) -> Path:
    """A file nothing can be saved on."""
    with path.open("wb") as file:
        for at in range(0, size, MIB):
            file.write(os.urandom(min(MIB, size - at)))
    return path


def _small(folder: Path, count: int) -> Path:
    folder.mkdir()
    line = b"The committee met at nine and adjourned at ten without further business.\r\n"
    for number in range(count):
        content = b"%06d " % number + line * (SMALL_BYTES // len(line) + 1)
        (folder / f"{number:05}.txt").write_bytes(content[:SMALL_BYTES])
    return folder


def _enough_room(home: Path, sizes: Sizes) -> None:
    """What lies here at once, at most: ours keeps all it was given in a round, and a copy for the recipient."""
    needed = sizes.bulk_bytes * (3 + 2 * (1 + sum(STREAMS)) + sum(STREAMS)) + 3 * sizes.files * 3 * SMALL_BYTES
    free = os.statvfs(home)
    if free.f_bavail * free.f_frsize < needed + 4 * GIB:
        raise SystemExit(f"the file part needs {needed / GIB + 4:.0f} GiB free beside {home.parent}")


def _times(streams: int) -> str:
    return "1 stream" if streams == 1 else f"{streams} streams"


# ── what it came to ──────────────────────────────────────────────────────────────────────────────────────────────────

BULK = tuple(f"{verb}, {_times(streams)}" for streams in STREAMS for verb in ("put", "get"))
RATES = {**dict.fromkeys(BULK, "MB/s"), "small files": "files/s", "sign-ins": "a second"}
COSTS = {**dict.fromkeys(BULK, "CPU s/GiB"), "small files": "CPU ms a file", "sign-ins": "CPU ms each"}


def table(found: Found) -> str:
    """Speed beside speed, then what it costs, then the wait for a receipt."""
    head = "".join(f" {side} |" for side in SIDES)
    lines = [f"| |{head} to OpenSSH | to OpenSSH, synced |", "|---" * (len(SIDES) + 3) + "|"]
    for measure, unit in RATES.items():
        sides = {side: found.median(measure, side) for side in SIDES}
        rates = "".join(f" {one.rate:.0f} |" if one else " – |" for one in sides.values())
        lines.append(f"| {measure}, {unit} |{rates} {_ratio(sides, OPENSSH)} | {_ratio(sides, SYNCED)} |")
    lines += ["", f"|{head.join((' |', ''))}", "|---" * (len(SIDES) + 1) + "|"]
    for measure, unit in COSTS.items():
        costs = "".join(f" {_cost(found.median(measure, side))} |" for side in SIDES)
        lines.append(f"| {measure}, {unit} · MiB |{costs}")
    for name, waits in (
        ("the receipt is there", found.receipts_s),
        ("it says that the file is ready", found.outcomes_s),
    ):
        if waits:
            p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
            lines += [] if lines[-1].startswith("| until") else ["", "| 1 MB docx | p50 s | p99 s |", "|---|---|---|"]
            lines.append(f"| until {name} | {p50:.2f} | {p99:.2f} |")
    return "\n".join(lines)


def _ratio(sides: dict[str, Sample | None], peer: str) -> str:
    ours, theirs = sides[OURS], sides[peer]
    return f"{ours.rate / theirs.rate:.2f}" if ours and theirs else "–"


def _cost(sample: Sample | None) -> str:
    if sample is None:
        return "–"
    later = f" + {sample.later:.1f}" if sample.later >= 0.05 else ""
    return f"{sample.cpu:.1f}{later} · {sample.mib:.0f}"
