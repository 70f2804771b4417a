"""Words are found where a document keeps them, however its format cuts them up; what is drawn is not read."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from gateway.scrub import document
from gateway.scrub.personal import UNREAD, Personal
from gateway.scrub.plan import Cleaned, Plan
from gateway.scrub.sniff import Type
from gateway.scrub.texts import MOST_TEXT, decoded, personal_in

IBAN = "GB82 WEST 1234 5698 7654 32"
ONE = Personal(high=1)


def spend(_: int) -> None:
    """Whatever it costs."""


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (IBAN.encode(), Type.TEXT),
        (b"\xff\xfe" + IBAN.encode("utf-16-le"), Type.TEXT),
        (b"Caf\xe9 " + IBAN.encode(), Type.TEXT),
        (f"<p>GB82 WEST <b>1234</b> 5698<i> 7654</i> 32</p><style>{IBAN}</style>".encode(), Type.HTML),
        (f"<p>x</p><!-- {IBAN.replace('8', '9')} --><td>{IBAN}</td><td>1</td>".encode(), Type.HTML),
        (f"BEGIN:VCARD\r\nNOTE:{IBAN}\r\nEND:VCARD\r\n".encode(), Type.VCARD),
    ],
)
def test_texts_and_pages(content: bytes, kind: Type) -> None:
    """Any code page; inline tags part no word, cells do; what is not shown is not counted twice."""
    assert ONE == personal_in(content, kind, spend)


def test_a_word_cut_into_runs_is_whole_again() -> None:
    """An office program cuts words where the cursor once stood; paragraphs and cells do part."""
    runs = "".join(f"<w:r><w:t>{piece}</w:t></w:r>" for piece in ("GB82 WE", "ST 1234 5698 76", "54 32"))
    body = f"<w:document xmlns:w='w'><w:p>{runs}</w:p><w:p><w:r><w:t>1</w:t></w:r></w:p></w:document>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", body)

    assert ONE == personal_in(packed.getvalue(), Type.DOCX, spend)


@pytest.mark.parametrize("kind", [Type.PDF, Type.JPEG, Type.PNG, Type.GIF, Type.UNKNOWN])
def test_what_is_drawn_is_not_read(kind: Type) -> None:
    """Nobody may take that for a no."""
    assert UNREAD == personal_in(IBAN.encode(), kind, spend)


def test_what_is_too_long_is_not_read() -> None:
    """Neither is it searched in part: the rest may hold what counts."""
    assert UNREAD == personal_in(IBAN.encode() + b" " * MOST_TEXT, Type.TEXT, spend)


def test_the_cleaner_counts_when_it_is_asked_to() -> None:
    """The fact comes with the clean copy, of the document as it came; unasked, nobody looks."""
    asked = document.clean(f"Pay {IBAN}".encode(), name="a.txt", media="text/plain", plan=Plan(counts_personal=True))
    unasked = document.clean(f"Pay {IBAN}".encode(), name="a.txt", media="text/plain", plan=Plan())

    assert isinstance(asked, tuple)
    assert isinstance(unasked, tuple)
    assert (Cleaned(personal=ONE), Cleaned()) == (asked[1], unasked[1])


def test_an_inspection_counts_always() -> None:
    """Of a paper from outside, which is looked into and left as it came."""
    assert ONE == document.inspect(IBAN.encode(), name="a.txt", media="text/plain").personal


def test_a_picture_says_that_it_could_not_be_read() -> None:
    """A scanned passport must not pass for a page without personal data."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "png")

    found = document.clean(picture.getvalue(), name="a.png", media="image/png", plan=Plan(counts_personal=True))

    assert isinstance(found, tuple)
    assert UNREAD == found[1].personal


def test_every_byte_decodes() -> None:
    """What no code page explains is still read."""
    assert 256 == len(decoded(bytes(range(256))))


def test_a_page_that_never_ends_what_it_begins_is_read_in_one_pass() -> None:
    """A page full of tags, styles and comments without an end: each was once searched for to the end of the page."""
    for piece in ("<style", "<!--", "<", "<p "):
        page = f"{IBAN}\n".encode() + piece.encode() * (200_000 // len(piece))

        assert ONE == personal_in(page, Type.HTML, spend)
