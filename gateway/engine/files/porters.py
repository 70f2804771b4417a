"""Porters: processes that hash, seal and write away what large uploads bring, and open what large downloads take.

    gateway ──(a span, in memory both see; "put it at chunk 7")──▶ porter ──▶ var/staging/3f9a…
            ◀──(the tags of what it wrote; at the end, the digest)──

Threads do this as well, but every chunk makes them and the loop wait for each other: with four uploads that cost half
as much again (decision 0017). A porter has no path, no network and no more than the files it carries and their data
keys; it reads nothing but what this module says to it.

Promises: whoever cannot be helped is told, and does it himself: a porter that dies, hangs or cannot be started costs
time, never a byte. Any thread may call; one porter carries one span at a time.
"""

from __future__ import annotations

import logging
import mmap
import os
import signal
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass

from gateway.engine.workshop import frames
from gateway.engine.workshop.frames import Frame, Nonsense
from gateway.engine.workshop.launch import launch
from gateway.keep.scratch import TAG
from gateway.keep.sealed import CHUNK
from gateway.transfer import BlobId, Digest

log = logging.getLogger(__name__)

MODULE = "gateway.engine.files.porter_main"
ROOM_BYTES = 1024 * 1024
"""What a porter can be handed at once: a span."""
PATIENCE_S = 60
"""For one span. A disk this slow is as slow for anybody."""
BEGIN, TAKE, PUT, DIGEST, FETCH, LEAVE = range(1, 7)
DONE, FAILED, REFUSED = range(3)
"""How it went: after a failure the porter has ended, after a refusal it has not."""

TAKING = struct.Struct("!I32s")
"""Which upload, and its data key; the name of its blob follows, and its file comes beside it."""
PUTTING = struct.Struct("!IIQII")
"""Which upload; the size of the span; of the whole chunks in it the first one's index and place, and how many."""
FETCHING = struct.Struct("!IQII")
"""Which file; the first chunk, how many follow each other, and how many there are in all."""
NUMBER, SIZE = struct.Struct("!I"), struct.Struct("!Q")


class Porter:
    """One process."""

    def __init__(self, sock: socket.socket, pidfd: int, room: mmap.mmap) -> None:
        self._sock = sock
        self._pidfd = pidfd
        self._room = room
        self._lock = threading.Lock()
        self._serial = 0
        self.uploads: set[int] = set()
        """What it carries."""
        self.is_ended = False

    @classmethod
    def start(cls, largest_bytes: int) -> Porter:
        """Launch it. Raises `OSError`."""
        memory = os.memfd_create("sealgate-porter", os.MFD_CLOEXEC)
        try:
            os.ftruncate(memory, ROOM_BYTES)
            room = mmap.mmap(memory, ROOM_BYTES)
            sock, pidfd = launch(MODULE)
            sock.setblocking(True)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", PATIENCE_S, 0))
            porter = cls(sock, pidfd, room)
            if porter.ask(BEGIN, SIZE.pack(largest_bytes), (memory,)) is None:
                raise OSError("a porter did not begin")
            return porter
        finally:
            os.close(memory)

    def ask(
        self, kind: int, body: bytes, descriptors: tuple[int, ...] = (), *, content: memoryview | None = None
    ) -> bytes | None:
        """Its answer; None if it cannot. Blocks."""
        with self._lock:
            if content is not None and not self.is_ended:
                self._room[: len(content)] = content
            return self._asked(kind, body, descriptors)

    def fetch(self, order: bytes) -> list[bytes] | None:
        """The chunks it opened. Blocks."""
        with self._lock:
            answer = self._asked(FETCH, order)
            if answer is None:
                return None
            (size,) = NUMBER.unpack(answer)
            return [self._room[at : min(at + CHUNK, size)] for at in range(0, size, CHUNK)]

    def _asked(self, kind: int, body: bytes, descriptors: tuple[int, ...] = ()) -> bytes | None:
        if self.is_ended:
            return None
        self._serial += 1
        try:
            frames.send(self._sock, Frame(self._serial, kind, body, descriptors))
            answer = frames.receive(self._sock, descriptors=0)
        except (OSError, Nonsense) as why:
            self._end(type(why).__name__)
            return None
        if answer is None or answer.serial != self._serial or answer.kind not in {DONE, REFUSED}:
            self._end("hung up" if answer is None else answer.said)
            return None
        return answer.body if answer.kind == DONE else None

    def end(self) -> None:
        """Let it go; returns when it is gone."""
        with self._lock:
            if not self.is_ended:
                self._end(None)

    def _end(self, cause: str | None) -> None:
        """Surely: it must not write where somebody else writes by now."""
        self.is_ended = True
        if cause is not None:
            log.warning("porter ended cause=%r", cause)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
        os.close(self._pidfd)
        self._sock.close()
        self._room.close()


class Porters:
    """All of them: at most so many, started when there is something to carry. Satisfies `keep.hands.Hands`."""

    def __init__(self, most: int, *, largest_bytes: int) -> None:
        self._most = most
        self._largest_bytes = largest_bytes
        self._lock = threading.Lock()
        self._porters: list[Porter] = []
        self._given = 0

    def lend(self, file: int, key: bytes, blob: BlobId) -> Hand | None:
        """See `keep.hands.Hands.lend`."""
        with self._lock:
            porter = self._least_busy()
            if porter is None:
                return None
            self._given += 1
            number = self._given
            porter.uploads.add(number)
        hand = Hand(porter, number)
        if porter.ask(TAKE, TAKING.pack(number, key) + blob.encode("ascii"), (file,)) is None:
            hand.end()
            return None
        return hand

    def close(self) -> None:
        """See `keep.hands.Hands.close`; returns when they are gone."""
        with self._lock:
            self._most = 0
            for porter in self._porters:
                porter.end()

    def _least_busy(self) -> Porter | None:
        self._porters = [porter for porter in self._porters if not porter.is_ended]
        if len(self._porters) < self._most and all(porter.uploads for porter in self._porters):
            try:
                self._porters.append(Porter.start(self._largest_bytes))
            except OSError as why:
                log.warning("porter not started cause=%r", type(why).__name__)
        return min(self._porters, key=lambda porter: len(porter.uploads), default=None)


@dataclass(slots=True)
class Hand:
    """A porter's, for one file. Satisfies `keep.hands.Hand`."""

    porter: Porter
    number: int
    """Of the file, to this porter."""

    def put(self, index: int, content: memoryview, first: int, count: int) -> bytes | None:
        """See `keep.hands.Hand.put`."""
        if len(content) > ROOM_BYTES:
            return None
        order = PUTTING.pack(self.number, len(content), index, first, count)
        tags = self.porter.ask(PUT, order, content=content)
        return tags if tags is not None and len(tags) == count * TAG else None

    def digest(self) -> Digest | None:
        """See `keep.hands.Hand.digest`."""
        found = self.porter.ask(DIGEST, NUMBER.pack(self.number))
        return None if found is None else Digest(sha256=found.hex())

    def fetch(self, index: int, count: int, total: int) -> list[bytes] | None:
        """See `keep.hands.Hand.fetch`."""
        chunks = self.porter.fetch(FETCHING.pack(self.number, index, count, total))
        return chunks if chunks is not None and len(chunks) == count else None

    def end(self) -> None:
        """See `keep.hands.Hand.end`."""
        self.porter.ask(LEAVE, NUMBER.pack(self.number))
        self.porter.uploads.discard(self.number)
