"""PDF: rewritten from its root by allow-lists; what the root does not reach, earlier revisions included, stays behind.

Ruling text: ISO 32000-1; handbook `metadata.md` §1 and §3. qpdf (through pikepdf) reads and writes; a file qpdf has to
repair can be read two ways and is held. Pictures coded as JPEG go through their own scrubber. Written twice, because
qpdf settles at the second write (handbook §2).

GAP: page content is not read. Consequence: text under boxes, white text and text beside the page leave with the page;
comments and properties inside content streams too.
"""

from __future__ import annotations

import io
import warnings

import pikepdf
from pikepdf import Array

from gateway.scrub import Child
from gateway.scrub.pdf_objects import Cleaner
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Place, Plan, Sink, Stuck, Window
from gateway.scrub.tally import Tally

_HARMLESS = "reported number of objects"
"""qpdf's words for a /Size that is not the highest number plus one; common, and no reader's view depends on it."""


class Pdf:
    """The scrubber of PDF documents."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What stands in the document."""
        tally = Tally(child.plan, child)
        _rewritten(src, child, tally)
        return tally.inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The document without what the plan strips."""
        tally = Tally(plan, child)
        out.write(_rewritten(src, child, tally))
        return tally.verdict()


def _rewritten(src: Window, child: Child, tally: Tally) -> bytes:
    try:
        with pikepdf.open(io.BytesIO(src[:]), suppress_warnings=True, inherit_page_attributes=True) as pdf:
            if pdf.is_encrypted:
                raise Stuck(Code.ENCRYPTED)
            _revisions(src, pdf, tally)
            former_id = _identity(pdf)
            Cleaner(pdf, child, tally).clean()
            if any(_HARMLESS not in warning for warning in pdf.get_warnings()):
                raise Stuck(Code.DAMAGED)  # asked last: qpdf reads an object when somebody first looks at it
            once = _saved(pdf)
        with pikepdf.open(io.BytesIO(once), suppress_warnings=True) as pdf:
            twice = _saved(pdf)
    except pikepdf.PasswordError:
        raise Stuck(Code.ENCRYPTED) from None
    except (pikepdf.PdfError, ValueError, TypeError):
        # pikepdf tells of an object of the wrong PDF type by TypeError, of a name that is not UTF-8 by ValueError
        raise Stuck(Code.DAMAGED) from None
    if twice.count(b"%%EOF") != 1:
        raise Stuck(Code.DAMAGED, Place.TAIL)
    if former_id and former_id.hex().encode("ascii") not in twice[twice.rfind(b"/ID [") :][:80]:
        tally.strips(Kind.IDS, Place.WHOLE)
    return twice


def _identity(pdf: pikepdf.Pdf) -> bytes:
    """The file's own identifier, the half that stays when a program saves it again (ISO 32000-1 §14.4)."""
    pair = pdf.trailer.get("/ID")
    return bytes(pair[0]) if isinstance(pair, Array) and len(pair) else b""


def _saved(pdf: pikepdf.Pdf) -> bytes:
    """Written by qpdf with an identifier made from the content alone: it would carry the first half over."""
    out = io.BytesIO()
    if "/ID" in pdf.trailer:
        del pdf.trailer["/ID"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about form fields outside the form: the file came that way
        pdf.save(
            out,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            fix_metadata_version=False,
        )
    return out.getvalue()


def _revisions(src: Window, pdf: pikepdf.Pdf, tally: Tally) -> None:
    """Incremental updates keep what they replace (ISO 32000-1 §7.5.6). A linearised file has two ends and one story."""
    ends, at = 0, src.find(b"startxref")
    while at >= 0:
        ends, at = ends + 1, src.find(b"startxref", at + 9)
    tally.strips(Kind.HISTORY, Place.WHOLE, max(0, ends - (2 if pdf.is_linearized else 1)))
