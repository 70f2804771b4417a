"""The scribe in a process of its own, and the two ends of the socket between it and the gateway.

So the gateway's loop never waits for a commit's computing, and no parser of the gateway's shares memory with the one
process that writes the ledger. Orders and answers are msgpack frames behind a four-byte length; both ends are ours, and
a frame out of form ends the connection. When the gateway's end closes, whatever way it died, the scribe finishes the
batch it has begun and ends too.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import msgspec

from gateway.engine.entries import Write
from gateway.engine.scribe import Scribe, receipt_of
from gateway.engine.writing import Closing
from gateway.errors import (
    Conflict,
    Failure,
    InUse,
    Misconfigured,
    Ours,
    RolledBack,
    StoreAway,
    StoreBroken,
    Tampering,
)
from gateway.facts import Receipt, from_bytes, kind_of, to_bytes
from gateway.journey import Unlawful
from gateway.keep import Content, Head
from gateway.transfer import BlobId

LARGEST = 16 * 1024 * 1024
_LENGTH = struct.Struct("!I")


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, array_like=True):
    """One `Write`."""

    stream: str
    facts: tuple[tuple[str, bytes], ...]
    expected: int | None
    due_ms: int | None
    data_key: bytes | None
    contents: tuple[tuple[str, bytes], ...] = ()


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, array_like=True, tag=True):
    number: int


class _Append(_Order, frozen=True, kw_only=True, array_like=True, tag=1):
    writes: tuple[_Wire, ...]


class _Tick(_Order, frozen=True, kw_only=True, array_like=True, tag=2):
    closing: Closing | None = None


class _Claim(_Order, frozen=True, kw_only=True, array_like=True, tag=3):
    now_ms: int
    until_ms: int
    limit: int


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, array_like=True):
    """`number` is the order's; 0 greets, and tells of the end. A `failure` names its class."""

    number: int
    receipts: tuple[tuple[str, int, tuple[int, ...]], ...] = ()
    streams: tuple[str, ...] = ()
    head: Head | None = None
    failure: str = ""
    cause: str = ""


_decode_order = msgspec.msgpack.Decoder(_Append | _Tick | _Claim).decode
_decode_answer = msgspec.msgpack.Decoder(_Answer).decode
_encode = msgspec.msgpack.encode
_FAILURES: dict[str, type[Failure]] = {
    kind.__name__: kind for kind in (StoreAway, StoreBroken, Tampering, RolledBack, Misconfigured, InUse)
}


# ── the scribe's end ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class ScribeEnd:
    """Takes orders for a scribe from a socket until it closes. Blocks."""

    sock: socket.socket
    scribe: Scribe
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def greet(self) -> None:
        """Say that the scribe is ready, and where its ledger stands."""
        self._say(_Answer(number=0, head=self.scribe.head))

    def serve(self) -> None:
        """Carry out orders in the order they come."""
        with self.sock.makefile("rb") as orders:
            try:
                while frame := _read(orders):
                    self._take(_decode_order(frame))
            except OSError:
                pass  # the gateway was killed: the same as its leaving

    def _take(self, order: _Append | _Tick | _Claim) -> None:
        match order:
            case _Append(number=number, writes=writes):
                self.scribe.order(tuple(_write(wire) for wire in writes), lambda result: self._tell(number, result))
            case _Tick(number=number, closing=closing):
                self.scribe.order_tick(lambda result: self._tell(number, result), closing)
            case _Claim(number=number, now_ms=now_ms, until_ms=until_ms, limit=limit):
                try:
                    streams = self.scribe.claim_now(now_ms=now_ms, until_ms=until_ms, limit=limit)
                    self._say(_Answer(number=number, streams=streams))
                except Failure as why:
                    self._say(_answer_of(number, why))

    def _tell(self, number: int, result: tuple[Receipt, ...] | BaseException) -> None:
        if isinstance(result, BaseException):
            self._say(_answer_of(number, result))
        else:
            receipts = tuple((one.stream, one.version, one.indexes) for one in result)
            self._say(_Answer(number=number, receipts=receipts, head=self.scribe.head))

    def _say(self, answer: _Answer) -> None:
        with self._lock:
            _send(self.sock, answer)


def refuse(sock: socket.socket, why: Failure) -> None:
    """Say to the gateway why there is no scribe, or none any more."""
    _send(sock, _answer_of(0, why))


