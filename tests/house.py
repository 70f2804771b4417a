"""A whole gateway: an office laid out by `sealgate init`, run by `sealgate serve`, in processes of its own.

Verbs here are what a story may use of the office; they go through the public command only.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.world import Correspondent, MailClient, PartnerServer, eventually

SEALGATE = [sys.executable, "-m", "gateway.commands.main"]
ROOT = Path(__file__).resolve().parents[1]


def free_base() -> int:
    """A base port whose derived ports are free now."""
    for base in range(20000 + os.getpid() % 97 * 100, 52000, 9000 // 61):
        ports = [base + n for n in (25, 465, 587, 22, 443, 8443, 2525)]
        if all(_is_free(port) for port in ports):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass(slots=True)
class House:
    """One office on loopback."""

    folder: Path
    base: int
    passwords: dict[str, str]
    ca: Path
    ledger_key: str
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def laid_out(cls, folder: Path) -> House:
        """`sealgate init DIR --loopback BASE --json`."""
        base = free_base()
        office = folder / "office"
        told = json.loads(_run("init", str(office), "--loopback", str(base), "--json"))
        passwords = {account["address"]: account["password"] for account in told["accounts"]}
        return cls(office, base, passwords, Path(told["ca"]), told["ledger_key"])

    # ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────

    def opens(self, *, within: list[str] | None = None) -> None:
        """`sealgate serve`; returns when the doors answer. `within` wraps the command (strace, say)."""
        log = (self.folder / "serve.log").open("ab")
        command = [*(within or []), *SEALGATE, "--office", str(self.folder), "serve"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=self.environment)
        log.close()
        if not eventually(self.is_open, 60):
            raise AssertionError("the gateway did not open: " + self.log()[-2000:])

    def is_open(self) -> bool:
        """True when the submission door answers; raises if the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"serve ended with {self.process.returncode}: {self.log()[-2000:]}")
        try:
            with socket.create_connection(("127.0.0.1", self.base + 587), timeout=5) as door:
                door.settimeout(5)
                return door.recv(4) == b"220 "
        except OSError:
            return False

    def closes(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.process = None
        return code

    def dies(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def log(self) -> str:
        """What serve has printed so far."""
        path = self.folder / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    def staff(self, address: str) -> MailClient:
        """A staff member's mail client on 587."""
        return MailClient(address, self.passwords[address], self.base + 587, self.ca)

    def outside(self) -> PartnerServer:
        """The mail server the office routes the outside to; not started."""
        certs = self.folder / "certs"
        return PartnerServer(self.base + 2525, certs / "outside.pem", certs / "outside.key")

    def trusts(self, correspondent: Correspondent, *, by: str = "per@town.test") -> None:
        """`sealgate keys import`: somebody rang the number on file and read out the fingerprint."""
        path = self.folder / "incoming.asc"
        path.write_bytes(correspondent.certificate)
        self.asks("keys", "import", str(path), "--verified", "read by phone", by=by)

    # ── the command ──────────────────────────────────────────────────────────────────────────────────────────────

    def asks(self, *words: str, by: str = "", may_fail: bool = False) -> str:
        """Run a verb; `by` signs in as that person. What it printed."""
        signed: list[str] = []
        if by:
            with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".pw", delete=False) as secret:
                secret.write(self.passwords[by])
            signed = ["--as", by, "--password-file", secret.name]
        return _run("--office", str(self.folder), *words, *signed, may_fail=may_fail)


def _run(*words: str, may_fail: bool = False) -> str:
    done = subprocess.run([*SEALGATE, *words], capture_output=True, cwd=ROOT, timeout=120, check=False)
    if done.returncode and not may_fail:
        raise AssertionError(f"sealgate {' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()
