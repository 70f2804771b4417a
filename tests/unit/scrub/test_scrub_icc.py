"""Colour profiles keep their colours and lose their texts."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageCms

from gateway.scrub import icc

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_texts_go_and_twice_is_once() -> None:
    """No word of the maker is left, and rebuilding again changes nothing."""
    plain = icc.rebuilt(SRGB)

    assert plain is not None
    assert b"sRGB" in SRGB.replace(b"\0", b"")
    assert b"sRGB" not in plain.replace(b"\0", b"")
    assert plain == icc.rebuilt(plain)


def test_colours_are_the_same() -> None:
    """Little CMS converts a picture to the same numbers with either."""
    plain = icc.rebuilt(SRGB)
    assert plain is not None
    picture = Image.merge("RGB", [Image.radial_gradient("L").rotate(turn) for turn in (0, 90, 180)])

    def converted(profile: bytes) -> bytes:
        result = ImageCms.profileToProfile(
            picture, io.BytesIO(profile), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        assert result is not None
        return result.tobytes()

    assert converted(SRGB) == converted(plain)


@pytest.mark.parametrize("profile", [b"", bytes(200), SRGB[:-1], SRGB + b"x", SRGB[:128] + b"\xff" * 20])
def test_what_is_not_a_profile_is_none(profile: bytes) -> None:
    """A profile that does not add up is better left out."""
    assert icc.rebuilt(profile) is None
