"""OpenSSH's own `sftp` against the door with a real office behind it: handing in, refusal, collecting, receipts."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import asyncssh
import pytest

from gateway.doors.guard import Guard, Penalties
from gateway.doors.sftp.server import SftpDoor
from gateway.doors.sftp.settings import Settings
from gateway.journey import State
from tests.boxes import MISSING, FileClient, Told
from tests.unit.doors.office_world import FIRM, PARTNER, DoorOffice, office
from tests.unit.doors.sftp_world import USUAL, People, key
from tests.unit.engine.engine_world import ALENA

pytestmark = [pytest.mark.interop, pytest.mark.slow]
BOX = f"/to/{FIRM}/office"
TEXT = b"The terms are agreed.\r\n" * 60_000  # more than fits one span: it is staged
SAID = 1_600_000_000


class Desks:
    """Alena's desk and the firm's, at one door."""

    def __init__(self, house: DoorOffice, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.people = People(ways={ALENA: USUAL, PARTNER: USUAL}, keys={})

    async def sits_down(self, name: str, port: int) -> FileClient:
        public = key("host").export_public_key().decode().strip()
        client = await asyncio.to_thread(FileClient.at, self.folder / name.replace(":", "-"), name, port, public)
        fingerprint = asyncssh.read_public_key(client.public_key).get_fingerprint()
        self.people.keys[name] = {fingerprint}
        return client


async def runs(client: FileClient, *lines: str) -> Told:
    return await asyncio.to_thread(client.runs, *lines)


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_openssh_and_the_office(tmp_path: Path) -> None:
    """put -p, rename, refusal, ls, resume, rm; the firm gets it from its inbox; the clerk reads the receipt."""

    async def story() -> None:
        async with office(tmp_path / "office") as house:
            house.offices.quota_bytes = 1 << 30
            desks = Desks(house, tmp_path)
            door = SftpDoor(
                desks.people, house.offices.tree_for, host_keys=(key("host"),), settings=Settings(),
                guard=Guard(now=lambda: 0.0, penalties=Penalties(free=100)), clock=house.clock,
            )  # fmt: skip
            async with door:
                port = await door.listen("127.0.0.1", 0)
                await tell(desks, await desks.sits_down(ALENA, port), await desks.sits_down(PARTNER, port))

    asyncio.run(story())


async def tell(desks: Desks, alena: FileClient, firm: FileClient) -> None:
    house = desks.house
    (alena.home / "terms.txt").write_bytes(TEXT)
    (alena.home / "half.txt").write_bytes(TEXT[:700_000])
    os.utime(alena.home / "terms.txt", (SAID, SAID))

    told = await runs(alena, f"cd {BOX}", "put -p terms.txt draft.txt", "rename draft.txt terms.txt", "ls -l", "df")
    assert told.was_taken, told.said
    assert re.search(rf"{len(TEXT)} .* terms.txt", told.said)
    await house.settles(0)  # it left in order, so nothing needs to be waited for
    assert [State.OFFERED] == [house.states(one)[0] for one in house.transfers()]

    told = await runs(alena, "put terms.txt /to/court/terms.txt")
    assert not told.was_taken
    assert "Permission denied" in told.said

    told = await runs(alena, f"cd {BOX}", "put half.txt more.txt", "put half.txt gone.txt", "rm gone.txt")
    assert told.was_taken, told.said
    told = await runs(alena, f"get {BOX}/terms.txt")
    assert not told.was_taken  # handed over: it cannot be read back

    told = await runs(firm, "ls /", "get /inbox/terms.txt back.txt")
    assert told.was_taken, told.said
    assert TEXT == (firm.home / "back.txt").read_bytes()
    assert State.COLLECTED in [house.states(one)[0] for one in house.transfers()]
    assert not (await runs(firm, "ls /to")).was_taken

    told = await runs(alena, "get /receipts/2026-11-23-terms.txt.txt", f'get "/to/{FIRM}/_READ ME.txt" me.txt')
    assert told.was_taken, told.said
    receipts = [path.read_text("utf-8-sig") for path in alena.home.glob("2026-*.txt")]
    assert any("was collected" in text for text in receipts), receipts
    assert "Smith & Day" in (alena.home / "me.txt").read_text("utf-8-sig")
