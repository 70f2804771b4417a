"""Other people's libraries open the clean copies and see what they saw before."""

from __future__ import annotations

import io
import warnings

import docx
import openpyxl
import pikepdf
import pptx
import pypdf
import pytest
from PIL import Image

from gateway.scrub import document
from gateway.scrub.plan import Held, Plan
from tests.corpus import docx_file, jpeg_file, pdf_file, png_file, pptx_file, xlsx_file


def cleaned(content: bytes) -> io.BytesIO:
    """The clean copy under the default plan, to be read."""
    result = document.clean(content, plan=Plan())
    assert not isinstance(result, Held), result
    return io.BytesIO(result[0])


def seen(content: bytes | io.BytesIO) -> Image.Image:
    """The picture, decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the dirty file's broken MPF index
        image = Image.open(io.BytesIO(content) if isinstance(content, bytes) else content)
        image.load()
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_keeps_pixels_and_orientation(orientation: int) -> None:
    """Pillow decodes the same pixels and turns them the same way, for each of the eight ways."""
    dirty = jpeg_file.dirty(orientation).content

    clean = seen(cleaned(dirty))

    assert seen(dirty).tobytes() == clean.tobytes()
    assert orientation == clean.getexif().get(0x0112, 1)
    assert set(clean.getexif()) <= {0x0112}


def test_a_png_keeps_pixels_and_orientation() -> None:
    """Pillow decodes the same pixels and finds no text."""
    dirty = png_file.dirty().content

    clean = seen(cleaned(dirty))

    assert seen(dirty).tobytes() == clean.tobytes()
    assert 6 == clean.getexif().get(0x0112)
    assert {"exif"} >= {key for key in clean.info if key != "icc_profile"}


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_progressive_jpeg_keeps_its_pixels(mode: str) -> None:
    """The filter does not stop at the first of several scans, and CMYK keeps how its colours are coded."""
    out = io.BytesIO()
    gradient = Image.radial_gradient("L").resize((64, 48))
    Image.merge(mode, [gradient] * len(mode)).save(out, "JPEG", progressive=True, comment=b"between us")

    clean = cleaned(out.getvalue())

    assert seen(out.getvalue()).tobytes() == seen(clean).tobytes()
    assert b"between us" not in clean.getvalue()


def test_word_text_is_what_word_shows() -> None:
    """python-docx reads the accepted text: insertions in, deletions out, paragraphs joined, rows gone, no author."""
    dirty = docx_file.dirty()
    word = {name: text for name, (_, text) in dirty.tokens.items()}

    clean = docx.Document(cleaned(dirty.content))

    paragraphs = [paragraph.text for paragraph in clean.paragraphs]
    assert word["visible"] + word["inserted"] == paragraphs[0]
    assert word["joined-left"] + word["joined-right"] == paragraphs[1]
    assert [[word["kept-row"]]] == [[cell.text for cell in row.cells] for row in clean.tables[0].rows]
    assert 1 == len(clean.part.package.image_parts)


def test_a_workbook_reopens_with_its_cells() -> None:
    """openpyxl reads the same cells; the deleted cell's string is gone."""
    dirty = xlsx_file.dirty()

    clean = openpyxl.load_workbook(cleaned(dirty.content))

    assert ["Sums"] == clean.sheetnames
    assert dirty.tokens["used-string"][1] == clean["Sums"]["A1"].value
    assert 42 == clean["Sums"]["B1"].value


def test_a_presentation_reopens_with_its_slide() -> None:
    """python-pptx reads the same slide: text and picture."""
    dirty = pptx_file.dirty()

    slide = pptx.Presentation(cleaned(dirty.content)).slides[0]

    assert dirty.tokens["slide-text"][1] == slide.shapes[0].text_frame.text
    assert [1, 2] == [shape_id - 1 for shape_id in (shape.shape_id for shape in slide.shapes)]
    assert slide.shapes[1].image.blob.startswith(png_file.MAGIC)


def test_a_pdf_reopens_with_its_text_and_picture() -> None:
    """pypdf reads the same text and the same picture, no information, one revision, the link's annotation only."""
    dirty = pdf_file.dirty()
    clean = cleaned(dirty.content)

    reader = pypdf.PdfReader(clean)

    assert dirty.tokens["visible"][1] == reader.pages[0].extract_text().strip()
    assert not reader.metadata
    assert ["/Link"] == [note.get_object()["/Subtype"] for note in reader.pages[0]["/Annots"]]
    assert 1 == clean.getvalue().count(b"%%EOF")
    with pikepdf.open(io.BytesIO(clean.getvalue())) as pdf:
        assert [] == pdf.check_pdf_syntax()
