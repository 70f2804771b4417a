"""Where files lie while they are being handed in: sealed, in any order, and still there after a restart.

    var/staging/
    ├── 3f9a…         the content, in the blobs' own format under a data key of its own
    └── 3f9a….about   whose it is, where it was going and its data key, sealed under the office's

A small file never lies here: it waits in memory and goes straight to the blobs, a light one into the records with its
facts. Nothing here was acknowledged; what was left in the middle is shown with its partial size, can be resumed, and is
swept after a day. No user's text reaches a path. One session writes a draft at a time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine.clock import Clock
from gateway.engine.files.spans import LEAST_BYTES, SLACK_BYTES, Span, shared
from gateway.engine.vault import LIGHT_BYTES, Stored, Vault
from gateway.errors import Failure, StoreAway, StoreBroken, Tampering
from gateway.keep import Adopts, Content
from gateway.keep.keyring import Keyring
from gateway.keep.scratch import Scratch
from gateway.keep.sealed import CHUNK, OVERHEAD, STRIDE
from gateway.transfer import BlobId

FLUSH_BYTES = 16 * 1024 * 1024
"""After so much the disk is asked to begin, so that a CLOSE has little left to wait for."""
KEPT_FOR_MS = 24 * 60 * 60_000
PIECE = 256 * 1024
ABOUT = ".about"

Place = tuple[str, ...]


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is remembered of a draft beside its content."""

    person: str
    place: Place
    blob: str
    data_key: bytes
    begun_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A draft nobody is writing."""

    about: About
    size_bytes: int
    """As far as is known; resuming may find less."""


class Staging:
    """The drafts of everybody."""

    def __init__(
        self,
        folder: Path,
        *,
        vault: Vault,
        adopts: Adopts,
        keyring: Keyring,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        largest_bytes: int,
    ) -> None:
        self.folder = folder
        self.vault = vault
        self.adopts = adopts
        self.clock = clock
        self.tasks = tasks
        self.largest_bytes = largest_bytes
        self.used: Counter[str] = Counter()
        """Bytes by person, of all drafts."""
        self.left: dict[tuple[str, Place], Left] = {}
        self.share = shared()
        """How much of a draft waits before it is written."""
        self._keyring = keyring

    def recover(self) -> None:
        """Find what a former run left. Blocks; once, before anybody writes. Raises `Tampering`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {path.name for path in self.folder.iterdir()}
        for name in sorted(names):
            blob = name.removesuffix(ABOUT)
            if {blob, blob + ABOUT} <= names:
                if name == blob:
                    self._found(blob)
            else:  # half of a pair: it ended as a blob, or had not begun
                (self.folder / name).unlink()

    def begin(self, person: str, place: Place) -> Staged:
        """A new draft."""
        about = About(
            person=person,
            place=place,
            blob=self.vault.name(),
            data_key=self.clock.random(32),
            begun_ms=self.clock.now_ms(),
        )
        return self._draft(about, None)

    async def resume(self, left: Left) -> Staged:
        """Go on with what was left."""
        about = left.about
        del self.left[about.person, about.place]
        self.used[about.person] -= left.size_bytes
        scratch = await self.vault.on_disk(
            lambda: Scratch.resume(
                self.folder / about.blob, BlobId(about.blob), about.data_key, self.clock.random,
                largest_bytes=self.largest_bytes,
            )
        )  # fmt: skip
        self.used[about.person] += scratch.size_bytes
        return self._draft(about, scratch)

    async def erase(self, left: Left) -> None:
        """Forget what was left."""
        self.left.pop((left.about.person, left.about.place), None)
        self.used[left.about.person] -= left.size_bytes
        await self.vault.on_disk(lambda: self._unlink(left.about.blob))

    async def sweep(self) -> None:
        """Erase what has been left for a day."""
        oldest_ms = self.clock.now_ms() - KEPT_FOR_MS
        for left in [one for one in self.left.values() if one.about.begun_ms < oldest_ms]:
            await self.erase(left)

    def _draft(self, about: About, scratch: Scratch | None) -> Staged:
        draft = Staged(self, about, scratch)
        self.share.join(draft)
        return draft

    # ── for drafts ───────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, about: About) -> Scratch:
        """The file of a draft and the note beside it. Blocks. Raises `StoreAway`."""
        sealed = self._keyring.wrap(_place(about.blob), msgspec.json.encode(about))
        try:
            (self.folder / (about.blob + ABOUT)).write_bytes(sealed)
        except OSError as why:
            raise StoreAway(f"an upload cannot be staged: {why.strerror}") from why
        return Scratch.begin(
            self.folder / about.blob,
            BlobId(about.blob),
            about.data_key,
            self.clock.random,
            largest_bytes=self.largest_bytes,
        )

    def adopt(self, about: About) -> None:
        """A finished file becomes its blob. Blocks. Raises `StoreAway` or `StoreBroken`."""
        self.adopts.adopt(BlobId(about.blob), self.folder / about.blob)
        self._unlink(about.blob)

    def leave(self, about: About, size_bytes: int) -> None:
        """Remember a draft that ended in the middle."""
        self.left[about.person, about.place] = Left(about=about, size_bytes=size_bytes)

    def _unlink(self, blob: str) -> None:
        (self.folder / blob).unlink(missing_ok=True)
        (self.folder / (blob + ABOUT)).unlink(missing_ok=True)

    def _found(self, blob: str) -> None:
        path = self.folder / (blob + ABOUT)
        try:
            about = msgspec.json.decode(self._keyring.unwrap(_place(blob), path.read_bytes()), type=About)
        except Tampering:  # torn by a power cut, or not ours: nothing in it was acknowledged
            self._unlink(blob)
            return
        chunks, rest = divmod(os.stat(self.folder / blob).st_size, STRIDE)
        size = chunks * CHUNK + max(0, rest - OVERHEAD)
        self.used[about.person] += size
        self.leave(about, size)


