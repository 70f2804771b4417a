"""A zip that two readers could read differently is not read at all."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from gateway.scrub import zipread
from gateway.scrub.plan import Code, Stuck


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip by the standard library."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        made.comment = comment
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


GOOD = archive(("a.xml", b"<a/>" * 9), ("b/c.xml", b"<c/>"))


def code_of(content: bytes) -> Code:
    """Why the archive waits."""
    with pytest.raises(Stuck) as caught:
        _read_all(content)
    return caught.value.held.code


def _read_all(content: bytes) -> None:
    for member in zipread.read(content).members:
        zipread.inflate(content, member, lambda size: None)


def swapped(old: bytes, new: bytes, *, last: bool = False) -> bytes:
    """The good archive with one occurrence exchanged."""
    at = GOOD.rindex(old) if last else GOOD.index(old)
    return GOOD[:at] + new + GOOD[at + len(old) :]


def test_a_good_archive_is_read() -> None:
    """Names and contents come out."""
    read = zipread.read(GOOD)

    assert ["a.xml", "b/c.xml"] == [member.name for member in read.members]
    assert b"<c/>" == zipread.inflate(GOOD, read.members[1], lambda size: None)


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a\\b", "c:a", "./a", "a/../b"])
def test_names_that_lead_elsewhere(name: str) -> None:
    """No member may be outside the archive's own tree."""
    made = bytearray(archive(("x" * len(name), b"1")))
    content = bytes(made).replace(b"x" * len(name), name.encode())

    assert Code.DAMAGED is code_of(content)


def test_case_twins() -> None:
    """Two names a reader may take for one."""
    assert Code.DAMAGED is code_of(archive(("A.xml", b"1"), ("a.XML", b"2")))


def test_local_name_disagrees() -> None:
    """Local header and directory name the same member."""
    assert Code.DAMAGED is code_of(swapped(b"a.xml", b"z.xml"))
    assert Code.DAMAGED is code_of(swapped(b"a.xml", b"z.xml", last=True))


def test_bytes_before_between_and_after() -> None:
    """Nothing lies outside the members."""
    assert Code.DAMAGED is code_of(b"x" + GOOD)
    assert Code.DAMAGED is code_of(GOOD + b"x")
    assert Code.DAMAGED is code_of(GOOD.replace(b"PK\x01\x02", b"xPK\x01\x02", 1))


def test_two_ends() -> None:
    """A comment that is itself an end record makes two archives."""
    inner = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)

    with pytest.raises(Stuck):
        zipread.read(archive(("a", b"1"), comment=inner))


def test_encrypted_members() -> None:
    """A member nobody can look into waits as encrypted."""
    content = bytearray(GOOD)
    content[GOOD.index(b"PK\x01\x02") + 8] |= 1

    assert Code.ENCRYPTED is code_of(bytes(content))


def test_symbolic_links() -> None:
    """A link may point at anything."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        row = zipfile.ZipInfo("a")
        row.create_system, row.external_attr = 3, 0o120777 << 16
        made.writestr(row, b"/etc/passwd")

    assert Code.DAMAGED is code_of(out.getvalue())


def test_a_size_that_lies() -> None:
    """What comes out is counted, whatever was promised."""
    member = zipread.read(GOOD).members[0]
    shorter = zipread.Member(name="a", method=8, crc=member.crc, size=4, packed=member.packed, start=member.start)

    with pytest.raises(Stuck):
        zipread.inflate(GOOD, shorter, lambda size: None)


def test_too_good_to_be_true() -> None:
    """A ratio above one hundred is a bomb; at the edge it is not."""
    assert Code.LIMIT is code_of(archive(("a", bytes(1_000_000))))
    zipread.read(archive(("a", bytes(10_000))))


def test_one_member_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count is bounded before any member is read."""
    monkeypatch.setattr(zipread, "MOST_MEMBERS", 2)
    zipread.read(GOOD)
    monkeypatch.setattr(zipread, "MOST_MEMBERS", 1)

    assert Code.LIMIT is code_of(GOOD)
