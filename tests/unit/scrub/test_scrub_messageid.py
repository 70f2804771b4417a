"""Message-IDs: what names an inner host is mapped, always to the same, and the rest stays."""

from __future__ import annotations

import pytest

from gateway.scrub.messageid import MessageIds

IDS = MessageIds(secret_key=bytes(32), domains=("town.example", "town.test"))


@pytest.mark.parametrize(
    "host",
    [
        b"PC-17",
        b"pc17.lan",
        b"pc17.Corp",
        b"pc17.home.arpa",
        b"srv.ad.internal",
        b"[192.168.1.5]",
        b"192.168.1.5",
        b"[IPv6:fd00::1]",
        b"pc17.town.example",
        b"localhost.localdomain",
    ],
)
def test_an_inner_host_is_mapped(host: bytes) -> None:
    """Neither its name nor what stands before it is left; the new id is the office's."""
    new = IDS.rewritten(b"Message-ID: <20261121.1700.4711@" + host + b">\r\n")

    assert host.lower() not in new.lower()
    assert b"4711" not in new
    assert new.startswith(b"Message-ID: <")
    assert new.endswith(b"@town.example>\r\n")


@pytest.mark.parametrize(
    "name",
    [b"<1@town.example>", b"<1@town.test>", b"<1@mail.gmail.com>", b"<1@prod.outlook.com>", b"<no-host>", b"words"],
)
def test_a_public_host_stays(name: bytes) -> None:
    """Ids that tell no more than the address does are left alone, and so is what is none."""
    assert name == IDS.rewritten(name)


def test_a_thread_stays_one() -> None:
    """The same id becomes the same wherever it stands, beside others that stay."""
    (first,) = IDS.rewritten(b"<1@pc.lan>").split()

    assert b"References: <0@mail.gmail.com>\r\n " + first + b"\r\n <2@town.test>\r\n" == IDS.rewritten(
        b"References: <0@mail.gmail.com> <1@pc.lan>\r\n\t<2@town.test>\r\n"
    )


def test_no_line_grows_too_long() -> None:
    """A line full of short ids is folded, for each of ours is longer."""
    new = IDS.rewritten(b"References: " + b"<a@b>" * 190 + b"\r\n")

    assert max(len(line) for line in new.split(b"\r\n")) < 100
    assert 190 == new.count(b"@town.example>")


def test_nobody_without_the_key_can_tell_which_it_was() -> None:
    """Another office's map gives another id."""
    other = MessageIds(secret_key=b"\1" * 32, domains=IDS.domains)

    assert IDS.rewritten(b"<1@pc.lan>") != other.rewritten(b"<1@pc.lan>")
