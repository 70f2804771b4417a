"""Every token of tiers 1 and 2 is gone, everything the reader sees is there, and twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Action, Held, Kind, Plan
from gateway.scrub.verify import verify
from tests.corpus import docx_file, gif_file, html_file, jpeg_file, pdf_file, png_file, pptx_file, xlsx_file
from tests.corpus.canary import Dirty, found

Make = Callable[[], Dirty]
FILES: tuple[tuple[str, Make, int], ...] = (
    ("photo.jpg", jpeg_file.dirty, 17),
    ("screen.png", png_file.dirty, 15),
    ("logo.gif", gif_file.dirty, 5),
    ("page.html", html_file.dirty, 60),
    ("letter.docx", docx_file.dirty, 65),
    ("sums.xlsx", xlsx_file.dirty, 45),
    ("talk.pptx", pptx_file.dirty, 29),
    ("brief.pdf", pdf_file.dirty, 45),
)
each = pytest.mark.parametrize(("name", "make", "least"), FILES, ids=[row[0] for row in FILES])


def cleaned(dirty: Dirty, name: str) -> bytes:
    """The clean copy under the default plan."""
    result = document.clean(dirty.content, name=name, plan=Plan())
    assert not isinstance(result, Held), result
    return result[0]


def keeping(*kept: Kind) -> Plan:
    """Everything goes but this."""
    return Plan(said=tuple((kind, Action.KEEP if kind in kept else Action.STRIP) for kind in Kind))


@each
def test_the_scanner_sees_every_token(name: str, make: Make, least: int) -> None:
    """The scanner finds every token in the dirty file, or its silence about the clean one would mean nothing."""
    dirty = make()

    everything = {name for name, _ in dirty.tokens.items()}

    assert everything == found(dirty.content, dirty.words(0, 1, 2, 3, 4))
    assert least <= len(dirty.words(1, 2, 4))


@each
def test_no_token_is_left(name: str, make: Make, least: int) -> None:
    """Nothing of tiers 1 and 2, and no address that leads outside, is in the clean copy in any spelling."""
    dirty = make()

    left = found(cleaned(dirty, name), dirty.words(1, 2, 4))

    assert set() == left


@each
def test_what_is_read_stays(name: str, make: Make, least: int) -> None:
    """Everything the reader sees is still in the clean copy."""
    dirty = make()

    assert set(dirty.words(0)) == found(cleaned(dirty, name), dirty.words(0))


@each
def test_twice_changes_nothing(name: str, make: Make, least: int) -> None:
    """Cleaning a clean copy gives the same bytes and finds nothing."""
    once = cleaned(make(), name)

    again = document.clean(once, name=name, plan=Plan())

    assert not isinstance(again, Held)
    assert once == again[0]
    assert () == again[1].findings
    assert () == document.inspect(once, name=name).findings


@each
def test_the_verifier_agrees(name: str, make: Make, least: int) -> None:
    """The verifier has nothing against the clean copy, and something against the dirty one."""
    dirty = make()

    assert () == verify(dirty.content, cleaned(dirty, name), name=name, plan=Plan())
    assert () != verify(dirty.content, dirty.content, name=name, plan=Plan())


@each
def test_the_verifier_accepts_what_the_plan_keeps_and_only_that(name: str, make: Make, least: int) -> None:
    """Whatever one kind a rule keeps, the copy passes; where no rule does, what it left in is found."""
    dirty = make()
    for kind in Kind:
        plan = keeping(kind)
        result = document.clean(dirty.content, name=name, plan=plan)
        assert not isinstance(result, Held), kind
        copy, _ = result

        assert () == verify(dirty.content, copy, name=name, plan=plan), kind
        if found(copy, dirty.words(1, 2, 4)):
            assert () != verify(dirty.content, copy, name=name, plan=keeping()), kind


@each
def test_a_report_holds_no_value(name: str, make: Make, least: int) -> None:
    """What is reported are kinds, places and counts: no word of the document is in it."""
    dirty = make()

    report = repr(document.inspect(dirty.content, name=name)) + repr(
        document.clean(dirty.content, name=name, plan=Plan())[1:]  # type: ignore[index]
    )

    assert [] == [word for word in dirty.words(0, 1, 2, 3, 4).values() if word in report]
