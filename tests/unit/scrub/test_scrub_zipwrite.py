"""The same members give the same bytes."""

from __future__ import annotations

import io
import zipfile

from gateway.scrub import zipread, zipwrite


def written(*names: str) -> bytes:
    """An archive of these members."""
    out = io.BytesIO()
    zipwrite.write([zipwrite.pack(name, name.encode()) for name in names], out)
    return out.getvalue()


def test_order_does_not_matter() -> None:
    """Types first, relationships next, the rest by name, whatever came first."""
    names = ("b", "[Content_Types].xml", "a\u00e9", "_rels/.rels")

    content = written(*names)

    assert content == written(*names[::-1])
    assert ["[Content_Types].xml", "_rels/.rels", "a\u00e9", "b"] == [m.name for m in zipread.read(content).members]


def test_another_reader_opens_it() -> None:
    """The standard library reads it; no time, no comment, no extra field."""
    with zipfile.ZipFile(io.BytesIO(written("a", "b"))) as archive:
        assert archive.testzip() is None
        assert {((1980, 1, 1, 0, 0, 0), b"", b"")} == {
            (row.date_time, row.comment, row.extra) for row in archive.infolist()
        }
