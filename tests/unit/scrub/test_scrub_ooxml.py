"""Office packages: what waits in each application, what is unknown, what is signed."""

from __future__ import annotations

import io
import zipfile

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Action, Code, Held, Kind, Plan
from tests.corpus import docx_file, gif_file, pptx_file, xlsx_file
from tests.corpus.canary import Dirty, found
from tests.corpus.office import DOC, HEAD, MS, rels

ROOT_REL = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"


def run(text: str) -> str:
    """A run with these properties."""
    return f"<w:p><w:r><w:rPr>{text}</w:rPr><w:t>not shown</w:t></w:r></w:p>"


def arrow(kind: str, target: str) -> tuple[tuple[str, str, str], ...]:
    """One more relationship of the main part."""
    return (("rIdMore", kind if ":" in kind else f"{DOC}/{kind}", target),)


BINARY: dict[str, str | bytes] = {"word/x.bin": b"\x01\x02"}
HELD: dict[str, tuple[Dirty, Kind]] = {
    "hidden run": (docx_file.dirty(body=run("<w:vanish/>")), Kind.HIDDEN),
    "macros": (docx_file.dirty(parts=BINARY, arrows=arrow(f"{MS}/2006/relationships/vbaProject", "x.bin")), Kind.CODE),
    "embedded object": (docx_file.dirty(parts=BINARY, arrows=arrow("oleObject", "x.bin")), Kind.OBJECTS),
    "foreign text": (docx_file.dirty(parts=BINARY, arrows=arrow("aFChunk", "x.bin")), Kind.OBJECTS),
    "workbook behind a chart": (docx_file.dirty(parts=BINARY, arrows=arrow("package", "x.bin")), Kind.SOURCES),
    "DDE": (docx_file.dirty(body="<w:p><w:fldSimple w:instr=' DDEAUTO cmd x '/></w:p>"), Kind.CODE),
    "crop": (docx_file.dirty(body='<w:p><w:r><a:srcRect l="500"/></w:r></w:p>'), Kind.CROPS),
    "hidden sheet": (xlsx_file.dirty(sheets='<sheet name="H" sheetId="2" state="hidden" r:id="rId1"/>'), Kind.HIDDEN),
    "hidden row": (xlsx_file.dirty(rows='<row r="2" hidden="1"><c r="A2"><v>1</v></c></row>'), Kind.HIDDEN),
    "hidden name": (xlsx_file.dirty(names='<definedName name="n" hidden="1">1</definedName>'), Kind.HIDDEN),
    "external workbook": (
        xlsx_file.dirty(parts={"xl/e.xml": f"{HEAD}<x/>"}, arrows=arrow("externalLink", "e.xml")), Kind.SOURCES,
    ),
    "speaker notes": (
        pptx_file.dirty(
            parts={"ppt/n.xml": pptx_file.notes("psst")}, arrows=(("rIdN", f"{DOC}/notesSlide", "../n.xml"),)
        ),
        Kind.NOTES,
    ),
    "hidden slide": (pptx_file.dirty(show=' show="0"'), Kind.HIDDEN),
    "invisible shape": (pptx_file.dirty(hidden=' hidden="1"'), Kind.HIDDEN),
    "beside the slide": (pptx_file.dirty(x=9_144_000), Kind.HIDDEN),
}  # fmt: skip


@pytest.mark.parametrize("case", HELD)
def test_what_is_hidden_or_active_waits(case: str) -> None:
    """Tiers 3 and 4 hold the document for a person, and the kind is named."""
    dirty, kind = HELD[case]

    result = document.clean(dirty.content, plan=Plan())

    assert isinstance(result, Held)
    assert (Code.ASK, {kind}) == (result.code, {finding.kind for finding in result.findings})


@pytest.mark.parametrize("case", ["hidden run", "macros", "embedded object", "speaker notes", "invisible shape"])
def test_what_a_rule_strips_goes(case: str) -> None:
    """A rule may strip what would wait; then it is gone and the rest leaves."""
    dirty, kind = HELD[case]
    plan = Plan(said=((kind, Action.STRIP),))

    result = document.clean(dirty.content, plan=plan)

    assert not isinstance(result, Held)
    assert () == document.inspect(result[0]).findings


@pytest.mark.parametrize("case", ["hidden sheet", "hidden row", "hidden slide", "external workbook", "crop"])
def test_what_cannot_be_stripped_waits(case: str) -> None:
    """A rule that asks for more than this scrubber can do gets a document that waits, never one half done."""
    dirty, kind = HELD[case]

    result = document.clean(dirty.content, plan=Plan(said=((kind, Action.STRIP),)))

    assert isinstance(result, Held)
    assert Code.UNSUPPORTED is result.code


