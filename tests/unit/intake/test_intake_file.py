"""A file's name and its ends."""

from __future__ import annotations

import io
import zipfile

import pytest

from gateway.intake.file import READ_ME, TAIL_BYTES, Ending, ending, is_temporary, media_of, objection

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
PDF = b"%PDF-1.7\n" + b"x" * 2000 + b"\nstartxref\n9\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 50 + b"\xff\xd9"


def archive(comment: bytes = b"", content: bytes = b"CANARY" * 200) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr("word/document.xml", content)
        zipped.comment = comment
    return made.getvalue()


@pytest.mark.parametrize(
    "name", ["Plan.docx.filepart", "a.PART", "a.q8f3.partial", "x.tmp", ".in.a.pdf.", "~$plan.docx", ".~lock.a.odt#"]
)
def test_a_temporary_name(name: str) -> None:
    """What clients call a file they have not finished is known as unfinished."""
    assert is_temporary(name)


@pytest.mark.parametrize("name", ["plan.docx", "part.pdf", "in.a", "template", "partial", "Part 1.pdf"])
def test_a_final_name(name: str) -> None:
    """A name that only resembles a temporary one is final."""
    assert not is_temporary(name)


@pytest.mark.parametrize("name", [READ_ME, "_read me.TXT", ".DS_Store", "._plan.pdf", "Thumbs.db", "a\u200bb.pdf"])
def test_a_name_nobody_meant_to_send(name: str) -> None:
    """The gateway's own page, a desktop's droppings and invisible characters are refused with a sentence."""
    assert objection(name).endswith(".")


def test_a_name_as_people_give_them() -> None:
    """An ordinary name, accents and all, is taken."""
    assert "" == objection("Žaloba – návrh (2).pdf")


def test_what_a_name_claims() -> None:
    """The media type follows the extension, whatever its case; what is unknown is octets."""
    assert "application/pdf" == media_of("A.PDF")
    assert "application/octet-stream" == media_of("noextension")


@pytest.mark.parametrize("content", [archive(), archive(b"c" * 60_000), PDF, JPEG, JPEG + b"\0\0", PNG])
def test_a_whole_file_and_every_cut(content: bytes) -> None:
    """A file that has its end is whole, and cut anywhere before its last bytes it is called cut."""
    assert Ending.WHOLE == ending(content[:1024], content[-TAIL_BYTES:])
    for size in range(8, len(content) - 8, max(1, len(content) // 200)):
        cut = content[:size]
        assert Ending.CUT == ending(cut[:1024], cut[-TAIL_BYTES:]), size


def test_an_archive_inside_an_archive() -> None:
    """The end of an archive that lies stored inside another is not the other's end."""
    outer = archive(content=archive())
    cut = outer[: outer.rfind(b"PK\x01\x02") - 5]
    assert b"PK\x05\x06" in cut
    assert Ending.CUT == ending(cut[:1024], cut[-TAIL_BYTES:])


def test_what_has_no_end_mark() -> None:
    """Plain text could stop anywhere, and nobody claims to know."""
    assert Ending.UNTOLD == ending(b"Dear Sir", b"Dear Sir")
    assert Ending.UNTOLD == ending(b"", b"")


@pytest.mark.parametrize(("name", "is_one"), [("a.UPLOAD", True), (".new.a", True), ("a.upload.txt", False)])
def test_an_office_can_name_more_of_what_is_unfinished(name: str, is_one: bool) -> None:
    """A star stands at one end; case does not matter, as programs on Windows do not care."""
    assert is_one == is_temporary(name, ("*.upload", ".New.*"))
