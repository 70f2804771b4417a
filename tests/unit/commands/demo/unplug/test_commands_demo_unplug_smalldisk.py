"""A disk that can be filled without harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.demo.unplug.smalldisk import SIZE_MIB, SmallDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(tmp_path / "small")
    if not small.mounts():
        pytest.skip("only root may mount here")
    yield small
    small.leaves()


def test_full_means_not_a_byte_more(disk: SmallDisk) -> None:
    """No program can write to it, and nothing beside it is touched; emptied, there is room again."""
    took = disk.fills()

    assert took <= SIZE_MIB * 1024 * 1024
    with pytest.raises(OSError, match="No space left"), (disk.folder / "more").open("wb", buffering=0) as file:
        file.write(b"x")
    (disk.folder.parent / "beside").write_bytes(b"x")
    disk.empties()
    (disk.folder / "more").write_bytes(bytes(1024 * 1024))


def test_it_goes_with_everything_on_it(disk: SmallDisk) -> None:
    """Unmounted, the folder is as empty as before."""
    (disk.folder / "file").write_bytes(b"x")

    disk.leaves()
    disk.leaves()

    assert [] == list(disk.folder.iterdir())
