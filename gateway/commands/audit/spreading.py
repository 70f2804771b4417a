"""Counting streams again in several processes: each opens the office for itself, reads, and says what it found.

A process holds one batch at a time, so that memory does not grow with the ledger.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing
from pathlib import Path

from gateway.commands.allocator import look_only_at_what_is_new, look_seldom
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.fsck import Spread
from gateway.engine.recount import Batch, Counted, Disposals, Recount
from gateway.errors import StoreAway
from gateway.keep.beside import BlobsBeside

_count: Callable[[Batch], Counted] | None = None
"""In a process that counts: what it does."""
_stack = ExitStack()


def spread_over(folder: Path) -> Spread | None:
    """As many processes as there are processors for us; None where that is one."""
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if processes < 2:
        return None

    def spread(batches: Iterator[Batch], disposals: Disposals, size: int) -> Iterator[Counted]:
        """Raises `StoreAway` if a process was ended before it had finished: nothing is known then."""
        try:
            yield from counted(batches, disposals, size)
        except BrokenProcessPool as why:
            raise StoreAway("a process that counted was ended; look again") from why

    def counted(batches: Iterator[Batch], disposals: Disposals, size: int) -> Iterator[Counted]:
        # Spawned, not forked: a connection to SQLite must not be carried into another process.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(folder, disposals, size)) as pool:
            waiting: set[Future[Counted]] = set()
            for batch in batches:
                waiting.add(pool.submit(_batch, batch))
                if len(waiting) > 2 * processes:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (one.result() for one in done)
            yield from (one.result() for one in waiting)

    return spread


def _begin(folder: Path, disposals: Disposals, size: int) -> None:
    """Open the office, in the new process."""
    global _count
    office = _stack.enter_context(opened(Setting(folder=folder)))
    blobs = _stack.enter_context(closing(office.blobs()))
    _count = Recount(
        records=office.records,
        attestations=Attestations(office.records, office.archive, office.keyring),
        blobs=BlobsBeside(blobs, office.records),
        size=size,
        disposals=disposals,
    ).batch
    look_only_at_what_is_new()
    look_seldom()


def _batch(batch: Batch) -> Counted:
    assert _count is not None
    return _count(batch)
