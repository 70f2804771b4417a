"""The verifier does not believe the cleaner."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Held, Plan
from gateway.scrub.verify import verify
from tests.corpus import docx_file, jpeg_file, pdf_file

SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "base64": lambda text: base64.b64encode(b"xy" + text.encode() + b"z"),
}


def with_member(content: bytes, body: bytes) -> bytes:
    """The package with `body` smuggled into its theme."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            row = zipfile.ZipInfo(name)
            row.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(row, text.replace(b'name="Office"', b'name="' + body + b'"') if "theme" in name else text)
    return out.getvalue()


def test_a_clean_copy_passes() -> None:
    """Nothing is wrong with what the cleaner made."""
    dirty = docx_file.dirty().content
    result = document.clean(dirty, plan=Plan())

    assert not isinstance(result, Held)
    assert () == verify(dirty, result[0], plan=Plan())


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_removed_path_that_is_still_there(spelling: str) -> None:
    """A path that was removed in one place and stands in another is found, however it is written."""
    dirty = docx_file.dirty()
    result = document.clean(dirty.content, plan=Plan())
    assert not isinstance(result, Held)
    path = "C:\\Users\\" + dirty.tokens["alt-path"][1] + "\\scan.jpg"

    problems = verify(dirty.content, with_member(result[0], SPELLINGS[spelling](path)), plan=Plan())

    assert ("a removed value is still in its bytes",) == problems


def test_the_office_dictionary_is_looked_for() -> None:
    """What may stand in no document that leaves is found although nobody removed it."""
    clean = jpeg_file.plain().replace(b"\xa9\x2b", b"\xa9\x2bFILESERVER07")

    assert () == verify(clean, clean, plan=Plan())
    assert () != verify(clean, clean, plan=Plan(), dictionary=("FILESERVER07",))


def test_another_type_is_a_problem() -> None:
    """The clean copy is what the original was."""
    assert ("changed its type",) == verify(jpeg_file.plain(), b"plain words", plan=Plan())


def test_a_signature_excuses_nothing() -> None:
    """A cleaner that hands back a signed document with something left to strip is found out."""
    field = {50: "<</Subtype/Widget /FT/Sig /T (s) /V <</Type/Sig /ByteRange [0 1 2 3]>> /Rect [0 0 0 0]>>"}
    signed = pdf_file.dirty(annotation="50 0 R", objects=field).content

    assert () != verify(signed, signed, plan=Plan())
