"""The ledger under load and when it is long: how long a durable append takes, how many a second, and how fast it
answers afterwards.

Everything is what a gateway runs: the scribe in its process of its own, SQLite at FULL, the judge's own kinds of facts.
Producers share one process with the clock that measures them, as doors do. Beside every figure stands what this
machine's disk takes for one fdatasync, for that is the floor of all of them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.commands.audit.spreading import spread_over
from gateway.commands.init import lay_out
from gateway.commands.office import alone, opened, publish_first
from gateway.commands.scribelink import linked
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.caretaker import PUBLISH_EVERY_S
from gateway.engine.clock import SystemClock
from gateway.engine.entries import Write
from gateway.engine.fsck import Kept, fsck
from gateway.engine.questions.searching import Query, search
from gateway.engine.scribing import DistantScribe
from gateway.facts import LegFact, Received
from gateway.keep.beside import BlobsBeside
from gateway.ledger.merkle import inclusion
from gateway.transfer import Address, Leg, Recipient, Transfer, transfer_id
from tests.benchmarks.memory import held_mib
from tests.playbook import attempted, judged, mail, scrubbed, sealed, shipped

FULL, USUAL, SMALL = 1_000_000, 60_000, 6_000
"""Entries: with --full, without, with --quick."""
PRODUCERS = (1, 32, 512)
PACE = 512
"""Appends a second that all producers together offer."""
SECONDS = 8.0
IN_FLIGHT = 96
"""Transfers on their way at once while the ledger is filled."""
ADDRESSES = 2_000
LOOKS = 200
Facts = tuple[Received | LegFact, ...]


@dataclass(slots=True)
class Figures:
    """What was measured, in seconds."""

    fdatasync: list[float] = field(default_factory=list)
    appends: dict[str, tuple[float, list[float]]] = field(default_factory=dict)
    """By load: appends a second, and latencies."""
    entries: int = 0
    filled_s: float = 0.0
    scribe_cpu_s: float = 0.0
    """Of the scribe's process, over all it wrote."""
    proofs: list[float] = field(default_factory=list)
    finds: dict[str, list[float]] = field(default_factory=dict)
    fsck_s: float = 0.0
    fsck_cpu_s: float = 0.0
    """Of all its processes."""
    fsck_mib: float = 0.0
    bytes_an_entry: float = 0.0


def measure(entries: int) -> Figures:
    """Fill a new office's ledger with so many entries, and ask it."""
    figures, clock = Figures(), SystemClock()
    with tempfile.TemporaryDirectory(prefix="sealgate-ledger-") as name:
        folder, other = Path(name) / "office", Path(name) / "other"
        for office in (folder, other):
            lay_out(office, base=20000, clock=clock, publish=publish_first)
        figures.fdatasync = sorted(_fdatasyncs(Path(name)))
        asyncio.run(_answer(other, figures))
        asyncio.run(_sustain(folder, entries, figures))
        _publish_all(folder)
        _ask(folder, figures)
        _check(folder, figures)
        figures.bytes_an_entry = (folder / "var" / "records" / "records.db").stat().st_size / figures.entries
    return figures


def table(figures: Figures) -> str:
    """Markdown."""
    lines = [
        "| What | p50 | p99 | Target |",
        "|---|---|---|---|",
        _row("fdatasync of 4 KiB here", figures.fdatasync, ""),
    ]
    for load, (rate, latencies) in figures.appends.items():
        lines.append(_row(f"durable append, {load} ({rate:,.0f}/s)", latencies, "p99 20 ms"))
    lines.append(_row(f"proof of inclusion at {figures.entries:,}", figures.proofs, "p99 5 ms"))
    lines += [_row(f"find by {what} at {figures.entries:,}", took, "p99 50 ms") for what, took in figures.finds.items()]
    rate = figures.entries / figures.filled_s
    lines += [
        "",
        f"{rate:,.0f} entries a second, sustained over {figures.entries:,} (target 3,000; stretch 10,000), "
        f"{figures.bytes_an_entry:,.0f} bytes on disk and {1e6 * figures.scribe_cpu_s / figures.entries:,.0f} µs of the"
        " scribe's processor each.",
        f"fsck of {figures.entries:,} entries: {figures.fsck_s:.1f} s, {figures.fsck_cpu_s:.1f} s of processor in"
        f" {len(os.sched_getaffinity(0))} processes, {figures.fsck_mib:,.0f} MiB in the first"
        f" (target 120 s at 1,000,000: {figures.fsck_s * FULL / figures.entries:.0f} s at this pace).",
    ]
    return "\n".join(lines)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _answer(folder: Path, figures: Figures) -> None:
    """How long producers wait, in an office of their own: what they begin stays open."""
    async with _scribe(folder, figures) as scribe:
        for producers in PRODUCERS:
            name = f"{producers} producer{'s' if producers > 1 else ''}"
            figures.appends[f"{name}, each as fast as it is answered"] = await _load(scribe, producers, None)
            if producers > 1:
                figures.appends[f"{name}, paced"] = await _load(scribe, producers, PACE / producers)


