"""A plain yes, a plain no, and everything else, which is neither."""

from __future__ import annotations

import pytest

from gateway.intake.answer import MOST_READ, Said, answer, answer_in_html


@pytest.mark.parametrize(
    "text", ["Yes", "yes!\n\nJo", "  OK, send it", "\n\nYES, thank you\n> no\n", "*Yes*", "Confirmed.", "yes please"]
)
def test_a_plain_yes(text: str) -> None:
    """The first word decides, unless the next one may turn it round."""
    assert Said.YES is answer(text)


@pytest.mark.parametrize("text", ["No", "no!!", "STOP, wrong Anna", "Don\u2019t send it", "don't", "Cancel\n> yes"])
def test_a_plain_no(text: str) -> None:
    """Also with the apostrophe mail programs put in."""
    assert Said.NO is answer(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "> Yes\n",
        "On Monday Sealgate wrote:\n> reply YES",
        "Yesterday I wrote",
        "Nobody told me",
        "Not sure",
        "No problem, send it",
        "Yes but not to him",
        "Jo Hart\nSolicitor",
        "I am away until Monday.",
        "-----Original Message-----\nyes",
        "\n" * MOST_READ + "yes",
    ],
)
def test_anything_else_is_unclear(text: str) -> None:
    """Nothing, a quotation, a signature, an automatic answer, longer words that begin alike, what lies too deep."""
    assert Said.UNCLEAR is answer(text)


def test_a_page_is_read_as_its_reader_sees_it() -> None:
    """Styles, comments and tags are no words, and an entity is its letter."""
    page = "<html><head><title>No</title><style>no {}</style></head><body><!-- no --><p>"

    assert Said.YES is answer_in_html("<div>&nbsp;</div><p>Y&#101;s<br>no</p>")
    assert Said.NO is answer_in_html("<style>yes</style><p>No</p>")
    assert Said.UNCLEAR is answer_in_html(page)


def test_what_is_not_shown_and_never_ends_hides_the_rest() -> None:
    """A style that is never closed: whatever stands behind it, nobody saw."""
    assert Said.UNCLEAR is answer_in_html("<style>p {} <p>Yes</p>")
    assert Said.UNCLEAR is answer_in_html("<style" * 2000)
    assert Said.YES is answer_in_html("<STYLE>\u0130no</Style ><!-- no --><p>Yes")
