"""Drafts of files: in memory, on disk, resumed, finished, forgotten."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.engine.files import staging as staging_module
from gateway.engine.files.spans import MOST_BYTES
from gateway.engine.files.staging import KEPT_FOR_MS, Staged, Staging
from gateway.engine.vault import LIGHT_BYTES, Vault
from gateway.errors import Failure, StoreAway, StoreBroken
from gateway.keep.files import FileBlobs
from gateway.keep.keyring import Keyring
from gateway.keep.scratch import Scratch
from gateway.keep.sealed import ChunkSeal
from tests.unit.engine.engine_world import AtOnce, JumpingClock

CONTENT = bytes(range(256)) * 24576  # 6 MiB
PLACE = ("to", "court", "a.bin")


class Bench:
    """A staging folder and the blobs it turns into. Everything in memory goes when it is opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = JumpingClock()
        self.fatal: list[Failure] = []
        self.blobs = FileBlobs(folder / "blobs", largest_bytes=1 << 20)
        self.vault = Vault(self.blobs, self.clock, AtOnce(), self.fatal.append)
        self.keyring = Keyring(
            office_key=b"o" * 32, index_key=b"i" * 32, ledger_seed=b"l" * 32, entropy=self.clock.random
        )

    def opens(self, tasks: asyncio.TaskGroup) -> Staging:
        staging = Staging(
            self.folder / "staging", vault=self.vault, adopts=self.blobs, keyring=self.keyring, clock=self.clock,
            tasks=tasks, largest_bytes=8 << 20,
        )  # fmt: skip
        staging.recover()
        return staging

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "staging").iterdir())

    def tell(self, story: Callable[[Staging], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with asyncio.TaskGroup() as tasks:
                await story(self.opens(tasks))

        asyncio.run(whole())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def write(staged: Staged, content: bytes, *, start: int = 0, piece: int = 32_768) -> None:
    for at in range(0, len(content), piece):
        staged.write(start + at, memoryview(content)[at : at + piece])
        if staged.is_full:
            await staged.room()


def test_a_small_file_never_lies_in_staging(bench: Bench) -> None:
    """What fits in memory goes straight to the blobs, to the byte, whatever order it came in."""

    async def story(staging: Staging) -> None:
        staged = staging.begin("ann", PLACE)
        staged.write(3, memoryview(b"lo there"))
        staged.write(0, memoryview(b"hel"))
        stored = await staged.finish()
        assert hashlib.sha256(b"hello there").hexdigest() == stored.digest.sha256
        assert b"hello there" == b"".join(bench.vault.pieces(stored.blob, staged.about.data_key))
        assert [] == bench.files()
        assert 0 == staging.used["ann"]

    bench.tell(story)


def test_an_empty_file(bench: Bench) -> None:
    """No bytes are a file too."""

    async def story(staging: Staging) -> None:
        stored = await staging.begin("ann", PLACE).finish()
        assert (0, hashlib.sha256().hexdigest()) == (stored.size_bytes, stored.digest.sha256)

    bench.tell(story)


def test_a_large_file_is_adopted(bench: Bench) -> None:
    """What does not fit is staged sealed, and becomes a blob without being copied; nothing of it was in clear."""

    async def story(staging: Staging) -> None:
        staged = staging.begin("ann", PLACE)
        await write(staged, CONTENT)
        names = bench.files()
        assert 2 == len(names)
        lying = b"".join((bench.folder / "staging" / name).read_bytes() for name in names)
        assert CONTENT[:64] not in lying
        assert b"court" not in lying
        stored = await staged.finish()
        assert CONTENT == b"".join(bench.vault.pieces(stored.blob, staged.about.data_key))
        assert [] == bench.files()

    bench.tell(story)


def test_reading_and_emptying_a_draft(bench: Bench) -> None:
    """What was written can be read at once, and a draft that is emptied starts again."""

    async def story(staging: Staging) -> None:
        staged = staging.begin("ann", PLACE)
        await write(staged, CONTENT)
        assert CONTENT[70_000:70_100] == await staged.read(70_000, 100)
        await staged.restart()
        assert (0, 0) == (staged.size_bytes, staging.used["ann"])
        staged.write(0, memoryview(b"anew"))
        stored = await staged.finish()
        assert b"anew" == b"".join(bench.vault.pieces(stored.blob, staged.about.data_key))

    bench.tell(story)


def test_resuming_after_a_restart(bench: Bench) -> None:
    """What was left is found again under its person and place, goes on, and ends as one file."""

    async def first(staging: Staging) -> None:
        staged = staging.begin("ann", PLACE)
        await write(staged, CONTENT[:1_000_000])
        await staged.leave()

    async def second(staging: Staging) -> None:
        left = staging.left["ann", PLACE]
        assert 1_000_000 == left.size_bytes == staging.used["ann"]
        staged = await staging.resume(left)
        await write(staged, CONTENT[1_000_000:], start=1_000_000)
        stored = await staged.finish()
        assert hashlib.sha256(CONTENT).hexdigest() == stored.digest.sha256
        assert 0 == staging.used["ann"]

    bench.tell(first)
    bench.tell(second)


def test_what_a_crash_leaves(bench: Bench) -> None:
    """Half a pair, or a note that does not open, is removed: nothing of it was acknowledged."""

    async def first(staging: Staging) -> None:
        for name in ("a", "b"):
            staged = staging.begin("ann", ("to", "court", name))
            await write(staged, CONTENT[:MOST_BYTES])
            await staged.leave()

    bench.tell(first)
    (one, _, two, note) = bench.files()
    (bench.folder / "staging" / one).unlink()
    (bench.folder / "staging" / note).write_bytes(b"torn")

    async def second(staging: Staging) -> None:
        assert {} == staging.left
        assert [] == bench.files()

    assert two
    bench.tell(second)


def test_sweeping(bench: Bench) -> None:
    """After a day nobody goes on with it."""

    async def story(staging: Staging) -> None:
        staged = staging.begin("ann", PLACE)
        await write(staged, CONTENT[:MOST_BYTES])
        await staged.leave()
        bench.clock.at_ms += KEPT_FOR_MS
        await staging.sweep()
        assert 2 == len(bench.files())
        bench.clock.at_ms += 1
        await staging.sweep()
        assert ([], 0) == (bench.files(), staging.used["ann"])

    bench.tell(story)


def test_a_failed_write_shows_at_the_next_call(bench: Bench) -> None:
    """A disk that refuses is the draft's misfortune, told as "later", and ends nobody else's work."""

    async def story(staging: Staging) -> None:
        staged = staging.begin("ann", PLACE)
        staging.folder.joinpath("in-the-way").write_bytes(b"")
        staging.folder = staging.folder / "in-the-way"  # no folder: nothing can be made in it
        staged.write(0, memoryview(bytes(MOST_BYTES)))
        await staged.room()
        with pytest.raises(StoreAway):
            await staged.room()

    bench.tell(story)
    assert [] == bench.fatal


def test_the_disk_begins_before_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes is flushed on the way, so that a CLOSE does not wait for all of it; the content is the same."""
    flushed: list[int] = []
    whole = Scratch.flush
    monkeypatch.setattr(Scratch, "flush", lambda scratch: (flushed.append(scratch.size_bytes), whole(scratch)))
    monkeypatch.setattr(staging_module, "FLUSH_BYTES", MOST_BYTES)

    async def story(staging: Staging) -> None:
        staged = staging.begin("alena", PLACE)
        await write(staged, CONTENT)
        stored = await staged.finish()
        assert hashlib.sha256(CONTENT).hexdigest() == stored.digest.sha256
        assert flushed
        assert flushed[0] < len(CONTENT)

    bench.tell(story)


def test_a_flush_that_fails_is_never_a_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed sync on the way ends as one at the end does: nothing is kept, and the process has to stop."""

    def fails(scratch: Scratch) -> None:
        raise StoreBroken("fsync of an upload failed")

    monkeypatch.setattr(Scratch, "flush", fails)
    monkeypatch.setattr(staging_module, "FLUSH_BYTES", MOST_BYTES)

    async def story(staging: Staging) -> None:
        staged = staging.begin("alena", PLACE)

        async def whole() -> None:
            await write(staged, CONTENT)
            await staged.finish()

        with pytest.raises(StoreBroken):
            await whole()

    bench.tell(story)
    assert ["fsync of an upload failed"] == [failure.cause for failure in bench.fatal]
    assert [] == list(bench.blobs.names())


def test_writes_in_any_order_end_as_one_content(bench: Bench) -> None:
    """Spans that grow, meet, overlap and fill their buffers are put together as they were written."""

    async def story(staging: Staging) -> None:
        staged, expected = staging.begin("alena", PLACE), bytearray(len(CONTENT))
        for start, size in ((0, 10), (10, 70_000), (70_010, 700_000), (770_010, 100_000), (50_000, 300_000),
                            (870_010, len(CONTENT) - 870_010), (5, 5)):  # fmt: skip
            piece = bytes([start % 251]) * size
            expected[start : start + size] = piece
            staged.write(start, memoryview(piece))
            if staged.is_full:
                await staged.room()
        assert bytes(expected) == await staged.read(0, len(CONTENT))
        stored = await staged.finish()
        assert hashlib.sha256(expected).hexdigest() == stored.digest.sha256

    bench.tell(story)


@pytest.mark.parametrize(("size", "is_light"), [(0, True), (LIGHT_BYTES, True), (LIGHT_BYTES + 1, False)])
def test_what_is_light_can_be_kept_with_its_facts(bench: Bench, size: int, is_light: bool) -> None:
    """Sealed in memory under the draft's key; no file was made for it."""

    async def story(staging: Staging) -> None:
        staged = staging.begin("alena", PLACE)
        staged.write(0, memoryview(CONTENT[:size]))
        light = staged.light()
        assert is_light == (light is not None)
        assert [] == bench.files()
        if light is not None:
            stored, content = light
            assert hashlib.sha256(CONTENT[:size]).hexdigest() == stored.digest.sha256
            assert CONTENT[:size] == ChunkSeal(staged.about.data_key, content.blob, bench.clock.random).open(
                0, content.sealed, is_last=True
            )
            staged.forget()
            assert 0 == staging.used["alena"]

    bench.tell(story)
