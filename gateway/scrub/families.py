"""Which scrubber cleans which type: the one list. A type that is not in it waits for a person."""

from __future__ import annotations

from gateway.scrub import Scrubber
from gateway.scrub.calendar import Calendar
from gateway.scrub.gif import Gif
from gateway.scrub.html import Html
from gateway.scrub.jpeg import Jpeg
from gateway.scrub.ooxml import Ooxml
from gateway.scrub.pdf import Pdf
from gateway.scrub.png import Png
from gateway.scrub.sniff import Type
from gateway.scrub.text import PlainText

NAMES = {
    Type.DOCX: "office",
    Type.XLSX: "office",
    Type.PPTX: "office",
    Type.PDF: "pdf",
    Type.JPEG: "image",
    Type.PNG: "image",
    Type.GIF: "image",
    Type.HTML: "text",
    Type.TEXT: "text",
    Type.ICALENDAR: "calendar",
    Type.VCARD: "calendar",
}
"""What the rules call them."""

FAMILIES: tuple[tuple[Type, Scrubber], ...] = (
    (Type.DOCX, Ooxml()),
    (Type.XLSX, Ooxml()),
    (Type.PPTX, Ooxml()),
    (Type.PDF, Pdf()),
    (Type.JPEG, Jpeg()),
    (Type.PNG, Png()),
    (Type.GIF, Gif()),
    (Type.HTML, Html()),
    (Type.TEXT, PlainText()),
    (Type.ICALENDAR, Calendar()),
    (Type.VCARD, Calendar()),
)
