"""asyncssh's own SFTP server, as it comes: the library the file door is built on, measured beside it.

`python -m tests.benchmarks.peer_asyncssh HOST_KEY CLIENT_KEY` prints its port and serves until it is killed. It has
asyncio's own loop, its own SFTP handlers and a plain folder; like OpenSSH it does nothing else with a file.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tests.boxes import FileClient, make_key
from tests.house import ROOT


@dataclass(slots=True)
class Stock:
    """One of them, in a process of its own."""

    client: FileClient
    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def opened(cls, home: Path) -> Stock:
        """Lay it out and start it."""
        folder = home / "in"
        folder.mkdir(parents=True)
        make_key(home / "host")
        client = FileClient.at(home / "client", "bench", 0, "")
        words = [sys.executable, "-m", __spec__.name, str(home / "host"), str(client.public_key)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        (client.home / "known_hosts").write_text(f"[127.0.0.1]:{port} {(home / 'host.pub').read_text()}")
        return cls(FileClient(client.user, port, client.home), folder, process)

    def close(self) -> None:
        """Stop it."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


async def _serve(host_key: str, client_key: str) -> None:
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key], authorized_client_keys=client_key, sftp_factory=True, config=None
    )
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
