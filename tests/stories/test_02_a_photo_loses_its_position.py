"""A photo loses its position.

Jo photographs an exhibit with a telephone and attaches the picture. The telephone wrote into it where it was taken: the
address of somebody who must not be found. Nobody sees that in the picture, and nobody would have thought of it.
"""

from __future__ import annotations

from tests.house import JO, House
from tests.world import attached, attachment, letter, photo, same_picture, says_where

ARCHIVE = "archive@court.test"


def test_the_receiver_cannot_tell_where_it_was_taken(town: House) -> None:
    """Position and camera are gone at the receiver; every pixel is there."""
    archive, taken = town.meets(ARCHIVE), photo(51.5007, 0.1246)
    message = attached(letter(JO, ARCHIVE, "[case] CANARY photo"), "harbour.jpg", taken, "image/jpeg")

    town.staff(JO).sends(message, [ARCHIVE])

    (arrived,) = town.outside().awaits(ARCHIVE)
    kept = attachment(archive.opens(arrived), "harbour.jpg")
    assert says_where(taken)
    assert not says_where(kept)
    assert same_picture(taken, kept)