async def _sustain(folder: Path, entries: int, figures: Figures) -> None:
    """Fill the ledger."""
    async with _scribe(folder, figures) as scribe:
        began = time.perf_counter()
        await _fill(scribe, entries)
        figures.filled_s = time.perf_counter() - began
        assert scribe.head is not None
        figures.entries = scribe.head.size


@asynccontextmanager
async def _scribe(folder: Path, figures: Figures) -> AsyncIterator[DistantScribe]:
    """The scribe in its process, and the ledger published once a second, as `serve` has it."""
    scribe = DistantScribe(reissue=_nothing_lost, on_fatal=_fail)
    with linked(folder, None) as link:
        await scribe.connect(link.begin())
        stop = asyncio.Event()
        publishing = asyncio.create_task(_publish(folder, scribe, stop))
        try:
            yield scribe
        finally:
            stop.set()
            await publishing
            await scribe.close()
            before_cpu_s = _children_cpu_s()
            link.wait()
            figures.scribe_cpu_s = _children_cpu_s() - before_cpu_s


def _children_cpu_s() -> float:
    """Of all child processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _publish(folder: Path, scribe: DistantScribe, stop: asyncio.Event) -> None:
    """Once a second, as the caretaker does."""
    with opened(Setting(folder=folder)) as office:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PUBLISH_EVERY_S)
            if scribe.head is not None:
                await asyncio.to_thread(office.publication.publish, scribe.head)


async def _load(scribe: DistantScribe, producers: int, a_second: float | None) -> tuple[float, list[float]]:
    """Receptions of mail, one append each, for a while: how many a second, and how long each took, sorted."""
    took: list[float] = []
    until = time.perf_counter() + SECONDS

    async def produce(number: int) -> None:
        if a_second:
            await asyncio.sleep(number / producers / a_second)
        while (began := time.perf_counter()) < until:
            await scribe.append(_begun(number)[1])
            now = time.perf_counter()
            took.append(now - began)
            if a_second:
                await asyncio.sleep(max(0.0, began + 1 / a_second - now))

    gc.freeze()
    began = time.perf_counter()
    await asyncio.gather(*(produce(number) for number in range(producers)))
    return len(took) / (time.perf_counter() - began), sorted(took)


async def _fill(scribe: DistantScribe, entries: int) -> None:
    """Whole journeys, a write a fact as the runner makes them, until so many more entries are there."""
    left = iter(range(entries // 6))

    async def travel() -> None:
        for number in left:
            transfer, write = _begun(number)
            await scribe.append(write)
            for version, fact in enumerate(_on_the_way(transfer), start=1):
                await scribe.append(Write(stream=transfer.id, facts=(fact,), expected=version))

    await asyncio.gather(*(travel() for _ in range(IN_FLIGHT)))


def _begun(number: int) -> tuple[Transfer, Write]:
    address = Address(local=f"clerk{number % ADDRESSES}", domain="court.test")
    legs = (Leg(ordinal=0, recipient=Recipient(address=address)),)
    made = replace(mail(), id=transfer_id(os.urandom(16)), legs=legs, received_ms=SystemClock().now_ms())
    received = Received(transfer=made)
    return made, Write(stream=made.id, facts=(received,), expected=0, data_key=os.urandom(32))


def _on_the_way(transfer: Transfer) -> tuple[LegFact, ...]:
    intent = sealed(0)
    intent = replace(intent, parcel=replace(intent.parcel, transfer=transfer.id))
    return judged(0), scrubbed(0), intent, attempted(0), shipped(0)


def _fdatasyncs(folder: Path) -> Iterator[float]:
    """As the write-ahead log does it: a page is written into space that is there, then synced."""
    path = folder / "probe"
    path.write_bytes(bytes(4096 * 300))
    with closing(os.fdopen(os.open(path, os.O_RDWR), "r+b", buffering=0)) as file:
        os.fsync(file.fileno())
        for number in range(300):
            file.seek(4096 * number)
            file.write(os.urandom(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            yield time.perf_counter() - began


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _publish_all(folder: Path) -> None:
    setting = Setting(folder=folder)
    with alone(setting), opened(setting, is_writing=True) as office:
        head = office.records.since(0, 0).head
        assert head is not None
        office.publication.publish(head)


def _ask(folder: Path, figures: Figures) -> None:
    with opened(Setting(folder=folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        size, step = figures.entries, max(1, figures.entries // LOOKS)

        def prove(number: int) -> object:
            return inclusion(number * step % size, size, office.publication.fetch(size))

        figures.proofs = _timed(prove)
        transfers = [leaf.stream for leaf in office.records.since(size // 2, 2 * LOOKS).leaves if leaf.leg is not None]

        def found_transfer(number: int) -> object:
            return list(search(office.records, attestations, Query(transfer=transfers[number % len(transfers)])))

        def found_recipient(number: int) -> object:
            address = f"clerk{number * 13 % ADDRESSES}@court.test"
            return list(search(office.records, attestations, Query(recipient=address)))

        figures.finds["transfer (1 answer)"] = _timed(found_transfer)
        answers = sum(1 for _ in search(office.records, attestations, Query(recipient="clerk7@court.test")))
        figures.finds[f"recipient ({answers} answers)"] = _timed(found_recipient, looks=20)


def _check(folder: Path, figures: Figures) -> None:
    """`ledger fsck`, in a process whose memory is measured."""
    setting = Setting(folder=folder)
    with opened(setting) as office, closing(office.blobs()) as blobs:
        kept = Kept(
            records=office.records, archive=office.archive, keyring=office.keyring,
            blobs=BlobsBeside(blobs, office.records), published=setting.var / "ledger", vkey=office.signer.vkey,
            now_ms=office.clock.now_ms(), spread=spread_over(folder),
        )  # fmt: skip
        gc.collect()
        began, cpu_s = time.perf_counter(), time.process_time() + _children_cpu_s()
        report = fsck(kept)
        figures.fsck_s = time.perf_counter() - began
        figures.fsck_cpu_s = time.process_time() + _children_cpu_s() - cpu_s
        figures.fsck_mib = held_mib(os.getpid())[0]
    wrong = [one.words for one in report.findings if one.severity == "failed" and "is missing" not in one.words]
    if wrong:
        raise AssertionError(f"the ledger is not whole: {wrong[:3]}")


def _timed(look: Callable[[int], object], looks: int = LOOKS) -> list[float]:
    """How long each of many looks took, sorted; a few come before that do not count."""
    for number in range(3):
        look(number)
    took: list[float] = []
    for number in range(looks):
        began = time.perf_counter()
        look(number)
        took.append(time.perf_counter() - began)
    return sorted(took)


def _row(what: str, took: Sequence[float], target: str) -> str:
    return f"| {what} | {_ms(took, 0.5)} | {_ms(took, 0.99)} | {target} |"


def _ms(took: Sequence[float], part: float) -> str:
    return f"{1000 * took[min(len(took) - 1, int(len(took) * part))]:.2f} ms" if took else "–"


def _nothing_lost(stream: str) -> tuple[int, tuple[int, ...]]:
    raise KeyError(stream)


def _fail(why: Exception) -> None:
    raise AssertionError(str(why))
