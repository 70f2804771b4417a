"""The play's photograph: a picture others can open, a position others can read, and neither after cleaning."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from gateway.commands.demo.picture import HIGH, WIDE, photo, pixels, position


@pytest.mark.parametrize("place", [(51.5007, -0.1246), (-33.8568, 151.2153), (0.0, 0.0)])
def test_it_says_where_it_was_taken(place: tuple[float, float]) -> None:
    """What was written is read back, on every side of the equator and of Greenwich."""
    assert pytest.approx(place, abs=1e-5) == position(photo(*place))


def test_somebody_elses_reader_finds_the_same_position() -> None:
    """Pillow reads the GPS directory as we wrote it: 51° 30′ 2.52″ north, 0° 7′ 28.56″ west."""
    gps = Image.open(io.BytesIO(photo(51.5007, -0.1246))).getexif().get_ifd(0x8825)

    assert {1: "N", 2: (51.0, 30.0, 2.52), 3: "W", 4: (0.0, 7.0, 28.56)} == gps


def test_it_is_a_picture() -> None:
    """Pillow decodes it: the size is right, and it is brighter above than below."""
    picture = Image.open(io.BytesIO(photo(1.0, 1.0)))

    assert (8 * WIDE, 8 * HIGH) == picture.size
    assert picture.getpixel((0, 0)) > picture.getpixel((0, 8 * HIGH - 1))


def test_a_picture_without_a_word_has_no_position() -> None:
    """Without its EXIF segment it says nothing, and the coded picture is the same."""
    whole = photo(1.0, 1.0)

    assert position(b"\xff\xd8" + pixels(whole)) is None
    assert pixels(whole) == pixels(b"\xff\xd8" + pixels(whole))
