"""The scribe in a process of its own, and the two ends of the socket between it and the gateway.

So the gateway's loop never waits for a commit's computing, and no parser of the gateway's shares memory with the one
process that writes the ledger. Orders and answers are msgpack frames behind a four-byte length; both ends are ours, and
a frame out of form ends the connection. When the gateway's end closes, whatever way it died, the scribe finishes the
batch it has begun and ends too.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from gateway.engine.entries import Write
from gateway.engine.scribe import Scribe, receipt_of
from gateway.engine.scribewire import (
    LENGTH,
    Answer,
    Append,
    Claim,
    Order,
    Task,
    Tick,
    answer_of,
    decode_answer,
    decode_order,
    encode,
    failure_of,
    read_frame,
    wire_of,
    write_of,
)
from gateway.engine.writing import Closing
from gateway.errors import Failure, Ours, StoreAway, StoreBroken
from gateway.facts import Receipt
from gateway.keep import Head

Tasks = Mapping[str, Callable[[bytes], bytes]]
"""By name, what else the one who writes does for the gateway. Each blocks, may take long, and may raise `Failure`."""


# ── the scribe's end ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class ScribeEnd:
    """Takes orders for a scribe from a socket until it closes. Blocks."""

    sock: socket.socket
    scribe: Scribe
    tasks: Tasks = field(default_factory=dict)
    heard: Callable[[], None] = lambda: None
    """Called after each order, by whoever reads them: who watches this process learns that it lives."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _untold: bytearray = field(default_factory=bytearray)
    """Answers to a batch, for one write: each wakes a process. The writing thread's alone."""

    def __post_init__(self) -> None:
        self.scribe.after_answers(self._send_untold)

    def greet(self) -> None:
        """Say that the scribe is ready, and where its ledger stands."""
        self._say(Answer(number=0, head=self.scribe.head))

    def serve(self) -> None:
        """Carry out orders in the order they come; tasks beside them, one at a time. Returns when all is done."""
        with self.sock.makefile("rb") as orders, ThreadPoolExecutor(1, thread_name_prefix="task") as beside:
            try:
                while frame := read_frame(orders):
                    order = decode_order(frame)
                    if isinstance(order, Task):
                        beside.submit(self._carry_out, order)
                    else:
                        self._take(order)
                    self.heard()
            except OSError:
                pass  # the gateway was killed: the same as its leaving

    def _take(self, order: Append | Tick | Claim) -> None:
        match order:
            case Append(number=number, writes=writes):
                self.scribe.order(tuple(write_of(wire) for wire in writes), lambda result: self._tell(number, result))
            case Tick(number=number, closing=closing):
                self.scribe.order_tick(lambda result: self._tell(number, result), closing)
            case Claim(number=number, now_ms=now_ms, until_ms=until_ms, limit=limit):
                try:
                    streams = self.scribe.claim_now(now_ms=now_ms, until_ms=until_ms, limit=limit)
                    self._say(Answer(number=number, streams=streams))
                except Failure as why:
                    self._say(answer_of(number, why))

    def _carry_out(self, task: Task) -> None:
        try:
            self._say(Answer(number=task.number, said=self.tasks[task.name](task.given)))
        except Exception as why:  # said to whoever asked; a bug in a task does not end the scribe
            self._say(answer_of(task.number, why))

    def _tell(self, number: int, result: tuple[Receipt, ...] | BaseException) -> None:
        if isinstance(result, BaseException):
            self._untold += _framed(answer_of(number, result))
        else:
            receipts = tuple((one.stream, one.version, one.indexes) for one in result)
            self._untold += _framed(Answer(number=number, receipts=receipts, head=self.scribe.head))

    def _send_untold(self) -> None:
        frames, self._untold = self._untold, bytearray()
        with self._lock:
            _send(self.sock, frames)

    def _say(self, answer: Answer) -> None:
        with self._lock:
            _send(self.sock, _framed(answer))


def refuse(sock: socket.socket, why: Failure) -> None:
    """Say to the gateway why there is no scribe, or none any more."""
    _send(sock, _framed(answer_of(0, why)))


def _framed(answer: Answer) -> bytes:
    frame = encode(answer)
    return LENGTH.pack(len(frame)) + frame


def _send(sock: socket.socket, frames: bytes | bytearray) -> None:
    with suppress(OSError):  # the gateway is gone; what was written stays written
        sock.sendall(frames)


# ── the gateway's end ────────────────────────────────────────────────────────────────────────────────────────────────


