"""What a file really is, by its content alone; and whether its name and declared type say the same.

Ruling text: handbook `metadata.md` §6. Strict on purpose: a type is recognised from its first byte to its last, and
content that two recognisers would accept is a polyglot. What is not on the list is `UNKNOWN`: it waits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from gateway.scrub import opc
from gateway.scrub.plan import Code, Place, Stuck, Window


class Type(StrEnum):
    """What we can tell apart. Only types with a row in `families` can be cleaned."""

    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    HTML = "html"
    TEXT = "text"
    ICALENDAR = "icalendar"
    VCARD = "vcard"
    UNKNOWN = "unknown"


_OFFICE = "application/vnd.openxmlformats-officedocument."
_EXTENSIONS = {
    Type.DOCX: ("docx",),
    Type.XLSX: ("xlsx",),
    Type.PPTX: ("pptx", "ppsx"),
    Type.PDF: ("pdf",),
    Type.JPEG: ("jpg", "jpeg", "jpe", "jfif"),
    Type.PNG: ("png", "apng"),
    Type.GIF: ("gif",),
    Type.HTML: ("html", "htm"),
    Type.TEXT: ("txt", "text", "csv", "tsv", "log", "md", "asc"),
    Type.ICALENDAR: ("ics",),
    Type.VCARD: ("vcf",),
}
_MEDIA = {
    Type.DOCX: (_OFFICE + "wordprocessingml.document",),
    Type.XLSX: (_OFFICE + "spreadsheetml.sheet",),
    Type.PPTX: (_OFFICE + "presentationml.presentation", _OFFICE + "presentationml.slideshow"),
    Type.PDF: ("application/pdf", "application/x-pdf"),
    Type.JPEG: ("image/jpeg", "image/jpg", "image/pjpeg"),
    Type.PNG: ("image/png", "image/x-png", "image/apng"),
    Type.GIF: ("image/gif",),
    Type.HTML: ("text/html",),
    Type.TEXT: ("text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "application/csv"),
    Type.ICALENDAR: ("text/calendar", "application/ics"),
    Type.VCARD: ("text/vcard", "text/x-vcard", "text/directory"),
}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "application/binary"})
_MAIN_TYPES = {
    _OFFICE + "wordprocessingml.document.main+xml": Type.DOCX,
    _OFFICE + "spreadsheetml.sheet.main+xml": Type.XLSX,
    _OFFICE + "presentationml.presentation.main+xml": Type.PPTX,
    _OFFICE + "presentationml.slideshow.main+xml": Type.PPTX,
}
_LOOK = 1024
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_WIDE_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
_MARKUP = re.compile(r"\s*<[!?a-z/]", re.IGNORECASE)
_HTML = re.compile(
    r"\s*<(?:!doctype\s+html|(?:html|head|body|meta|style|title|div|p|span|table|font|center|h[1-6])(?=[\s/>]))", re.I
)
_RUNS = ("#!", "{\\rtf", "%!ps", "return-path:", "received:")


def sniff(src: Window, spend: Callable[[int], None], *, media: str = "") -> Type:
    """The one type `src` is. Raises `Stuck` if it is two, or damaged beyond telling.

    Only a text asks what it was declared to be: without its first tag HTML looks like any other.
    """
    head = src[:_LOOK]
    if head.startswith(b"PK\x03\x04"):
        kind = _office(src, spend)
    elif head.startswith(b"%PDF-"):
        kind = Type.PDF
        _refuse_tail_after_pdf(src)
    elif head.startswith(b"\xff\xd8\xff"):
        kind = Type.JPEG
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        kind = Type.PNG
    elif head.startswith((b"GIF87a", b"GIF89a")):
        kind = Type.GIF
    else:
        kind = _text(src, is_html=_declared(media) == "text/html")
    if kind is not Type.UNKNOWN:
        _refuse_second_reading(src, kind)
    return kind


def agrees(kind: Type, *, name: str, media: str) -> bool:
    """Whether the name's extension and the declared type, where they say anything, say `kind`."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    declared = _declared(media)
    says_same_name = not extension or extension in _EXTENSIONS.get(kind, ())
    return says_same_name and (declared in _SAYS_NOTHING or declared in _MEDIA.get(kind, ()))


def charset_of(media: str) -> str:
    """The charset a declared type names, in lower case; empty where it names none."""
    _, mark, charset = media.lower().partition("charset=")
    return charset.partition(";")[0].strip(' "') if mark else ""


def _declared(media: str) -> str:
    return media.partition(";")[0].strip().lower()


def _office(src: Window, spend: Callable[[int], None]) -> Type:
    """By the main part's type: a .docx may be a .docm (handbook §6)."""
    package = opc.read(src, spend)
    return _MAIN_TYPES.get(package.media(opc.main_part(package)), Type.UNKNOWN)


def _refuse_tail_after_pdf(src: Window) -> None:
    """ISO 32000-1 §7.5.5: the last line is %%EOF. What follows it belongs to something else."""
    end = src.rfind(b"%%EOF")
    if end < 0:
        raise Stuck(Code.DAMAGED)
    if src[end + 5 :].strip(b"\r\n \t\x00"):
        raise Stuck(Code.POLYGLOT, Place.TAIL)


def _refuse_second_reading(src: Window, kind: Type) -> None:
    """PDF readers accept their magic within the first 1,024 bytes, zip readers begin at the end."""
    if kind is not Type.PDF and b"%PDF-" in src[:_LOOK]:
        raise Stuck(Code.POLYGLOT)
    if kind in (Type.DOCX, Type.XLSX, Type.PPTX):
        return
    end = src.rfind(b"PK\x05\x06", max(0, len(src) - 0xFFFF - 22))
    if end >= 0 and end + 22 <= len(src) and end + 22 + int.from_bytes(src[end + 20 : end + 22], "little") <= len(src):
        raise Stuck(Code.POLYGLOT, Place.TAIL)


def _text(src: Window, *, is_html: bool) -> Type:
    """Text is what decodes and holds no control characters, and what nothing would run or render but a mail reader."""
    content = src[:]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:
            return Type.UNKNOWN
        if _WIDE_CONTROLS.search(text) or is_html:
            return Type.UNKNOWN
    else:
        if _CONTROLS.search(content):
            return Type.UNKNOWN
        text = content[:_LOOK].decode("utf-8-sig", "replace")  # eight-bit text of an older code page is text too
    start = text[:_LOOK].lstrip("\ufeff")
    if _HTML.match(start) or (is_html and start.lstrip().startswith("<")):
        return Type.HTML
    if _MARKUP.match(start) or start.lower().startswith(_RUNS):
        return Type.UNKNOWN
    first = start.lstrip().partition("\n")[0].strip().upper()
    plain = Type.HTML if is_html else Type.TEXT
    return {"BEGIN:VCALENDAR": Type.ICALENDAR, "BEGIN:VCARD": Type.VCARD}.get(first, plain)
