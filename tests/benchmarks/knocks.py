"""A load of sign-ins: each a new connection, a key, the SFTP subsystem, one STAT, and good-bye.

`python -m tests.benchmarks.knocks PORT USER KEY AT_ONCE COUNT` prints how many a second went through. The key exchange
is what OpenSSH and we both have; the client is asyncssh, on uvloop. Bounded in count; stops by itself.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

import asyncssh
import uvloop


async def knock(port: int, user: str, key: asyncssh.SSHKey) -> None:
    """One."""
    async with (
        asyncssh.connect(
            "127.0.0.1",
            port,
            username=user,
            client_keys=[key],
            known_hosts=None,
            config=None,
            agent_path=None,
            kex_algs=["curve25519-sha256"],
            encryption_algs=["aes128-gcm@openssh.com"],
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        await sftp.stat(".")


async def main(port: int, user: str, key_file: str, at_once: int, count: int) -> float:
    """All of them, so many at once; a second's worth."""
    key = asyncssh.read_private_key(key_file)
    waiting: Iterator[int] = iter(range(count))

    async def one_after_another() -> None:
        for _ in waiting:
            await knock(port, user, key)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(one_after_another())
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    port, user, key, at_once, count = sys.argv[1:]
    uvloop.install()
    print(asyncio.run(main(int(port), user, key, int(at_once), int(count))))
