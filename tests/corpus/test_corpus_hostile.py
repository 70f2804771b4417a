"""Files of others, and ours with things broken: whatever they are, the answer is a clean copy or a reason to wait."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Held, Plan
from tests.corpus import docx_file, gif_file, html_file, jpeg_file, pdf_file, png_file, pptx_file, xlsx_file

VECTORS = Path(__file__).parents[2] / "../shared/vectors"
SOURCES = {
    "jpeg": jpeg_file.dirty, "png": png_file.dirty, "gif": gif_file.dirty,
    "html": html_file.dirty, "docx": docx_file.dirty, "xlsx": xlsx_file.dirty,
    "pptx": pptx_file.dirty, "pdf": pdf_file.dirty,
}  # fmt: skip
MUTANTS = 40


def answered(content: bytes, name: str = "") -> bool:
    """True if it was cleaned; then cleaning again changes nothing."""
    result = document.clean(content, name=name, plan=Plan())
    document.inspect(content, name=name)
    if isinstance(result, Held):
        return False
    again = document.clean(result[0], name=name, plan=Plan())
    assert not isinstance(again, Held)
    assert result[0] == again[0]
    return True


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["mat2", "exiftool"])
def test_files_of_others(folder: str) -> None:
    """Of mat2's and ExifTool's files some are cleaned and the rest wait; none breaks anything."""
    if not (VECTORS / folder).is_dir():
        pytest.skip(f"no {folder} files beside this checkout")

    answers = [
        answered(path.read_bytes(), path.name) for path in sorted((VECTORS / folder).iterdir()) if path.is_file()
    ]

    assert True in answers
    assert False in answers


@pytest.mark.parametrize("family", SOURCES)
def test_mutants(family: str) -> None:
    """Flipped, cut, doubled and missing bytes give a clean copy or a reason, never an exception."""
    dice = random.Random(f"mutants of {family}")
    content = SOURCES[family]().content

    answers = [answered(_mutant(content, dice)) for _ in range(MUTANTS)]

    assert False in answers


@pytest.mark.parametrize("family", ["docx", "xlsx", "pptx"])
def test_mutants_inside_a_package(family: str) -> None:
    """The same with one member of a sound package."""
    dice = random.Random(f"members of {family}")
    content = SOURCES[family]().content

    answers = [answered(_with_mutant_member(content, dice)) for _ in range(MUTANTS)]

    assert True in answers
    assert False in answers


@pytest.mark.parametrize("family", [name for name in SOURCES if name != "html"])  # a page has no end of its own
def test_a_file_cut_short_waits(family: str) -> None:
    """No beginning of a file is taken for the file."""
    plain = document.clean(SOURCES[family]().content, plan=Plan())
    assert not isinstance(plain, Held)
    whole = plain[0]

    answers = [document.clean(whole[: len(whole) * step // 12], plan=Plan()) for step in range(1, 12)]

    assert all(isinstance(answer, Held) for answer in answers)


def _mutant(content: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    way = dice.randrange(4)
    if way == 0:
        return content[: dice.randrange(len(content) or 1)]
    for _ in range(dice.choice((1, 3, 20))):
        at = dice.randrange(len(changed) or 1)
        if way == 1 and changed:
            changed[at] = dice.randrange(256)
        elif way == 2:
            del changed[at : at + dice.randrange(1, 20)]
        else:
            changed[at:at] = changed[: dice.randrange(1, 40)]
    return bytes(changed)


def _with_mutant_member(content: bytes, dice: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = dice.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, _mutant(old.read(name), dice) if name == chosen else old.read(name))
    return out.getvalue()
