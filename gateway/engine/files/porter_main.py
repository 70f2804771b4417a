"""A porter, from within: takes a span from the memory it shares with the gateway, hashes, seals and writes it away.

Or reads and opens one. It has no path and no network, only the descriptors of what it carries and the data keys; it
never learns whose that is. Blocking, one thing at a time. What goes wrong ends it: the gateway then goes on by itself.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import socket
from dataclasses import dataclass, field

from gateway.engine.files.porters import (
    BEGIN,
    DIGEST,
    DONE,
    FAILED,
    FETCH,
    FETCHING,
    LEAVE,
    NUMBER,
    PUT,
    PUTTING,
    REFUSED,
    ROOM_BYTES,
    SIZE,
    TAKE,
    TAKING,
)
from gateway.engine.workshop import frames
from gateway.engine.workshop.confine import MIB, Bounds, confine
from gateway.engine.workshop.frames import SOCKET, Frame
from gateway.errors import Tampering
from gateway.keep.private import write_all
from gateway.keep.scratch import TAG
from gateway.keep.sealed import CHUNK, STRIDE, ChunkSeal
from gateway.transfer import BlobId

DESCRIPTORS = 4096
"""More than a door's people have open at once."""
FOREVER_S = 1 << 31
MEMORY_BYTES = 512 * MIB


@dataclass(slots=True)
class Carried:
    """One file."""

    file: int
    seal: ChunkSeal
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)


class Load:
    """What it carries, and the memory it comes in."""

    def __init__(self, room: mmap.mmap) -> None:
        self._room = memoryview(room)
        self._records = bytearray(ROOM_BYTES // CHUNK * STRIDE)
        self._carried: dict[int, Carried] = {}

    def work(self, order: Frame) -> bytes:
        """Do it; the answer."""
        jobs = {TAKE: self._take, PUT: self._put, DIGEST: self._digest, FETCH: self._fetch, LEAVE: self._leave}
        return jobs[order.kind](order)

    def _take(self, order: Frame) -> bytes:
        number, key = TAKING.unpack_from(order.body)
        blob = BlobId(order.body[TAKING.size :].decode("ascii"))
        self._carried[number] = Carried(order.descriptors[0], ChunkSeal(key, blob, os.urandom))
        return b""

    def _put(self, order: Frame) -> bytes:
        number, size, index, first, count = PUTTING.unpack(order.body)
        carried, span = self._carried[number], self._room[:size]
        carried.sha256.update(span)
        if not count:
            return b""
        records = carried.seal.seal_run(index, span[first : first + count * CHUNK], self._records)
        write_all(carried.file, records, index * STRIDE)
        return b"".join(records[end - TAG : end] for end in range(STRIDE, len(records) + 1, STRIDE))

    def _digest(self, order: Frame) -> bytes:
        return self._carried[NUMBER.unpack(order.body)[0]].sha256.digest()

    def _fetch(self, order: Frame) -> bytes:
        number, first, count, total = FETCHING.unpack(order.body)
        carried, size = self._carried[number], 0
        for index in range(first, first + count):
            record = os.pread(carried.file, STRIDE, index * STRIDE)
            chunk = carried.seal.open(index, record, is_last=index == total - 1)
            self._room[size : size + len(chunk)] = chunk
            size += len(chunk)
        return NUMBER.pack(size)

    def _leave(self, order: Frame) -> bytes:
        os.close(self._carried.pop(NUMBER.unpack(order.body)[0]).file)
        return b""


def main() -> None:
    """Confine, then carry until the gateway hangs up."""
    with socket.socket(fileno=SOCKET) as sock:
        begin = frames.receive(sock, descriptors=1)
        if begin is None or begin.kind != BEGIN:
            return
        load = Load(mmap.mmap(begin.descriptors[0], ROOM_BYTES))
        ChunkSeal(bytes(32), BlobId("0" * 32), os.urandom)  # what is loaded when it is first used, is now
        largest_bytes = SIZE.unpack(begin.body)[0]
        confine(
            Bounds(
                memory_bytes=MEMORY_BYTES, cpu_seconds=FOREVER_S, file_bytes=2 * largest_bytes, descriptors=DESCRIPTORS
            ),
            keep=(SOCKET,),
        )
        frames.send(sock, Frame(begin.serial, DONE, b""))
        while (order := frames.receive(sock, descriptors=1)) and _serve(sock, order, load):
            pass


def _serve(sock: socket.socket, order: Frame, load: Load) -> bool:
    """Answer one order; False if this porter should carry no more."""
    try:
        kind, answer = DONE, load.work(order)
    except Tampering:  # of what lies on the disk: nobody else's trouble
        kind, answer = REFUSED, b""
    except Exception as why:
        kind, answer = FAILED, type(why).__name__.encode()
    frames.send(sock, Frame(order.serial, kind, answer))
    return kind != FAILED
