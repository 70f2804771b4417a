"""The container of evidence: one spelling, and any unzip tool opens it."""

from __future__ import annotations

import io
import zipfile

import pytest

from gateway.errors import Unreadable
from gateway.ledger.bundle import MOST_FILES, read_zip, write_zip

FILES = {"b.txt": b"two", "a/1.bin": b"", "MANIFEST": b"x" * 300}
ZIP = write_zip(FILES)


def test_it_is_a_zip_for_everybody() -> None:
    """The standard library reads the same files, sorted, stored and dated 1980-01-01."""
    with zipfile.ZipFile(io.BytesIO(ZIP)) as theirs:
        assert theirs.testzip() is None
        assert sorted(FILES) == theirs.namelist()
        assert FILES == {name: theirs.read(name) for name in theirs.namelist()}
        assert {(0, (1980, 1, 1, 0, 0, 0))} == {(one.compress_type, one.date_time) for one in theirs.infolist()}


def test_it_reads_back() -> None:
    """What was written is read."""
    assert FILES == read_zip(ZIP)


def test_no_flipped_bit_is_read() -> None:
    """Every bit of the container has one value."""
    for i in range(len(ZIP)):
        flipped = bytearray(ZIP)
        flipped[i] ^= 1 << i % 8
        with pytest.raises(Unreadable):
            read_zip(bytes(flipped))


def _theirs(compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as theirs:
        theirs.writestr("a", b"x" * 1000)
        theirs.comment = comment
    return whole.getvalue()


@pytest.mark.parametrize(
    "untrusted",
    [b"", b"PK", b"PK\x03\x04", ZIP + b"\x00", b"\x00" + ZIP, ZIP[:-1], ZIP + ZIP, _theirs(),
    _theirs(zipfile.ZIP_STORED),
     _theirs(comment=b"hello")],
)  # fmt: skip
def test_another_zip_is_unreadable(untrusted: bytes) -> None:
    """Compressed, commented, prefixed, appended to or cut: not ours."""
    with pytest.raises(Unreadable):
        read_zip(untrusted)


def test_a_bundle_is_bounded() -> None:
    """More than 16 MiB is refused unread, more than 10,000 files when reached."""
    with pytest.raises(Unreadable, match="larger"):
        read_zip(bytes(16 * 1024 * 1024 + 1))
    whole = write_zip({str(i): b"" for i in range(MOST_FILES)})
    assert MOST_FILES == len(read_zip(whole))
    one = write_zip({"more": b""})
    with pytest.raises(Unreadable, match="more files"):
        read_zip(whole[: whole.index(b"PK\x01\x02")] + one)


def test_a_file_twice_is_unreadable() -> None:
    """Two readers could show two different files under one name."""
    header = ZIP[: ZIP.index(b"PK\x03\x04", 4)]
    with pytest.raises(Unreadable, match="twice"):
        read_zip(header + ZIP)


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a\\b", "", "é", ".hidden", "a/", "x" * 256])
def test_a_name_that_climbs_is_not_written(name: str) -> None:
    """Names are plain: whoever unpacks a bundle writes nowhere else."""
    with pytest.raises(ValueError, match="plain"):
        write_zip({name: b""})