def _send(sock: socket.socket, answer: _Answer) -> None:
    frame = _encode(answer)
    with suppress(OSError):  # the gateway is gone; what was written stays written
        sock.sendall(_LENGTH.pack(len(frame)) + frame)


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
        self._waiting: dict[int, asyncio.Future[_Answer]] = {}
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
        wires = tuple(
            _Wire(
                stream=write.stream,
                facts=tuple((kind_of(fact), to_bytes(fact)) for fact in write.facts),
                expected=write.expected,
                due_ms=write.due_ms,
                data_key=write.data_key,
                contents=tuple((one.blob, one.sealed) for one in write.contents),
            )
            for write in writes
        )
        answer = await self._ask(lambda number: _Append(number=number, writes=wires))
        if answer.head is None:
            raise Ours("the scribe wrote and does not say where")
        size, note = answer.head.size, answer.head.note
        return tuple(receipt_of(*receipt, size=size, note=note) for receipt in answer.receipts)

    async def tick(self, closing: Closing | None = None) -> None:
        """See `Writer.tick`."""
        await self._ask(lambda number: _Tick(number=number, closing=closing))

    async def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Writer.claim`."""
        answer = await self._ask(lambda number: _Claim(number=number, now_ms=now_ms, until_ms=until_ms, limit=limit))
        return answer.streams

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

    async def _ask(self, order: Callable[[int], _Order]) -> _Answer:
        if self._fatal is not None:
            raise self._fatal
        if self._transport is None or self._is_closing:
            raise StoreAway("the scribe is not there")
        self._number += 1
        number = self._number
        future: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._say(_encode(order(number)))
        return await future

    def _say(self, frame: bytes) -> None:
        """One write for all that is asked in one turn of the loop: each wakes a process."""
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsaid += _LENGTH.pack(len(frame)) + frame

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
        while len(self._buffer) - at >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer, at)
            if len(self._buffer) - at - _LENGTH.size < size:
                break
            start = at + _LENGTH.size
            self._heard(_decode_answer(bytes(self._buffer[start : start + size])))
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

    def _heard(self, answer: _Answer) -> None:
        if answer.head is not None and (self._head is None or answer.head.size >= self._head.size):
            self._head = answer.head
        if answer.number == 0:
            self._heard_of_itself(answer)
            return
        future = self._waiting.pop(answer.number, None)
        if future is None or future.done():  # the caller left; what was written stays written
            return
        failure = _failure_of(answer)
        if failure is None:
            future.set_result(answer)
        else:
            future.set_exception(failure)

    def _heard_of_itself(self, answer: _Answer) -> None:
        failure = _failure_of(answer)
        if failure is None:
            if self._greeted is not None and not self._greeted.done():
                self._greeted.set_result(None)
        elif self._greeted is not None and not self._greeted.done():
            self._greeted.set_exception(failure)
        elif isinstance(failure, Failure):
            self.give_up(failure)


def _read(orders: object) -> bytes:
    """The next frame; empty at the end."""
    read = cast(Callable[[int], bytes], getattr(orders, "read"))  # noqa: B009
    head = read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (size,) = _LENGTH.unpack(head)
    if size > LARGEST:
        raise Ours("an order of that size is none of ours")
    return read(size)


def _write(wire: _Wire) -> Write:
    return Write(
        stream=wire.stream,
        facts=tuple(from_bytes(kind, stored) for kind, stored in wire.facts),
        expected=wire.expected,
        due_ms=wire.due_ms,
        data_key=wire.data_key,
        contents=tuple(Content(blob=BlobId(blob), sealed=sealed) for blob, sealed in wire.contents),
    )


def _answer_of(number: int, why: BaseException) -> _Answer:
    streams: Sequence[str] = why.streams if isinstance(why, Conflict) else ()
    cause = why.cause if isinstance(why, Failure) else str(why)
    return _Answer(number=number, streams=tuple(streams), failure=type(why).__name__, cause=cause)


def _failure_of(answer: _Answer) -> Exception | None:
    """What went wrong there, as the same exception here; what is not known by name is ours, and a bug."""
    match answer.failure:
        case "":
            return None
        case "Conflict":
            return Conflict(answer.streams)
        case "Unlawful":
            return Unlawful(answer.cause)
        case name if name in _FAILURES:
            return _FAILURES[name](answer.cause)
        case name:
            return Ours(f"{name}: {answer.cause}")
