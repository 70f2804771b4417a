"""The ledger's one writer. What it has written is true; nothing else is.

Natural group commit: while one batch is being synced, all that arrives forms the next; there is no timer. A batch is
one transaction: facts, their sealed bodies and boxes, their leaves, due work and the new signed head. Its steps:

1. Take all that waits, within the caps.
2. Read the clock once; ledger time never falls.
3. Compose entries; a write whose stream has moved on fails alone.
4. Fold the leaf hashes into the frontier: the head.
5. Check the very bytes to be stored with other code (`ledger.verify.Checker`). Differ: stop. Only now sign.
6. Commit, moving the head by compare-and-swap. An unknown end stops the process: recovery decides.
7. Only now: the receipts.

The commit runs on a thread of its own. A caller waits on a future of its own, which may be cancelled at any time; what
it asked for is written, or not, regardless.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from gateway.engine.clock import Clock
from gateway.engine.entries import Composed, Entries, Position, Write
from gateway.engine.writing import Closing
from gateway.errors import Conflict, Failure, StoreAway, StoreBroken, Tampering
from gateway.facts import Receipt
from gateway.keep import Head, Records
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.composing import Statement
from gateway.ledger.entry import read_entry
from gateway.ledger.merkle import Frontier
from gateway.ledger.statement import clock_statement, genesis_statement, tick_statement
from gateway.ledger.verify import Checker

BATCH_LEAVES = 512
JUMP_MS = 50
"""A wall clock further behind the ledger than this is written down as a `clock` entry."""


@dataclass(slots=True, eq=False)
class _Job:
    writes: tuple[Write, ...]
    answer: Callable[[tuple[Receipt, ...] | BaseException], None]
    statements: tuple[Statement, ...] = ()
    """Entries about the ledger itself."""
    keys: tuple[tuple[str, bytes], ...] = ()
    """Keys to be kept with them, by their streams."""

    @property
    def is_opening(self) -> bool:
        """True if it begins a stream: a message, a file, a refusal."""
        return any(write.expected == 0 for write in self.writes)


class Scribe:
    """Appends facts. Any number of callers on the loop; one thread that writes."""

    def __init__(
        self,
        *,
        records: Records,
        entries: Entries,
        signer: Signer,
        clock: Clock,
        frontier: Frontier,
        head: Head | None,
        last_entry: bytes,
        on_fatal: Callable[[Failure], None],
        genesis: Statement | None = None,
    ) -> None:
        self._records = records
        self._entries = entries
        self._signer = signer
        self._clock = clock
        self._frontier = frontier
        self._last_ms = read_entry(last_entry).time_ms if last_entry else 0
        self._checker = Checker.resume(
            frontier.size, frontier.hashes, origin=signer.name, keys=(signer.vkey,), last_ms=self._last_ms
        )
        self._head = head
        self._genesis = genesis or genesis_statement(origin=signer.name, vkeys=(signer.vkey,))
        self._on_fatal = on_fatal
        self._fatal: Failure | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: list[_Job] = []
        self._is_openers_turn = self._is_stopping = False
        self._answered: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="scribe")

    def start(self) -> None:
        """Start writing. On an empty ledger the first entry is `genesis`."""
        if self._head is None:
            self._commit([], [self._genesis])
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then stop. Blocks until the thread has ended."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def give_up(self, why: Failure) -> None:
        """Durability was lost elsewhere, under a blob say: nothing more is written, the process stops. Any thread."""
        if self._fatal is None:
            self._fatal = why
            self._on_fatal(why)

    @property
    def head(self) -> Head | None:
        """The last durable head."""
        return self._head

    @property
    def frontier(self) -> Frontier:
        """The right edge of the tree under `head`: what a restart resumes from."""
        return self._frontier

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        """Append all of them in one transaction, or none.

        Raises `Conflict` when a stream has moved on, `StoreAway` when nothing was written and trying again may help,
        `StoreBroken` when the process is about to stop, and `journey.Unlawful` for a fact that cannot follow.
        """
        return await self._ask(writes)

    async def tick(self, closing: Closing | None = None) -> None:
        """See `Writer.tick`."""
        await self._ask((), closing, is_tick=True)

    async def _ask(
        self, writes: tuple[Write, ...], closing: Closing | None = None, *, is_tick: bool = False
    ) -> tuple[Receipt, ...]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[Receipt, ...]] = loop.create_future()

        def settle(result: tuple[Receipt, ...] | BaseException) -> None:
            if future.done():  # the caller left; what was written stays written
                return
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

        def answer(result: tuple[Receipt, ...] | BaseException) -> None:
            loop.call_soon_threadsafe(settle, result)

        self._jobs.put(_tick(answer, closing) if is_tick else _Job(writes, answer))
        return await future

    async def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Records.claim`: claiming is writing."""
        return await asyncio.to_thread(partial(self.claim_now, now_ms=now_ms, until_ms=until_ms, limit=limit))

    def claim_now(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """`claim` for a caller without a loop; blocks."""
        return self._records.claim(now_ms=now_ms, until_ms=until_ms, limit=limit)

    def order(self, writes: tuple[Write, ...], answer: Callable[[tuple[Receipt, ...] | BaseException], None]) -> None:
        """`append` for a caller that wants to be called back, on the writing thread."""
        self._jobs.put(_Job(writes, answer))

    def order_tick(
        self, answer: Callable[[tuple[Receipt, ...] | BaseException], None], closing: Closing | None = None
    ) -> None:
        """`tick`, likewise."""
        self._jobs.put(_tick(answer, closing))

    def after_answers(self, act: Callable[[], None]) -> None:
        """Do this, on the writing thread, whenever all who asked for a batch have been answered."""
        self._answered = act

    def reissue(self, stream: str) -> Receipt:
        """The receipt of a stream's latest facts, from the store: after a restart. Blocks. Any thread."""
        version, indexes = self._entries.last(stream)
        head = self._head
        if head is None:
            raise KeyError(stream)
        return receipt_of(stream, version, indexes, size=head.size, note=head.note)

    def append_now(self, *writes: Write) -> tuple[Receipt, ...]:
        """`append` for a caller without a loop; blocks."""
        box: queue.SimpleQueue[tuple[Receipt, ...] | BaseException] = queue.SimpleQueue()
        self._jobs.put(_Job(writes, box.put))
        result = box.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def forget(self, streams: Iterable[str]) -> None:
        """Remember nothing of these streams: they were forgotten on purpose, and nobody writes to them. Any thread."""
        self._entries.drop(streams)

    def state_now(self, *statements: Statement) -> None:
        """Append entries about the ledger itself; for a caller without a loop. Blocks."""
        box: queue.SimpleQueue[tuple[Receipt, ...] | BaseException] = queue.SimpleQueue()
        self._jobs.put(_Job((), box.put, statements))
        result = box.get()
        if isinstance(result, BaseException):
            raise result

    # ── the writing thread ───────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while jobs := self._gather():
            self._commit(jobs, [statement for job in jobs for statement in job.statements])
            self._answered()

    def _gather(self) -> list[_Job]:
        """What comes next of all that waits, in order and within the cap, a stream at most once. Empty at the end.

        Whoever opens a stream has a client waiting, so every other batch is theirs alone, and a small one.
        """
        self._hear()
        opening = [job for job in self._waiting if job.is_opening]
        self._is_openers_turn = bool(opening) and not self._is_openers_turn
        jobs: list[_Job] = []
        streams: set[str] = set()
        leaves = 0
        for job in opening if self._is_openers_turn else self._waiting:
            if leaves >= BATCH_LEAVES or any(write.stream in streams for write in job.writes):
                break
            jobs.append(job)
            streams.update(write.stream for write in job.writes)
            leaves += sum(write.leaf_count for write in job.writes)
        taken = set(jobs)
        self._waiting = [job for job in self._waiting if job not in taken]
        return jobs

    def _hear(self) -> None:
        """All that has been asked until now; waits for something to do, unless there is nothing more to come."""
        while not self._is_stopping:
            try:
                job = self._jobs.get(block=not self._waiting)
            except queue.Empty:
                return
            if job is None:
                self._is_stopping = True
            else:
                self._waiting.append(job)

    def _commit(self, jobs: Sequence[_Job], statements: list[Statement]) -> None:
        if self._fatal is not None:
            for job in jobs:
                job.answer(self._fatal)
            return
        answers: list[tuple[_Job, tuple[Composed, ...]]] = []
        try:
            now_ms = self._tick(statements)
            position = Position(index=self._frontier.size, at_ms=now_ms)
            composed = [self._entries.of_log(statement, position) for statement in statements]
            composed += [self._entries.of_key(stream, key) for job in jobs for stream, key in job.keys]
            for job in jobs:
                try:
                    answers.append((job, self._entries.of(job.writes, position)))
                except Exception as why:  # this write alone is at fault: a conflict, or a fact that cannot follow
                    job.answer(why)
            composed += [part for _, parts in answers for part in parts]
            if composed:
                head = self._write(composed, position)
                for job, parts in answers:
                    job.answer(tuple(_receipt(part, head) for part in parts))
        except (StoreAway, Conflict) as why:
            self._entries.forget(part.append.stream for _, parts in answers for part in parts)
            for job, _ in answers:
                job.answer(why)
        except Exception as why:  # durability or integrity is no longer certain: stop, let recovery decide
            self._stop(why, [job for job, _ in answers])

    def _tick(self, statements: list[Statement]) -> int:
        now_ms = self._clock.now_ms()
        if now_ms < self._last_ms - JUMP_MS:
            statements.append(clock_statement(self._last_ms - now_ms))
        return max(now_ms, self._last_ms)

    def _write(self, composed: list[Composed], position: Position) -> Head:
        leaves = [leaf for part in composed for leaf in part.append.leaves]
        appends = [append for part in composed for append in (*part.keys, part.append)]
        if not leaves and self._head is not None:  # only due times moved
            self._records.append(appends, old=self._head, new=self._head)
            return self._head
        frontier = self._frontier.extend([leaf.hash for leaf in leaves])
        root = frontier.root()
        text = format_checkpoint(self._signer.name, frontier.size, root)
        checked = self._checker.foresee([leaf.entry for leaf in leaves], text)
        note = self._signer.sign(text)
        checked.accept(note)
        head = Head(size=frontier.size, root=root, note=note)
        self._records.append(appends, old=self._head, new=head)
        self._checker, self._frontier, self._head, self._last_ms = checked, frontier, head, position.at_ms
        self._entries.remember(composed)
        return head

    def _stop(self, why: Exception, jobs: Sequence[_Job]) -> None:
        fatal = why if isinstance(why, (StoreBroken, Tampering)) else StoreBroken(f"{type(why).__name__}: {why}")
        for job in jobs:
            job.answer(fatal)
        self.give_up(fatal)


def _tick(answer: Callable[[tuple[Receipt, ...] | BaseException], None], closing: Closing | None) -> _Job:
    if closing is None:
        return _Job((), answer, (tick_statement(),))
    statement = tick_statement(index=closing.index.to_json())
    return _Job((), answer, (statement,), keys=((closing.stream, closing.key),))


def _receipt(part: Composed, head: Head) -> Receipt:
    indexes = tuple(leaf.index for leaf in part.append.leaves)
    return receipt_of(part.append.stream, part.version, indexes, size=head.size, note=head.note)


def receipt_of(stream: str, version: int, indexes: tuple[int, ...], *, size: int, note: str) -> Receipt:
    """The one maker of receipts: for what the scribe has written, and for `scribing`, which carries its word."""
    return Receipt(stream=stream, version=version, indexes=indexes, size=size, checkpoint=note)
