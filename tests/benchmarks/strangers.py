"""How long signing in takes while hundreds are connected who never will. `python -m tests.benchmarks.strangers [IDLE]`.

The strangers come from addresses of their own and say nothing; whoever the door shows out comes back after some
seconds. Measured is a whole sign-in by key: connection, key exchange, proof, one SFTP request.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.boxes import FileClient
from tests.house import ALENA, House
from tests.interop.raw_sftp import Sftp, signed_in

IDLE = 300
SIGN_INS = 50
BACK_S = 5.0


@asynccontextmanager
async def strangers(port: int, number: int) -> AsyncIterator[None]:
    """So many who say nothing and come back."""

    async def one(source: str) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
                try:
                    while await reader.read(1024):
                        pass
                finally:
                    writer.transport.abort()
            await asyncio.sleep(BACK_S)

    async with asyncio.TaskGroup() as group:
        here = [group.create_task(one(f"127.0.{1 + n // 200}.{1 + n % 200}")) for n in range(number)]
        await asyncio.sleep(1)
        yield
        for task in here:
            task.cancel()


async def sign_ins(clerk: FileClient) -> list[float]:
    """Milliseconds, shortest first."""
    found = []
    for _ in range(SIGN_INS):
        began = time.perf_counter()
        async with signed_in(clerk, "127.0.0.1") as connection:
            assert await (await Sftp.begun(connection)).names("/")
            found.append((time.perf_counter() - began) * 1000)
    return sorted(found)


async def measure(clerk: FileClient, idle: int) -> str:
    """Alone, then among strangers."""
    alone = await sign_ins(clerk)
    async with strangers(clerk.port, idle):
        among = await sign_ins(clerk)
    rows = (("nobody else", alone), (f"{idle} idle strangers", among))
    return "\n".join(
        f"{name}: p50 {ms[len(ms) // 2]:.0f} ms, p98 {ms[-2]:.0f} ms, most {ms[-1]:.0f} ms" for name, ms in rows
    )


def main() -> None:
    """Lay out an office, and measure at its door."""
    idle = int(sys.argv[1]) if len(sys.argv) > 1 else IDLE
    with tempfile.TemporaryDirectory(prefix="sealgate-strangers-") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.opens()
            print(asyncio.run(measure(house.desk_of(ALENA), idle)))
        finally:
            house.ends()


if __name__ == "__main__":
    main()
