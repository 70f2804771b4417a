"""PDF: what waits, what is signed, what cannot be read in one way."""

from __future__ import annotations

import io

import pikepdf
import pytest

from gateway.scrub import document
from gateway.scrub.plan import Action, Code, Held, Kind, Plan
from tests.corpus import pdf_file
from tests.corpus.canary import Dirty

HELD: dict[str, tuple[Dirty, Kind]] = {
    "script on opening": (pdf_file.dirty(catalog="/OpenAction <</S/JavaScript /JS (x)>>"), Kind.CODE),
    "script by name": (pdf_file.dirty(catalog="/Names <</JavaScript <</Names []>>>>"), Kind.CODE),
    "page event": (pdf_file.dirty(page="/AA <</O <</S/Named>>>>"), Kind.CODE),
    "launch": (
        pdf_file.dirty(annotation="50 0 R", objects={50: "<</Subtype/Link /A <</S/Launch /F (x)>>>>"}), Kind.CODE,
    ),
    "embedded file": (pdf_file.dirty(catalog="/Names <</EmbeddedFiles <</Names []>>>>"), Kind.ATTACHED),
    "attached by a pin": (
        pdf_file.dirty(annotation="50 0 R", objects={50: "<</Subtype/FileAttachment /Rect [0 0 1 1]>>"}), Kind.ATTACHED,
    ),
    "portfolio": (pdf_file.dirty(catalog="/Collection <<>>"), Kind.ATTACHED),
    "film": (pdf_file.dirty(annotation="50 0 R", objects={50: "<</Subtype/RichMedia /Rect [0 0 1 1]>>"}), Kind.OBJECTS),
    "redaction not applied": (
        pdf_file.dirty(annotation="50 0 R", objects={50: "<</Subtype/Redact /Rect [0 0 1 1]>>"}), Kind.HIDDEN,
    ),
    "second form": (pdf_file.dirty(catalog="/AcroForm <</Fields [] /XFA (x)>>"), Kind.HIDDEN),
    "crop": (pdf_file.dirty(page="/CropBox [10 10 50 50]"), Kind.CROPS),
}  # fmt: skip


@pytest.mark.parametrize("case", HELD)
def test_what_is_hidden_or_active_waits(case: str) -> None:
    """Tiers 3 and 4 hold the document for a person, and the kind is named."""
    dirty, kind = HELD[case]

    result = document.clean(dirty.content, name="a.pdf", plan=Plan())

    assert isinstance(result, Held)
    assert (Code.ASK, {kind}) == (result.code, {finding.kind for finding in result.findings})


@pytest.mark.parametrize("case", [case for case in HELD if case != "crop"])
def test_what_a_rule_strips_goes(case: str) -> None:
    """A rule may strip what would wait; then nothing is found any more."""
    dirty, kind = HELD[case]

    result = document.clean(dirty.content, plan=Plan(said=((kind, Action.STRIP),)))

    assert not isinstance(result, Held)
    assert () == document.inspect(result[0]).findings


def test_a_password_means_waiting() -> None:
    """An encrypted file is uninspected, even where the password is empty."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_file.dirty().content)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="x", user=""))

    assert Held(code=Code.ENCRYPTED) == document.clean(out.getvalue(), plan=Plan())


def test_a_signature_is_never_broken() -> None:
    """A signed file with something to strip waits, and says that it is signed."""
    field = {50: "<</Subtype/Widget /FT/Sig /T (s) /V <</Type/Sig /ByteRange [0 1 2 3]>> /Rect [0 0 0 0]>>"}
    dirty = pdf_file.dirty(annotation="50 0 R", objects=field)

    assert Code.SIGNED is getattr(document.clean(dirty.content, plan=Plan()), "code", None)
    assert document.inspect(dirty.content).is_signed


def test_what_has_to_be_repaired_waits() -> None:
    """A broken cross-reference can be mended in more than one way."""
    content = pdf_file.dirty().content.replace(b"startxref\n", b"startxref\n9")

    assert Code.DAMAGED is getattr(document.clean(content, plan=Plan()), "code", None)


@pytest.mark.parametrize("around", [(b"x", b""), (b"", b"x"), (b"\n", b"")])
def test_bytes_around_it_wait(around: tuple[bytes, bytes]) -> None:
    """Nothing stands before the header or after the end."""
    content = around[0] + pdf_file.dirty().content + around[1]

    assert isinstance(document.clean(content, plan=Plan()), Held)


def test_a_web_address_stays() -> None:
    """A link anybody may follow is content."""
    link = {50: "<</Subtype/Link /Rect [0 0 1 1] /A <</S/URI /URI (https://www.example.org/)>>>>"}

    result = document.clean(pdf_file.dirty(annotation="50 0 R", objects=link).content, plan=Plan())

    assert not isinstance(result, Held)
    with pikepdf.open(io.BytesIO(result[0])) as pdf:
        assert ["/URI"] == [str(note.A.S) for note in pdf.pages[0].Annots if "/A" in note]