class DistantScribe(asyncio.Protocol):
    """Satisfies `writing.Writer` over a socket."""

    def __init__(
        self, *, reissue: Callable[[str], tuple[int, tuple[int, ...]]], on_fatal: Callable[[Failure], None]
    ) -> None:
        self._last = reissue
        self._on_fatal = on_fatal
        self._fatal: Failure | None = None
        self._head: Head | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0
        self._buffer = bytearray()
        self._unsaid = bytearray()
        self._greeted: asyncio.Future[None] | None = None
        self._ended: asyncio.Event = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._is_closing = False

    async def connect(self, sock: socket.socket) -> None:
        """Returns when the scribe is ready. Raises what kept it from getting ready."""
        loop = asyncio.get_running_loop()
        self._greeted = loop.create_future()
        await loop.create_unix_connection(lambda: self, sock=sock)
        await self._greeted

    async def close(self) -> None:
        """No more orders; returns when the scribe has written all and gone."""
        self._is_closing = True
        self._flush()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()
        await self._ended.wait()

    @property
    def head(self) -> Head | None:
        """See `Writer.head`."""
        return self._head

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        """See `Writer.append`."""
        wires = tuple(map(wire_of, writes))
        answer = await self._ask(lambda number: Append(number=number, writes=wires))
        if answer.head is None:
            raise Ours("the scribe wrote and does not say where")
        size, note = answer.head.size, answer.head.note
        return tuple(receipt_of(*receipt, size=size, note=note) for receipt in answer.receipts)

    async def tick(self, closing: Closing | None = None) -> None:
        """See `Writer.tick`."""
        await self._ask(lambda number: Tick(number=number, closing=closing))

    async def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Writer.claim`."""
        answer = await self._ask(lambda number: Claim(number=number, now_ms=now_ms, until_ms=until_ms, limit=limit))
        return answer.streams

    async def task(self, name: str, given: bytes) -> bytes:
        """Have the scribe's own process do one of its `Tasks`, and wait for what it says of it."""
        return (await self._ask(lambda number: Task(number=number, name=name, given=given))).said

    def reissue(self, stream: str) -> Receipt:
        """See `Writer.reissue`."""
        head = self._head
        if head is None:
            raise KeyError(stream)
        version, indexes = self._last(stream)
        return receipt_of(stream, version, indexes, size=head.size, note=head.note)

    def give_up(self, why: Failure) -> None:
        """See `Writer.give_up`."""
        if self._fatal is None:
            self._fatal = why
            self._on_fatal(why)

    async def _ask(self, order: Callable[[int], Order]) -> Answer:
        if self._fatal is not None:
            raise self._fatal
        if self._transport is None or self._is_closing:
            raise StoreAway("the scribe is not there")
        self._number += 1
        number = self._number
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._say(encode(order(number)))
        return await future

    def _say(self, frame: bytes) -> None:
        """One write for all that is asked in one turn of the loop: each wakes a process."""
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsaid += LENGTH.pack(len(frame)) + frame

    def _flush(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(bytes(self._unsaid))
        self._unsaid.clear()

    # ── asyncio.Protocol ─────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answers, whole or in part."""
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._buffer, at)
            if len(self._buffer) - at - LENGTH.size < size:
                break
            start = at + LENGTH.size
            self._heard(decode_answer(bytes(self._buffer[start : start + size])))
            at = start + size
        del self._buffer[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        """The scribe has ended: as told, or because durability is no longer certain."""
        why = self._fatal or StoreBroken("the scribe has ended")
        if self._greeted is not None and not self._greeted.done():
            self._greeted.set_exception(why)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(why)
        self._waiting.clear()
        self._ended.set()
        if not self._is_closing:
            self.give_up(why)

    def _heard(self, answer: Answer) -> None:
        if answer.head is not None and (self._head is None or answer.head.size >= self._head.size):
            self._head = answer.head
        if answer.number == 0:
            self._heard_of_itself(answer)
            return
        future = self._waiting.pop(answer.number, None)
        if future is None or future.done():  # the caller left; what was written stays written
            return
        failure = failure_of(answer)
        if failure is None:
            future.set_result(answer)
        else:
            future.set_exception(failure)

    def _heard_of_itself(self, answer: Answer) -> None:
        failure = failure_of(answer)
        if failure is None:
            if self._greeted is not None and not self._greeted.done():
                self._greeted.set_result(None)
        elif self._greeted is not None and not self._greeted.done():
            self._greeted.set_exception(failure)
        elif isinstance(failure, Failure):
            self.give_up(failure)
