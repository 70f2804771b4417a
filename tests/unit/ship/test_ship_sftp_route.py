"""What a route and a file name may be, by example."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ship import Target
from gateway.ship.sftp_route import Login, Pin, SftpRoute, is_speakable, part_name
from tests.unit.ship.sftp_partner import TRANSFER, key, parcel

FINGERPRINT = "SHA256:" + "A" * 43
MAY = datetime.date(2026, 5, 1)
JUNE = datetime.date(2026, 6, 1)


def of(host: str, *addresses: str, folder: str = "") -> SftpRoute:
    return SftpRoute(
        id="r", target=Target(host=host, port=22, addresses=addresses), pins=(Pin(fingerprint=FINGERPRINT),),
        login=Login(user="town", secret_password="x"), folder=folder,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["a", "Filing 12.pdf", "Müller, 7 May.tar.gz", "-rf", "x" * 255, "console.txt", "a..b", "日本.pdf", "~$x.docx"],
)
def test_says_plain_names(name):
    """Names people give their files are said as they are."""
    assert is_speakable(name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../a", "a/b", "a\\b", "/a", ".part", " a", "a ", "a.", "a\x00b", "a\nb", "a\x7fb", "a\x85b",
        "a\u202egnp.exe", "a\u200bb", "a\ud800b", "é" * 128, "C:a", "a:stream", "a*", "a?", 'a"', "<a>", "a|b",
        "nul", "NUL.pdf", "com1", "lpt9.txt", "cafe\u0301", "\ufeffa",
    ],
)  # fmt: skip
def test_never_says_names_that_mean_more(name):
    """No separators, no devices, no hidden files, no invisible letters, no two ways of writing one."""
    assert not is_speakable(name)


@given(st.text(max_size=20))
def test_a_speakable_name_stays_in_its_folder(name):
    """Whatever passes names a plain file in the route's folder."""
    if is_speakable(name):
        assert ["in", name] == of("h", "192.0.2.1", folder="in").path(name).split("/")


def test_the_temporary_name_is_the_legs():
    """Two legs of a transfer never meet under one temporary name, and no file's name can be one."""
    assert (f".{TRANSFER}.0.part", f".{TRANSFER}.3.part") == (part_name(parcel()), part_name(parcel(leg=3)))
    assert not is_speakable(part_name(parcel()))


@pytest.mark.parametrize(
    ("folder", "path"), [("", "a"), ("in", "in/a"), ("in/", "in/a"), ("/in/x", "/in/x/a"), ("/", "/a")]
)
def test_joins_folder_and_name(folder, path):
    """A folder may be relative to where the sign-in lands, or absolute."""
    assert path == of("h", "192.0.2.1", folder=folder).path("a")


@pytest.mark.parametrize("folder", ["..", "in/../..", "in\nx"])
def test_a_folder_is_plain(folder):
    """A folder that climbs or hides a control character is no route."""
    with pytest.raises(ValueError, match="folder"):
        of("h", "192.0.2.1", folder=folder)


@pytest.mark.parametrize(
    ("host", "addresses", "dialled"),
    [
        ("sftp.court.test", ("93.184.216.34", "10.0.0.5", "::1"), ("93.184.216.34",)),
        ("10.0.0.5", ("10.0.0.5",), ("10.0.0.5",)),
        ("10.0.0.5", ("10.0.0.6",), ()),
        ("localhost", ("127.0.0.1", "10.0.0.5"), ("127.0.0.1",)),
        ("sftp.court.test", ("169.254.169.254",), ()),
    ],
)
def test_dials_inward_only_where_the_route_says_so(host, addresses, dialled):
    """A name that leads to a private address is not followed; an address the rules write down is."""
    assert dialled == of(host, *addresses).addresses


def test_a_pin_counts_on_its_days():
    """Both days are included; without days it always counts."""
    pin = Pin(fingerprint=FINGERPRINT, since=MAY, until=JUNE)
    day = datetime.timedelta(days=1)

    assert [False, True, True, False] == [pin.counts_on(when) for when in (MAY - day, MAY, JUNE, JUNE + day)]
    assert Pin(fingerprint=FINGERPRINT).counts_on(MAY)


@pytest.mark.parametrize("fingerprint", ["", "MD5:aa", "SHA256:short", FINGERPRINT + "="])
def test_a_pin_is_a_fingerprint(fingerprint):
    """Only a SHA-256 fingerprint pins."""
    with pytest.raises(ValueError, match="fingerprint"):
        Pin(fingerprint=fingerprint)


def test_there_is_no_trust_on_first_use():
    """A route without a pin cannot be built."""
    with pytest.raises(ValueError, match="pins"):
        SftpRoute(
            id="r", target=Target(host="h", port=22, addresses=("192.0.2.1",)), pins=(), login=of("h", "::1").login
        )


@pytest.mark.parametrize("secrets", [{}, {"secret_key": b"k", "secret_password": "p"}])
def test_a_login_has_one_secret(secrets):
    """A key or a password, never both and never none."""
    with pytest.raises(ValueError, match="either"):
        Login(user="town", **secrets)


def test_a_secret_shows_nowhere():
    """Neither a key nor a password stands in a representation."""
    secret = key("ours").export_private_key()

    assert secret.decode()[40:60] not in repr(Login(user="town", secret_key=secret))
    assert "CANARY" not in repr(Login(user="town", secret_password="CANARY"))
