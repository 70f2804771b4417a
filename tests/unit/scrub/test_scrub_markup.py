"""XML that is only XML."""

from __future__ import annotations

import pytest

from gateway.scrub import markup
from gateway.scrub.plan import Code, Place, Stuck

BOMB = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BOMB, Code.DAMAGED),
        (BOMB.decode().encode("utf-16"), Code.DAMAGED),
        (b"<a>&unheard;</a>", Code.DAMAGED),
        (b"<a><b></a>", Code.DAMAGED),
        (b"", Code.DAMAGED),
        (b"<?xml version='1.0' encoding='UTF-7'?><a/>", Code.DAMAGED),
        (b"<a>" * 257 + b"</a>" * 257, Code.LIMIT),
    ],
    ids=["entities", "entities in UTF-16", "undeclared", "unclosed", "nothing", "odd encoding", "too deep"],
)
def test_what_is_more_or_less_than_xml_waits(content: bytes, code: Code) -> None:
    """No DOCTYPE, no entity, no strange encoding, no deeper than 256."""
    with pytest.raises(Stuck) as caught:
        markup.parse(content, Place.BODY)

    assert code is caught.value.held.code


def test_the_edge_of_depth_is_read() -> None:
    """256 levels are allowed."""
    markup.parse(b"<a>" * 256 + b"</a>" * 256, Place.BODY)


def test_strict_and_transitional_share_a_name() -> None:
    """A rule is written once for both."""
    names = [
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}ins",
        "{http://purl.oclc.org/ooxml/wordprocessingml/main}ins",
    ]

    assert ["w:ins", "w:ins"] == [markup.short(name) for name in names]
    assert "" == markup.short("{urn:unheard}ins")
    assert "plain" == markup.short("plain")
