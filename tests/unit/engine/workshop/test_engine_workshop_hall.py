"""Who starts confined processes, at a socket in the file system as under systemd."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.engine.workshop import WorkshopAway, frames
from gateway.engine.workshop.frames import Frame, Task
from gateway.engine.workshop.hall import Hall, at
from gateway.engine.workshop.pool import Pool
from tests.world import eventually

pytestmark = pytest.mark.slow

WORKER = "gateway.engine.workshop.worker_main"
SERVE = """
import socket, sys
from gateway.engine.workshop.hall_main import Hall
Hall().serve(listener=socket.socket(fileno=int(sys.argv[1])))
"""
GATEWAY = """
import asyncio, sys
from pathlib import Path
from gateway.engine.workshop.hall import Hall, at
from gateway.engine.workshop.pool import Pool

async def main():
    await Pool(Hall(at(Path(sys.argv[1]))), "gateway.engine.workshop.worker_main", size=1, seconds=5).start()
    print("started", end="", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@dataclass
class Standing:
    """A hall that listens, in a process of its own, and can be ended and started again."""

    place: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(self.place))
            listener.listen(4)
            command = [sys.executable, "-c", SERVE, str(listener.fileno())]
            self.process = subprocess.Popen(command, pass_fds=(listener.fileno(),))

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def children(self) -> list[str]:
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()


@pytest.fixture
def standing() -> Iterator[Standing]:
    with tempfile.TemporaryDirectory(prefix="h") as folder:
        hall = Standing(Path(folder) / "workshop.sock")
        hall.start()
        try:
            yield hall
        finally:
            hall.end()


def test_it_serves_several_and_ends_each_ones_processes_with_it(standing: Standing) -> None:
    """Two gateways have a worker each; when one leaves, its worker goes and the other's stays."""

    async def story() -> None:
        halls = [Hall(at(standing.place)) for _ in range(2)]
        pools = [Pool(hall, WORKER, size=1, seconds=5) for hall in halls]
        for pool in pools:
            await pool.start()
        assert 2 == len(standing.children())
        for left, (pool, hall) in zip((1, 0), zip(pools, halls, strict=True), strict=True):
            await pool.close()
            await hall.close()
            assert eventually(lambda left=left: left == len(standing.children()))  # type: ignore[misc]

    asyncio.run(story())


def test_a_gateway_that_is_killed_leaves_nothing(standing: Standing) -> None:
    """Its sockets close, and all that worked for it is gone, though nobody said a word."""
    gateway = subprocess.Popen([sys.executable, "-c", GATEWAY, str(standing.place)], stdout=subprocess.PIPE)
    with gateway:
        assert gateway.stdout is not None
        assert b"started" == gateway.stdout.read(7)
        before = standing.children()
        gateway.kill()

    assert 1 == len(before)
    assert eventually(lambda: standing.children() == [])


def test_a_hall_that_comes_back_is_found(standing: Standing) -> None:
    """It dies with its workers; the pool reaches for the next one until there is one, and answers again."""

    async def story() -> tuple[bool, bool]:
        hall = Hall(at(standing.place))
        pool = Pool(hall, WORKER, size=1, seconds=5)
        try:
            await pool.start()
            standing.end()
            standing.start()
            async with asyncio.timeout(30):
                while not standing.children():
                    await asyncio.sleep(0)
            return pool.ready is not None, hall._reached is not None
        finally:
            await pool.close()
            await hall.close()

    assert (True, True) == asyncio.run(story())


def test_no_content_is_to_blame_when_the_whole_workshop_dies(standing: Standing) -> None:
    """Handed over in the moment in which nobody has noticed yet: to be tried again, never refused for good."""

    async def story() -> None:
        hall = Hall(at(standing.place))
        pool = Pool(hall, WORKER, size=1, seconds=5)
        try:
            await pool.start()
            standing.end()
            with pytest.raises(WorkshopAway):
                await pool.ask(Task.SKELETON, b"Subject: x\r\n\r\n", read=lambda frame: frame.close())
        finally:
            await pool.close()
            await hall.close()

    asyncio.run(story())


def test_nobody_waits_for_a_hall_that_is_not_there() -> None:
    """A start without one fails at once."""

    async def story() -> None:
        hall = Hall(at(Path("/nowhere/workshop.sock")))
        with pytest.raises(WorkshopAway):
            await Pool(hall, WORKER, size=1, seconds=5).start()
        await hall.close()

    asyncio.run(story())


@pytest.mark.parametrize(("module", "arguments"), [("os", ()), (WORKER, ("limits",)), (WORKER, ("drills",))])
def test_it_starts_nothing_else(standing: Standing, module: str, arguments: tuple[str, ...]) -> None:
    """Neither another program nor a process that is confined less than it should be, whoever asks."""

    async def story() -> str:
        hall = Hall(at(standing.place))
        with pytest.raises(WorkshopAway) as caught:
            await hall.launch(module, arguments)
        await hall.close()
        return caught.value.cause

    assert "a process cannot be started: it is not started here" == asyncio.run(story())
    assert [] == standing.children()


@pytest.mark.parametrize("kind", [Task.SKELETON, Task.LAUNCH, Task.END, 99])
def test_nonsense_ends_the_conversation_and_no_other(standing: Standing, kind: int) -> None:
    """An order no gateway gives, or one without its descriptor; who talks sense beside it is served."""

    def heard() -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(30)
            sock.connect(str(standing.place))
            frames.send(sock, Frame(1, kind, b"what is this"))
            return sock.recv(100)

    async def sense() -> int:
        hall = Hall(at(standing.place))
        started = await hall.launch(WORKER)
        started.sock.close()
        os.close(started.pidfd)
        await hall.close()
        return started.pidfd

    assert b"" == heard()
    assert asyncio.run(sense()) > 0
