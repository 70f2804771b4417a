"""Content-IDs: new ones tell nothing, and whatever referred to a part still does."""

from __future__ import annotations

import pytest

from gateway.scrub.contentid import ContentIds, refers
from gateway.skeleton import Field, Part

SEED = b"leg-0-seed-bytes"
HEAD = b"Content-ID: <image001.png@01DA3B5C.7E8F9A10>\r\n\r\n"


def part(path: str = "2", *, is_frozen: bool = False) -> Part:
    """A picture that begins where the message begins."""
    return Part(
        path=path, parent=0, start=0, body=len(HEAD), end=len(HEAD), media="image/png", parameters=(),
        encoding="base64", fields=(Field(name="content-id", start=0, value=11, end=len(HEAD) - 2),),
        disposition="inline", names=(), is_frozen=is_frozen,
    )  # fmt: skip


def ids(*parts: Part) -> ContentIds:
    """The ids of one leg."""
    return ContentIds(HEAD, parts or (part(),), SEED)


@pytest.mark.parametrize(
    "reference",
    [
        b'<img src="cid:image001.png@01DA3B5C.7E8F9A10">',
        b"<img src = 'CID:image001.png%4001DA3B5C.7E8F9A10'>",
        b"<img src=cid:image001.png&#64;01DA3B5C.7E8F9A10>",
        b"background:url(cid:image001.png@01DA3B5C.7E8F9A10)",
        b"[cid:image001.png@01DA3B5C.7E8F9A10]",
    ],
)
def test_every_spelling_of_a_reference_follows(reference: bytes) -> None:
    """In pages, styles and plain text, however it is escaped."""
    new = ids().rewritten(reference)

    assert b"cid:" + ids().of(HEAD, part()).encode() in new
    assert b"01DA3B5C" not in new


def test_a_reference_that_leads_nowhere_tells_nothing() -> None:
    """What an earlier mail left behind is renamed where a program wrote it, and all alike."""
    page = ids().rewritten(b'<img src="cid:part1.ABC@pc.lan"><img src="cid:x@01DA0000.00000000">')

    first, second = page.split(b"><")
    assert b"pc.lan" not in page
    assert first.partition(b"cid:")[2].strip(b'">') == second.partition(b"cid:")[2].strip(b'">')


@pytest.mark.parametrize("words", [b"see cid:4711", b"acid:rain@home", b"CID: Inspector Lund", b"cid:a@b in the text"])
def test_words_of_a_person_stay(words: bytes) -> None:
    """What only looks like a reference is text."""
    assert words == ids().rewritten(words)


def test_twice_changes_nothing() -> None:
    """Ids made for the same leg and place are the same."""
    new = b"Content-ID: <%s>\r\n\r\n" % ids().of(HEAD, part()).encode()
    again = ContentIds(new, (part(),), SEED)

    assert ids().of(HEAD, part()) == again.of(new, part())
    assert ids().rewritten(b'src="cid:gone@x"') == again.rewritten(ids().rewritten(b'src="cid:gone@x"'))


def test_each_leg_and_each_part_has_its_own() -> None:
    """Two recipients cannot compare them."""
    other = ContentIds(HEAD, (part(),), b"leg-1-seed-bytes")

    assert 3 == len({ids().of(HEAD, part()), other.of(HEAD, part()), ids(part("3")).of(HEAD, part("3"))})


def test_a_signed_part_keeps_its_id() -> None:
    """Nothing under a signature changes, nor what refers to it from there."""
    assert "" != ids().of(HEAD, part())
    assert ids(part(is_frozen=True)).of(HEAD, part()) not in (ids().of(HEAD, part()), "")


@pytest.mark.parametrize(("content", "expected"), [(b"x cid:y", True), (b"src=cId:y", True), (b"acid rain", False)])
def test_what_may_refer_is_found(content: bytes, expected: bool) -> None:
    """A quick look that misses nothing a page would write."""
    assert expected is refers(content)
