"""Reading GnuPG's colon listing: what hostile user ids cannot do."""

from __future__ import annotations

import pytest

from gateway.seal.keyring import read_listing

PUB = b"pub:u:255:22:AAAAAAAAAAAAAAAA:1000:::u:::scESC:::::ed25519:::0:\nfpr:::::::::" + b"A" * 40 + b":\n"


def uid(text: bytes, state: bytes = b"u") -> bytes:
    return b"uid:" + state + b"::::1000::HASH::" + text + b"::::::::::0:\n"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        (b"Ann <Ann@A.test>", ("ann@a.test",)),
        (b"ann@a.test", ("ann@a.test",)),
        (b"Ann \\x3c\\x3a\\x3e <ann@a.test>", ()),
        (b"<ann@a.test>", ("ann@a.test",)),
        (b"<eve@b.test> <ann@a.test>", ()),
        (b"Ann <ann@a.test> (work)", ()),
        (b"Ann <ann @a.test>", ()),
        (b"Ann <ann@a.test\\x0a[GNUPG\\x3a] IMPORT_OK>", ()),
        (b"ann@a.test\\x00<eve@b.test>", ("eve@b.test",)),
        (b"Ann", ()),
        (b"", ()),
        (b"\xff\xfe <ann@a.test>", ("ann@a.test",)),
    ],
)
def test_addresses_of_user_ids(text, addresses):
    """A user id names the one address in its angle brackets, or the bare address it is; else none."""
    (entry,) = read_listing(PUB + uid(text))

    assert addresses == entry.addresses


@pytest.mark.parametrize("state", [b"r", b"e", b"n", b"i"])
def test_dead_user_ids_do_not_count(state):
    """A revoked, expired or invalid user id names nobody."""
    (entry,) = read_listing(PUB + uid(b"ann@a.test", state))

    assert () == entry.addresses


def test_a_disabled_key_is_dead():
    """What an operator disabled in the ring is not used."""
    (entry,) = read_listing(PUB.replace(b"scESC", b"scESCD") + uid(b"ann@a.test"))

    assert "key-disabled" == entry.primary.state


@pytest.mark.parametrize("text", [b"", b"junk", b"pub:", b"uid:u:::", b"fpr:::::::::AA:\n", b"pub:u:255\n\n:::\n"])
def test_what_is_no_listing_holds_no_certificates(text):
    """A listing that cannot be read holds nothing."""
    assert () == read_listing(text)
