"""Deposits that settle: once, however often somebody asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.engine.files.depositing import SETTLE_MS
from gateway.engine.runner import LEASE_MS
from gateway.engine.vault import LIGHT_BYTES
from gateway.errors import StoreAway
from gateway.facts import Deposited
from gateway.journey import State
from tests.unit.doors.office_world import FIRM, DoorOffice, names, put, tell
from tests.unit.engine.engine_world import ALENA

BOX = f"/to/{FIRM}/office"


def due_ms(house: DoorOffice, stream: str) -> int | None:
    return house.records._streams[stream].due_ms


def test_what_a_close_appends(tmp_path: Path) -> None:
    """One fact with who, where and what, due in five seconds; nothing of a transfer yet."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt", b"abc", mtime=5)
        (stream,) = house.deposits()
        (fact,) = house.facts(stream)
        assert isinstance(fact, Deposited)
        assert (ALENA, FIRM, f"{BOX}/a.txt", "text/plain", 3, 5) == (
            fact.party.person, fact.partner, fact.path, fact.item.media, fact.item.size_bytes, fact.mtime,
        )  # fmt: skip
        assert house.clock.now_ms() + SETTLE_MS == due_ms(house, stream)
        assert [] == house.transfers()

    tell(tmp_path, story)


def test_settling_twice(tmp_path: Path) -> None:
    """A second crew, or a lease that ran out, finds it done; the deposit is due no more."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt", b"abc")
        (stream,) = house.deposits()
        await house.settles()
        assert None is await house.depositing.settle(stream)
        assert None is due_ms(house, stream)
        assert 1 == len(house.transfers())
        assert None is await house.depositing.settle("deposit/T-NOBODY")

    tell(tmp_path, story)


def test_settling_too_early(tmp_path: Path) -> None:
    """What was renamed after it was claimed is due again at its new time, not when the lease runs out."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt", b"abc")
        (stream,) = house.deposits()
        await house.writer.claim(
            now_ms=house.clock.now_ms() + SETTLE_MS, until_ms=house.clock.now_ms() + LEASE_MS, limit=9
        )
        assert None is await house.depositing.settle(stream)
        assert house.clock.now_ms() + SETTLE_MS == due_ms(house, stream)

    tell(tmp_path, story)


def test_a_full_store_acknowledges_nothing(tmp_path: Path) -> None:
    """When the facts cannot be written there is no OK, no file in the view, and no content left behind."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await names(tree, BOX)
        house.records.is_away = True
        with pytest.raises(StoreAway):
            await put(tree, f"{BOX}/a.txt", b"abc")
        house.records.is_away = False
        assert "a.txt" not in await names(tree, BOX)
        assert [] == list(house.blobs.names())
        assert None is await put(tree, f"{BOX}/a.txt", b"abc")

    tell(tmp_path, story)


def test_the_rules_change_while_it_settles(tmp_path: Path) -> None:
    """The rules of the hand-over decide: what was allowed at OPEN is refused, and its sender is told."""

    async def story(house: DoorOffice) -> None:
        await put(house.tree(), f"{BOX}/a.txt", b"abc")
        await house.publishes()  # the sample's own rules: no box at the firm
        await house.settles()
        (transfer, *_) = house.transfers()
        assert [State.REFUSED] == house.states(transfer)
        assert 1 == len(house.notes_about(transfer))

    tell(tmp_path, story)


def test_a_light_file_is_kept_with_its_deposit(tmp_path: Path) -> None:
    """One write holds both; a larger one has a blob of its own. Both can be handed over."""

    async def story(house: DoorOffice) -> None:
        tree = house.tree()
        await put(tree, f"{BOX}/light.txt", b"abc")
        assert [] == list(house.blobs.names())
        await put(tree, f"{BOX}/heavy.txt", b"abc" * LIGHT_BYTES)
        assert 1 == len(list(house.blobs.names()))
        await house.settles()
        assert [[State.OFFERED]] * 2 == [house.states(one) for one in house.transfers()]

    tell(tmp_path, story)


def test_a_session_that_ends_in_order_wakes_the_runner(tmp_path: Path) -> None:
    """What is due at once is looked at now, not at the next look."""

    async def story(house: DoorOffice) -> None:
        woken: list[bool] = []
        house.depositing.wake = lambda: woken.append(True)
        tree = house.tree()
        await tree.leave(was_clean=True)
        assert [] == woken
        await put(tree, f"{BOX}/a.txt", b"abc")
        await tree.leave(was_clean=True)
        assert [True] == woken

    tell(tmp_path, story)
