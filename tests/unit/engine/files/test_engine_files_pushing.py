"""Pushing files: over a real connection, and with the power failing at every border of the voyage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.engine.files.pushing import name_of
from gateway.facts import Deferred, Shipped
from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from gateway.ship.sftp import SftpCarrier
from gateway.ship.sftp_route import is_speakable
from gateway.transfer import Item, Seal, TransferId
from tests.playbook import ITEM
from tests.unit.engine.engine_world import COURT, HOUR, Fuse, rules
from tests.unit.engine.filing_world import BOX, PAPER, FileOffice, no_route, route_at
from tests.unit.ship.sftp_partner import PASSWORD, Partner, key, run

LAST = 80
"""More borders than the voyage has."""


def _boxed() -> Rulebook:
    return rules(BOX)


SECRETS = {"key": key("ours").export_private_key(), "password": PASSWORD.encode() + b"\n"}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_file_arrives_at_a_real_server(tmp_path: Path, secret: bytes) -> None:
    """By key or by password, whichever the credential is; the entry tells what was compared after it was written."""

    async def story() -> None:
        async with Partner(folder=tmp_path).open() as partner:
            rulebook = route_at(f"127.0.0.1:{partner.port}", key("theirs").get_fingerprint())
            office = FileOffice(rulebook=rulebook, carrier=SftpCarrier(), secrets={"court-box": secret})
            async with office.opens():
                transfer = await office.drops()
                await office.rests()
                shipped = office.facts(transfer)[-1]
            assert {"claim.txt": PAPER} == partner.lies_there()
            assert isinstance(shipped, Shipped)
            assert "SHA-256 checked" in shipped.reply

    run(story())


@pytest.mark.parametrize("secret", [b"-----BEGIN OPENSSH PRIVATE KEY-----\nnot one", b"\xff\xfe", b""])
def test_a_secret_that_is_none_loses_nothing(tmp_path: Path, secret: bytes) -> None:
    """The leg waits with a reason that names our side; nothing was attempted."""

    async def story() -> None:
        async with Partner(folder=tmp_path).open() as partner:
            rulebook = route_at(f"127.0.0.1:{partner.port}", key("theirs").get_fingerprint())
            office = FileOffice(rulebook=rulebook, carrier=SftpCarrier(), secrets={"court-box": secret})
            async with office.opens():
                transfer = await office.drops()
                await office.comes_to(transfer, State.WAITING)
                deferred = office.facts(transfer)[-1]
        assert isinstance(deferred, Deferred)
        assert "route-unusable" == deferred.reason.code

    run(story())


@given(st.text(max_size=400), st.sampled_from((Seal.OPENPGP, Seal.TRANSPORT)))
@example("\u4e00" * 400 + ".docx", Seal.OPENPGP)
@example("\U0001f4c4" * 400, Seal.TRANSPORT)
@example("a. .b" + "c" * 30, Seal.OPENPGP)
def test_whatever_a_file_was_called_its_name_can_be_given_to_another_server(name: str, seal: Seal) -> None:
    """A long name in any script loses letters, never its ending, and no file is undeliverable for its name."""
    item = Item(name=name, media="", size_bytes=0, digest=ITEM.digest, blob=ITEM.blob)

    found = name_of(item, seal)

    assert is_speakable(found), found
    assert found.endswith(".pgp") or seal is Seal.TRANSPORT


async def _cut_at(
    border: int, rulebook: Callable[[], Rulebook], label: str
) -> tuple[FileOffice, list[TransferId], str]:
    """Drop a file, be cut off, start again, wait half a day."""
    office, kept = FileOffice(rulebook=rulebook()), list[TransferId]()

    async def story() -> None:
        kept.append(await office.drops(label=label))
        await office.rests()

    async with office.opens():
        await office.trusts(COURT)
    office.has(Fuse(border))
    async with office.opens():
        await office.until_it_dies(story())
    where = office.fuse.where
    office.has(Fuse())
    async with office.opens():
        await office.rests()
        await office.passes(12 * HOUR)
    assert [] == office.fatal
    office.is_whole()
    return office, kept, where


@pytest.mark.slow
@pytest.mark.parametrize("label", ["office", "confidential"])
@pytest.mark.parametrize(
    ("rulebook", "end", "copies"), [(_boxed, State.SHIPPED, 1), (no_route, State.OFFERED, 0)], ids=["box", "shelf"]
)
def test_a_crash_at_any_border_loses_no_file_and_doubles_none(
    rulebook: Callable[[], Rulebook], end: State, copies: int, label: str
) -> None:
    """P5: what was kept ends where it should, and a box is never given a second copy: it is asked first.

    That holds for an encrypted one too, though no pen writes the same bytes twice.
    """
    seen: list[str] = []
    for border in range(1, LAST):
        office, kept, where = asyncio.run(_cut_at(border, rulebook, label))
        seen.append(where)
        here = (border, where)

        assert office.transfers() or not kept, here
        for transfer in office.transfers():
            is_note = bool(office.journey(transfer).transfer.about)
            assert [State.SHIPPED if is_note else end] == office.states(transfer), here
            assert copies == len(office.box.files), here
            if end is State.OFFERED and not is_note:  # who is to collect it is told, and told once
                assert 1 == len(office.notes_about(transfer)), here
        if not where:
            break

    assert "" == seen[-1], "the sweep ended before the voyage did"
    assert ({"answered", "before shipped"} if copies else {"after disk", "before offered received"}) <= set(seen)
