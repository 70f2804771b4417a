"""The verifier does not believe the cleaner."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Action, Held, Kind, Plan
from gateway.scrub.verify import verify
from tests.corpus import docx_file, jpeg_file, pdf_file

STILL_THERE = ("a removed value is still in its bytes",)
KEEPS_LINKS = Plan(said=((Kind.LINKS, Action.KEEP),))
SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "base64": lambda text: base64.b64encode(b"xy" + text.encode() + b"z"),
}


def with_member(content: bytes, body: bytes) -> bytes:
    """The package with `body` smuggled into its theme."""
    return rewritten(content, "theme", b'name="Office"', b'name="' + body + b'"')


def rewritten(content: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """The package with something replaced in one of its members."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in package.namelist():
            text = package.read(name)
            row = zipfile.ZipInfo(name)
            row.compress_type = zipfile.ZIP_DEFLATED
            assert member not in name or old in text, text
            copy.writestr(row, text.replace(old, new) if member in name else text)
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

    assert STILL_THERE == problems


LINK = "file:///Z:/{}/a.docx"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_keeping_links_excuses_no_path(spelling: str) -> None:
    """A rule keeps links: the link passes, a path that was removed does not, wherever else it stands."""
    dirty = docx_file.dirty()
    result = document.clean(dirty.content, plan=KEEPS_LINKS)
    assert not isinstance(result, Held)
    link = LINK.format(dirty.tokens["link-path"][1])
    path = "C:\\Users\\" + dirty.tokens["alt-path"][1] + "\\scan.jpg"

    assert () == verify(dirty.content, with_member(result[0], SPELLINGS[spelling](link)), plan=KEEPS_LINKS)
    assert STILL_THERE == verify(dirty.content, with_member(result[0], SPELLINGS[spelling](path)), plan=KEEPS_LINKS)
    assert () != verify(dirty.content, result[0], plan=Plan())


def test_a_removed_value_may_stand_inside_a_kept_one() -> None:
    """The path in a picture's text is where a kept link leads to: it goes there, and may stand here alone."""
    link = LINK.format(docx_file.dirty().tokens["link-path"][1])
    drawing = docx_file.PICTURE.replace("C:\\Users\\@1.alt-path@\\scan.jpg", link.removesuffix("/a.docx"))
    dirty = docx_file.dirty(body=f"<w:p>{drawing}</w:p>").content
    result = document.clean(dirty, plan=KEEPS_LINKS)
    assert not isinstance(result, Held)

    alone = with_member(result[0], link.removesuffix("/a.docx").encode() + b"/b")

    assert () == verify(dirty, result[0], plan=KEEPS_LINKS)
    assert STILL_THERE == verify(dirty, alone, plan=KEEPS_LINKS)


def test_what_is_kept_is_looked_into() -> None:
    """Comments may stay; who wrote them may not, and a cleaner that leaves the names is found out."""
    dirty, comments = docx_file.dirty().content, Plan(said=((Kind.COMMENTS, Action.KEEP),))
    result = document.clean(dirty, plan=comments)
    assert not isinstance(result, Held)
    careless = rewritten(result[0], "word/comments", b"<w:comment ", b'<w:comment w:author="Ann" ')

    assert () == verify(dirty, result[0], plan=comments)
    assert ("people left in object",) == verify(dirty, careless, plan=comments)


def test_the_office_dictionary_is_looked_for() -> None:
    """What may stand in no document that leaves is found although nobody removed it."""
    clean = jpeg_file.plain().replace(b"\xa9\x2b", b"\xa9\x2bFILESERVER07")

    assert () == verify(clean, clean, plan=Plan())
    assert () != verify(clean, clean, plan=Plan(), dictionary=("FILESERVER07",))


def test_no_rule_lets_the_office_dictionary_out() -> None:
    """A kept link that names a server of ours is still held: what may stand in no document stands in none."""
    dirty = docx_file.dirty()
    result = document.clean(dirty.content, plan=KEEPS_LINKS)
    assert not isinstance(result, Held)

    assert STILL_THERE == verify(dirty.content, result[0], plan=KEEPS_LINKS, dictionary=(dirty.tokens["link-path"][1],))


def test_another_type_is_a_problem() -> None:
    """The clean copy is what the original was."""
    assert ("changed its type",) == verify(jpeg_file.plain(), b"plain words", plan=Plan())


def test_a_signature_excuses_nothing() -> None:
    """A cleaner that hands back a signed document with something left to strip is found out."""
    field = {50: "<</Subtype/Widget /FT/Sig /T (s) /V <</Type/Sig /ByteRange [0 1 2 3]>> /Rect [0 0 0 0]>>"}
    signed = pdf_file.dirty(annotation="50 0 R", objects=field).content

    assert () != verify(signed, signed, plan=Plan())