class Staged:
    """One draft. Writes wait in memory and reach the disk on a thread; a failed one shows at the next call."""

    def __init__(self, staging: Staging, about: About, scratch: Scratch | None) -> None:
        self.about = about
        self.size_bytes = scratch.size_bytes if scratch else 0
        self._staging = staging
        self._scratch = scratch
        self._spans: list[Span] = []
        self._free: list[bytearray] = []
        """Buffers of spans that have landed: a fresh one costs more than what is written into it."""
        self._waiting_bytes = 0
        self._unflushed_bytes = 0
        self._landing: asyncio.Task[Failure | None] | None = None
        self._flushing: asyncio.Task[Failure | None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether `room` should be waited for before the next write."""
        return self._waiting_bytes >= self._staging.share.part_bytes

    @property
    def _full_bytes(self) -> int:
        """A span this long takes no more."""
        return self._staging.share.part_bytes + SLACK_BYTES

    def write(self, offset: int, data: memoryview) -> None:
        """Take the bytes. Raises the failure of an earlier write, once known."""
        if self._landing is not None and self._landing.done():
            self._land()
        last = self._spans[-1] if self._spans else None
        if last is None or last.end != offset or not last.add(data, self._free, self._full_bytes):
            self._spans.append(Span(offset, bytearray(data)))
        self._waiting_bytes += len(data)
        self._grow(offset + len(data))

    async def room(self) -> None:
        """Until what came before is written; what came since is being written when this returns."""
        await self._landed()
        spans, self._spans, self._waiting_bytes = self._spans, [], 0
        self._unflushed_bytes += sum(span.size for span in spans)
        self._landing = self._begin(lambda: self._put(spans))
        if self._unflushed_bytes >= FLUSH_BYTES and self._scratch is not None and self._flushing is None:
            self._unflushed_bytes = 0
            self._flushing = self._begin(self._scratch.flush)

    async def read(self, offset: int, size: int) -> bytes:
        """What is there."""
        scratch = await self._all_put()
        return await self._staging.vault.on_disk(lambda: scratch.read(offset, size))

    async def restart(self) -> None:
        """Empty it."""
        await self._calm()
        self._spans.clear()
        self._waiting_bytes = 0
        if (scratch := self._scratch) is not None:
            await self._staging.vault.on_disk(lambda: scratch.truncate(0))
        self._grow(-self.size_bytes, is_relative=True)

    async def sync(self) -> None:
        """As far as it goes, it survives a power cut."""
        scratch = await self._all_put()
        await self._staging.vault.on_disk(scratch.sync)

    async def finish(self) -> Stored:
        """Make it a durable blob. Raises `StoreAway` or `StoreBroken`; it is then not one."""
        await self._calm()
        staging, about = self._staging, self.about
        if self._scratch is None:
            content = self._assembled()
            pieces = (bytes(content[at : at + PIECE]) for at in range(0, len(content), PIECE))
            stored = await staging.vault.put(about.data_key, pieces, BlobId(about.blob))
        else:
            scratch = await self._all_put()
            digest = await staging.vault.on_disk(scratch.finish)
            self._scratch = None
            try:
                await staging.vault.on_disk(lambda: staging.adopt(about))
            except StoreAway:
                staging.leave(about, self.size_bytes)
                raise
            stored = Stored(blob=BlobId(about.blob), digest=digest, size_bytes=self.size_bytes)
        self._grow(-self.size_bytes, is_relative=True)
        staging.share.leave(self)
        return stored

    def light(self) -> tuple[Stored, Content] | None:
        """All of it, sealed in memory, if it is light and never left it: the facts that name it may carry it."""
        if self._scratch is not None or self._landing is not None or self.size_bytes > LIGHT_BYTES:
            return None
        return self._staging.vault.seal(bytes(self._assembled()), self.about.data_key)

    def forget(self) -> None:
        """What `light` gave is kept, or is not wanted."""
        self._spans.clear()
        self._grow(-self.size_bytes, is_relative=True)
        self._staging.share.leave(self)

    async def leave(self) -> None:
        """Stop here; it can be resumed."""
        await self._calm()
        self._staging.share.leave(self)
        if self._scratch is None and not self._spans:
            return
        scratch = await self._all_put()
        self._scratch = None
        await self._staging.vault.on_disk(scratch.leave)
        self._grow(scratch.size_bytes - self.size_bytes, is_relative=True)  # what lay behind a hole is gone
        self._staging.leave(self.about, self.size_bytes)

    async def drop(self) -> None:
        """Forget it."""
        self._spans.clear()
        await self.leave()
        if left := self._staging.left.get((self.about.person, self.about.place)):
            await self._staging.erase(left)

    # ── on its way to the disk ───────────────────────────────────────────────────────────────────────────────────

    def _grow(self, end: int, *, is_relative: bool = False) -> None:
        size = self.size_bytes + end if is_relative else max(self.size_bytes, end)
        self._staging.used[self.about.person] += size - self.size_bytes
        self.size_bytes = size

    def _assembled(self) -> bytearray:
        """The content that is all in memory."""
        content = bytearray(self.size_bytes)
        for span in self._spans:
            memoryview(content)[span.offset : span.end] = span.content
        return content

    async def _all_put(self) -> Scratch:
        """With nothing left waiting."""
        await self._calm()
        spans, self._spans, self._waiting_bytes = self._spans, [], 0
        await self._staging.vault.on_disk(lambda: self._put(spans))
        assert self._scratch is not None
        return self._scratch

    def _put(self, spans: list[Span]) -> None:
        """Blocks."""
        if self._scratch is None:
            self._scratch = self._staging.create(self.about)
        for span in spans:
            try:
                self._scratch.write(span.offset, span.content)
            except ValueError as why:
                raise StoreAway(f"an upload is not taken: {why}") from why
            if LEAST_BYTES < len(span.buffer) <= self._full_bytes and len(self._free) < 2:
                self._free.append(span.buffer)

    def _begin(self, work: Callable[[], None]) -> asyncio.Task[Failure | None]:
        return self._staging.tasks.create_task(self._contained(work))

    async def _contained(self, work: Callable[[], None]) -> Failure | None:
        """A failure is the draft's: it must not end the tasks of others."""
        try:
            await self._staging.vault.on_disk(work)
        except Failure as why:
            return why
        return None

    async def _landed(self) -> None:
        if self._landing is not None:
            await asyncio.wait((self._landing,))
            self._land()

    async def _calm(self) -> None:
        """With nothing under way."""
        await self._landed()
        if self._flushing is not None:
            await asyncio.wait((self._flushing,))
            self._land()

    def _land(self) -> None:
        """What has ended, has ended well, or raises."""
        tasks = [task for task in (self._landing, self._flushing) if task is not None and task.done()]
        self._landing = None if self._landing in tasks else self._landing
        self._flushing = None if self._flushing in tasks else self._flushing
        for failure in [task.result() for task in tasks]:
            if failure is not None:
                raise failure if isinstance(failure, StoreBroken | Tampering) else StoreAway(failure.cause) from failure


def _place(blob: str) -> str:
    return f"staging/{blob}"
