"""What goes over the socket between the gateway and its scribe: msgpack frames behind a four-byte length.

Both ends are ours, and of one version; a frame out of form ends the connection.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import cast

import msgspec

from gateway.engine.entries import Write
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
from gateway.facts import from_bytes, kind_of, to_bytes
from gateway.journey import Unlawful
from gateway.keep import Content, Head
from gateway.transfer import BlobId

LARGEST = 16 * 1024 * 1024
LENGTH = struct.Struct("!I")


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, array_like=True):
    """One `Write`."""

    stream: str
    facts: tuple[tuple[str, bytes], ...]
    expected: int | None
    due_ms: int | None
    data_key: bytes | None
    contents: tuple[tuple[str, bytes], ...] = ()


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, array_like=True, tag=True):
    """What every order bears, so that its answer finds it."""

    number: int


class Append(Order, frozen=True, kw_only=True, array_like=True, tag=1):
    """See `Writer.append`."""

    writes: tuple[Wire, ...]


class Tick(Order, frozen=True, kw_only=True, array_like=True, tag=2):
    """See `Writer.tick`."""

    closing: Closing | None = None


class Claim(Order, frozen=True, kw_only=True, array_like=True, tag=3):
    """See `Writer.claim`."""

    now_ms: int
    until_ms: int
    limit: int


class Task(Order, frozen=True, kw_only=True, array_like=True, tag=4):
    """Something else that only the one who writes can do: what it is given and what it says is the task's own."""

    name: str
    given: bytes


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, array_like=True):
    """`number` is the order's; 0 greets, and tells of the end. A `failure` names its class."""

    number: int
    receipts: tuple[tuple[str, int, tuple[int, ...]], ...] = ()
    streams: tuple[str, ...] = ()
    head: Head | None = None
    failure: str = ""
    cause: str = ""
    said: bytes = b""


decode_order = msgspec.msgpack.Decoder(Append | Tick | Claim | Task).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode
encode = msgspec.msgpack.encode
_FAILURES: dict[str, type[Failure]] = {
    kind.__name__: kind for kind in (StoreAway, StoreBroken, Tampering, RolledBack, Misconfigured, InUse)
}


def read_frame(orders: object) -> bytes:
    """The next frame; empty at the end."""
    read = cast(Callable[[int], bytes], getattr(orders, "read"))  # noqa: B009
    head = read(LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    (size,) = LENGTH.unpack(head)
    if size > LARGEST:
        raise Ours("an order of that size is none of ours")
    return read(size)


def wire_of(write: Write) -> Wire:
    """As it goes over the socket."""
    return Wire(
        stream=write.stream,
        facts=tuple((kind_of(fact), to_bytes(fact)) for fact in write.facts),
        expected=write.expected,
        due_ms=write.due_ms,
        data_key=write.data_key,
        contents=tuple((one.blob, one.sealed) for one in write.contents),
    )


def write_of(wire: Wire) -> Write:
    """The same again. Raises `KeyError` and `msgspec.ValidationError`."""
    return Write(
        stream=wire.stream,
        facts=tuple(from_bytes(kind, stored) for kind, stored in wire.facts),
        expected=wire.expected,
        due_ms=wire.due_ms,
        data_key=wire.data_key,
        contents=tuple(Content(blob=BlobId(blob), sealed=sealed) for blob, sealed in wire.contents),
    )


def answer_of(number: int, why: BaseException) -> Answer:
    """That it could not be done, and why."""
    streams: Sequence[str] = why.streams if isinstance(why, Conflict) else ()
    cause = why.cause if isinstance(why, Failure) else str(why)
    return Answer(number=number, streams=tuple(streams), failure=type(why).__name__, cause=cause)


def failure_of(answer: Answer) -> Exception | None:
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