@pytest.mark.parametrize(
    "properties", ['<w:vanish w:val="0"/>', '<w:vanish w:val="false"/>', "<w:webHidden/>", "<w:b/>"]
)
def test_what_is_shown_is_not_hidden(properties: str) -> None:
    """A property switched off hides nothing; the text stays."""
    result = document.clean(docx_file.dirty(body=run(properties)).content, plan=Plan())

    assert not isinstance(result, Held)


@pytest.mark.parametrize("kind", [Kind.COMMENTS, Kind.CHANGES, Kind.THUMBNAILS])
def test_what_a_rule_keeps_is_kept_without_its_people(kind: Kind) -> None:
    """Redlines and comments may travel by rule; who made them and when does not."""
    dirty = docx_file.dirty()
    word = {name: text for name, (_, text) in dirty.tokens.items()}
    kept = {Kind.COMMENTS: "comment-text", Kind.CHANGES: "deleted", Kind.THUMBNAILS: "thumbnail"}[kind]

    result = document.clean(dirty.content, plan=Plan(said=((kind, Action.KEEP),)))

    assert not isinstance(result, Held)
    assert {kept} == found(result[0], {kept: word[kept], **dirty.words(1)})


def test_an_unknown_leaf_goes_and_an_unknown_container_waits() -> None:
    """A part of a kind nobody knows is dropped; one that leads on to others holds the document."""
    unknown = arrow("urn:x/neverHeardOf", "x.bin")
    leaf = docx_file.dirty(parts=BINARY, arrows=unknown)
    container = docx_file.dirty(
        parts={**BINARY, "word/_rels/x.bin.rels": rels(("rId1", f"{DOC}/image", "media/image1.jpg"))}, arrows=unknown
    )

    result = document.clean(leaf.content, plan=Plan())

    assert not isinstance(result, Held)
    assert "word/x.bin" not in zipfile.ZipFile(io.BytesIO(result[0])).namelist()
    assert Code.UNKNOWN is getattr(document.clean(container.content, plan=Plan()), "code", None)


def test_a_picture_nobody_can_clean_holds_the_document() -> None:
    """Media goes through the whole tuple again; what waits there waits here."""
    dirty = docx_file.dirty(parts={"word/media/x.emf": b"\x01\0\0\0" * 9}, arrows=arrow("image", "media/x.emf"))

    assert Code.UNKNOWN is getattr(document.clean(dirty.content, plan=Plan()), "code", None)


def test_a_gif_in_a_document_is_cleaned() -> None:
    """A logo's comments go, its picture stays, and the document leaves."""
    logo = gif_file.dirty()
    dirty = docx_file.dirty(parts={"word/media/x.gif": logo.content}, arrows=arrow("image", "media/x.gif"))

    result = document.clean(dirty.content, plan=Plan())

    assert not isinstance(result, Held)
    assert gif_file.plain() == zipfile.ZipFile(io.BytesIO(result[0])).read("word/media/x.gif")


def test_a_signed_document_is_never_altered() -> None:
    """With something to strip it waits; with nothing it leaves byte for byte."""
    clean = document.clean(docx_file.dirty().content, plan=Plan())
    assert not isinstance(clean, Held)
    signed = _signed(clean[0], "1980-01-01")

    assert Code.SIGNED is getattr(document.clean(_signed(docx_file.dirty().content, ""), plan=Plan()), "code", None)
    result = document.clean(signed, plan=Plan())
    assert not isinstance(result, Held)
    assert signed == result[0]
    assert result[1].is_signed


def test_every_reference_resolves() -> None:
    """After parts are dropped no `r:id` points at a relationship that is not there."""
    result = document.clean(docx_file.dirty().content, plan=Plan())
    assert not isinstance(result, Held)
    with zipfile.ZipFile(io.BytesIO(result[0])) as archive:
        body = archive.read("word/document.xml").decode()
        arrows = archive.read("word/_rels/document.xml.rels").decode()

    used = {piece.split('"')[0] for mark in ('r:id="', 'r:embed="') for piece in body.split(mark)[1:]}

    assert used
    assert [] == [ident for ident in used if f'Id="{ident}"' not in arrows]


def _signed(content: bytes, date: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "_rels/.rels":
                extra = (
                    f'<Relationship Id="rIdSig" Type="{ROOT_REL}" Target="_xmlsignatures/origin.sigs"/></Relationships>'
                )
                body = body.replace(b"</Relationships>", extra.encode())
            new.writestr(zipfile.ZipInfo(name) if date else name, body)
        new.writestr(zipfile.ZipInfo("_xmlsignatures/origin.sigs"), b"")
    return out.getvalue()
