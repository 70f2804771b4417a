"""OpenSSH's own server: the peer the file door is measured against. It writes what comes into a plain folder.

It gets every advantage it can have: its SFTP server inside itself, no file synced unless the client asks, no limit on
who comes. Nothing is hashed, judged, encrypted at rest or written down.
"""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.boxes import SSHD, FileClient, make_key
from tests.world import eventually

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host
PidFile none
UsePAM no
StrictModes no
AuthorizedKeysFile {home}/client/key.pub
PasswordAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
"""


@dataclass(slots=True)
class Sshd:
    """One `sshd` on loopback."""

    client: FileClient
    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def opened(cls, home: Path) -> Sshd:
        """Lay it out and start it."""
        assert SSHD is not None
        folder = home / "in"
        folder.mkdir(parents=True)
        make_key(home / "host")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        user = pwd.getpwuid(os.geteuid()).pw_name  # without root, sshd lets in its own user alone
        client = FileClient.at(home / "client", user, port, (home / "host.pub").read_text())
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as its service does; root's will not start without
        (home / "config").write_text(CONFIG.format(port=port, home=home))
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(home / "config")], stderr=subprocess.DEVNULL)
        assert eventually(lambda: _answers(port)), "sshd does not start"
        return cls(client, folder, process)

    def close(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as door:
            return door.recv(4) == b"SSH-"
    except OSError:
        return False
