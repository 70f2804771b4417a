"""What comes in, what is refused before any scrubber sees it, and what the plan changes."""

from __future__ import annotations

import mmap

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Action, Code, Held, Kind, Plan
from gateway.scrub.verify import verify
from tests.corpus import docx_file, jpeg_file, png_file


@pytest.mark.parametrize(
    ("name", "media", "content"),
    [
        ("photo.png", "", jpeg_file.plain()),
        ("photo.jpg", "image/png", jpeg_file.plain()),
        ("run.bat", "text/plain", b"del everything\r\n"),
        ("letter.docm", "", docx_file.dirty().content),
        ("page.txt", "text/html", b"plain words"),
    ],
)
def test_what_disagrees_waits(name: str, media: str, content: bytes) -> None:
    """Content, extension and declared type say the same or the document waits."""
    result = document.clean(content, name=name, media=media, plan=Plan())

    assert Held(code=Code.DISAGREES) == result


@pytest.mark.parametrize("media", ["", "application/octet-stream", "image/jpeg", "IMAGE/JPEG; name=x"])
def test_a_silent_declaration_agrees(media: str) -> None:
    """A type that says nothing contradicts nothing."""
    assert not isinstance(document.clean(jpeg_file.plain(), name="a.JPG", media=media, plan=Plan()), Held)


@pytest.mark.parametrize(
    "content",
    [
        b"{\\rtf1 x}",
        b"<svg><p>x",
        b"\xd0\xcf\x11\xe0",
        b"\x00\x01\x02",
        b"<?xml version='1.0'?><a/>",
    ],
)
def test_what_nobody_knows_waits(content: bytes) -> None:
    """A type without a scrubber is held as unknown, whatever it is called."""
    assert Held(code=Code.UNKNOWN) == document.clean(content, name="a.txt", media="text/plain", plan=Plan())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"meet at nine\r\n"),
        ("old.txt", "caf\xe9".encode("latin-1")),
        ("table.csv", b"a,b\n1,2\n"),
        ("wide.txt", "caf\xe9".encode("utf-16")),
        ("day.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"),
        ("who.vcf", b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nEND:VCARD\r\n"),
    ],
)
def test_text_leaves_as_it_came(name: str, content: bytes) -> None:
    """Plain text, appointments and cards are passed on byte for byte."""
    result = document.clean(content, name=name, plan=Plan())

    assert not isinstance(result, Held)
    assert content == result[0]


def test_a_second_document_behind_the_first_waits() -> None:
    """A picture that is also a zip, and one that is also a PDF, are polyglots."""
    zipped = docx_file.dirty().content

    assert Code.POLYGLOT is getattr(document.clean(jpeg_file.plain() + zipped, plan=Plan()), "code", None)
    assert Code.POLYGLOT is getattr(document.clean(png_file.plain() + b"%PDF-1.7", plan=Plan()), "code", None)


def test_what_is_kept_is_kept_and_told() -> None:
    """A rule may keep changes without keeping who made them."""
    plan = Plan(said=((Kind.CHANGES, Action.KEEP),))
    dirty = docx_file.dirty()

    result = document.clean(dirty.content, plan=plan)

    assert not isinstance(result, Held)
    assert Kind.CHANGES in {finding.kind for finding in result[1].kept}
    again = document.clean(result[0], plan=plan)
    assert not isinstance(again, Held)
    assert result[0] == again[0]


def test_a_budget_is_shared_with_what_is_inside() -> None:
    """Inflated bytes count for the whole; the limit holds the document."""
    shared = document.Shared(most_bytes=10)
    shared.spend(10)

    with pytest.raises(document.Stuck):
        shared.spend(1)


def test_nesting_ends() -> None:
    """What lies deeper than the limit waits."""
    nested = document.Nested(Plan(), document.Shared(), document.DEEPEST)

    assert Held(code=Code.LIMIT) == nested.clean(jpeg_file.plain())


def test_a_mapping_is_read_like_bytes() -> None:
    """The workshop hands over a mapping of a descriptor, not bytes."""
    content = jpeg_file.dirty().content
    with mmap.mmap(-1, len(content)) as window:
        window.write(content)

        assert document.clean(content, plan=Plan()) == document.clean(window, plan=Plan())


def test_what_is_kept_in_one_family_goes_from_another() -> None:
    """A rule that keeps positions in pictures is nothing to any other document, nor the other way round."""
    photo = jpeg_file.dirty().content
    of_pictures = Plan(only=(("image", Kind.LOCATION, Action.KEEP),))
    of_documents = Plan(only=(("pdf", Kind.LOCATION, Action.KEEP),))

    kept, gone = document.clean(photo, plan=of_pictures), document.clean(photo, plan=of_documents)

    assert not isinstance(kept, Held)
    assert not isinstance(gone, Held)
    assert [Kind.LOCATION] == [found.kind for found in kept[1].kept]
    assert () == gone[1].kept
    assert () == verify(photo, kept[0], plan=of_pictures)
    assert () == verify(photo, gone[0], plan=of_documents)
