"""The world of files: a clerk's OpenSSH `sftp`, and a partner's real `sshd` with a box to push into.

Everything listens on loopback, uses keys made on the spot and stops by itself.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.world import eventually

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
MISSING = [name for name, found in (("sftp", shutil.which("sftp")), ("sshd", SSHD)) if not found]
"""What of OpenSSH is not installed."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a batch of `sftp` came to."""

    code: int
    said: str

    @property
    def was_taken(self) -> bool:
        """True if every line of it was done."""
        return self.code == 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What stands in `/receipts/` about one file: for a person, and for whoever must be convinced."""

    words: str
    state: str
    stripped: dict[str, int]
    bundle: bytes


@dataclass(frozen=True, slots=True)
class FileClient:
    """Somebody's OpenSSH `sftp`, with their key and the door's pinned host key; nothing of this machine's settings."""

    user: str
    port: int
    home: Path

    @classmethod
    def at(cls, home: Path, user: str, port: int, host_key: str) -> FileClient:
        """With a key made on the spot, knowing the door by its public key, a line as in a `.pub` file."""
        home.mkdir()
        (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
        make_key(home / "key")
        return cls(user, port, home)

    @property
    def public_key(self) -> Path:
        """What they hand to the administrator."""
        return self.home / "key.pub"

    def flags(self, port: str = "-P") -> list[str]:
        """OpenSSH's options; `ssh` calls the port `-p`."""
        options = ["StrictHostKeyChecking=yes", f"UserKnownHostsFile={self.home / 'known_hosts'}", "BatchMode=yes",
                   "IdentitiesOnly=yes", "LogLevel=ERROR", f"User={self.user}"]  # fmt: skip
        return [
            "-F",
            "none",
            *(f"-o{option}" for option in options),
            "-i",
            str(self.home / "key"),
            port,
            str(self.port),
        ]

    def runs(self, *lines: str) -> Told:
        """A batch; it ends at the first line that is refused."""
        command = ["sftp", "-q", *self.flags(), "-b", "-", "127.0.0.1"]
        script = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(
            command, input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.home,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, timeout=60, check=False,
        )  # fmt: skip
        return Told(done.returncode, done.stdout.decode("utf-8", "replace"))

    def hands_in(self, content: bytes, path: str) -> Told:
        """Upload it there."""
        (self.home / "draft").write_bytes(content)
        return self.runs(f'put draft "{path}"')

    def lists(self, folder: str) -> list[str]:
        """The names in a folder. Fails if there is none."""
        told = self.runs(f'ls -1 "{folder}"')
        assert told.was_taken, told.said
        lines = [line for line in told.said.splitlines() if line and not line.startswith("sftp>")]
        return [line.rstrip("/").rpartition("/")[2] for line in lines]

    def reads(self, path: str) -> bytes:
        """What is there. Fails if it may not be read."""
        target = self.home / "back"
        told = self.runs(f'get "{path}" back')
        assert told.was_taken, told.said
        content = target.read_bytes()
        target.unlink()
        return content

    def awaits(self, folder: str, part: str) -> str:
        """The path of the file in the folder whose name has this in it, once it is there. Fails if it does not come."""
        found: list[str] = []

        def is_there() -> bool:
            found[:] = [name for name in self.lists(folder) if part in name]
            return bool(found)

        assert eventually(is_there, 40), f"nothing like {part} came into {folder}: {self.lists(folder)}"
        return f"{folder.rstrip('/')}/{found[0]}"

    def receipt(self, name: str, *, state: str) -> Receipt:
        """Their receipt for the file of that name, once it says this and holds the proof. Fails if it does not."""
        found: list[Receipt] = []

        def says_so() -> bool:
            title = next((one for one in self.lists("/receipts") if one.endswith(f"-{name}.json")), "")
            told = json.loads(self.reads(f"/receipts/{title}")) if title else {}
            if told.get("state") != state or not told.get("bundle"):
                return False
            words = self.reads("/receipts/" + title.removesuffix(".json") + ".txt").decode("utf-8-sig")
            found.append(Receipt(words, state, told["stripped"], base64.b64decode(told["bundle"])))
            return True

        assert eventually(says_so, 40), f"no receipt says that {name} is {state}: {self.lists('/receipts')}"
        return found[0]


@dataclass(slots=True)
class PartnerBox:
    """A partner's `sshd` on loopback, for SFTP alone, landing in a folder. Knows our key; we pin its."""

    home: Path
    port: int
    host_key: Path
    _server: subprocess.Popen[bytes] | None = None

    @classmethod
    def built(cls, home: Path, port: int, host_key: Path, our_key: str) -> PartnerBox:
        """A folder, and the line we sent them; not yet listening."""
        (home / "in").mkdir(parents=True)
        (home / "authorized_keys").write_text(f"{our_key}\n")
        return cls(home, port, host_key)

    def opens(self) -> None:
        """Listen. Fails if it cannot."""
        assert SSHD is not None
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as its service does; root's will not start without
        config = self.home / "config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.host_key}\nPidFile none\nUsePAM no\n"
            f"StrictModes no\nAuthorizedKeysFile {self.home}/authorized_keys\nPasswordAuthentication no\n"
            f"Subsystem sftp internal-sftp\nForceCommand internal-sftp -d {self.home}/in\n"
        )
        said = self.home / "said"
        with said.open("wb") as log:
            self._server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
        assert eventually(lambda: b"listening" in said.read_bytes()), f"sshd does not start: {said.read_text()}"

    def ends(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait()
            self._server = None

    def received(self) -> dict[str, bytes]:
        """What lies there, by name; nothing unfinished."""
        return {path.name: path.read_bytes() for path in (self.home / "in").iterdir() if not path.name.startswith(".")}

    def awaits(self, part: str) -> tuple[str, bytes]:
        """The file whose name has this in it, once it has come. Fails if it does not."""

        def found() -> list[tuple[str, bytes]]:
            return [(name, content) for name, content in self.received().items() if part in name]

        assert eventually(lambda: bool(found()), 40), f"nothing like {part} came: {sorted(self.received())}"
        return found()[0]


def make_key(path: Path) -> None:
    """An Ed25519 key and its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)], check=True)
