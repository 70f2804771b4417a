"""Runs the keeping contracts for every implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.keep import Blobs, Records
from gateway.keep.beside import BlobsBeside
from gateway.keep.files import FileBlobs
from gateway.keep.memory import MemoryBlobs, MemoryRecords
from gateway.keep.sqlite import SqliteRecords
from tests.contracts import blobs, erases, records


@contextmanager
def sqlite(folder: Path) -> Iterator[SqliteRecords]:
    """Records in a file."""
    store = SqliteRecords(folder / "records.sqlite")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def files(folder: Path) -> Iterator[Blobs]:
    """Blobs in a folder."""
    store = FileBlobs(folder / "blobs", largest_bytes=1)
    try:
        yield store
    finally:
        store.close()


@pytest.mark.parametrize("promise", records.PROMISES, ids=lambda promise: promise.__name__)
def test_memory_records(promise: Callable[[Records], None]) -> None:
    """Records in memory keep every promise."""
    promise(MemoryRecords())


@pytest.mark.parametrize("promise", records.PROMISES, ids=lambda promise: promise.__name__)
def test_sqlite_records(promise: Callable[[Records], None], tmp_path: Path) -> None:
    """Records in SQLite keep every promise."""
    with sqlite(tmp_path) as store:
        promise(store)


@pytest.mark.parametrize("promise", erases.PROMISES, ids=lambda promise: promise.__name__)
def test_memory_erases(promise: Callable[[erases.Store], None]) -> None:
    """Records in memory keep every promise of erasing a part."""
    promise(MemoryRecords())


@pytest.mark.parametrize("promise", erases.PROMISES, ids=lambda promise: promise.__name__)
def test_sqlite_erases(promise: Callable[[erases.Store], None], tmp_path: Path) -> None:
    """Records in SQLite keep every promise of erasing a part."""
    with sqlite(tmp_path) as store:
        promise(store)


@pytest.mark.parametrize("promise", blobs.PROMISES, ids=lambda promise: promise.__name__)
def test_memory_blobs(promise: Callable[[Blobs], None]) -> None:
    """Blobs in memory keep every promise."""
    promise(MemoryBlobs())


@pytest.mark.parametrize("promise", blobs.PROMISES, ids=lambda promise: promise.__name__)
def test_file_blobs(promise: Callable[[Blobs], None], tmp_path: Path) -> None:
    """Blobs in a folder keep every promise."""
    with files(tmp_path) as store:
        promise(store)


@pytest.mark.parametrize("promise", blobs.PROMISES, ids=lambda promise: promise.__name__)
def test_blobs_beside(promise: Callable[[Blobs], None]) -> None:
    """Blobs in two places keep every promise."""
    promise(BlobsBeside(MemoryBlobs(), MemoryRecords()))
