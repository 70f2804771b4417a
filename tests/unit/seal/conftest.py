"""Keys of every kind, made by GnuPG in a throw-away home at times of our choosing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.seal.registrar import Registrar

JANUARY = 1_767_225_600_000  # 2026-01-01
DAY = 86_400_000
JULY = JANUARY + 181 * DAY


class Locksmith:
    """Makes keys. Times are milliseconds; a key is made in January unless said otherwise."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def gpg(self, *arguments: str, at_ms: int = JANUARY, stdin: bytes = b"") -> bytes:
        clock = f"{at_ms // 1000}!"
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback",
                   "--passphrase", "", "--faked-system-time", clock, *arguments]  # fmt: skip
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def key(self, user: str, *, at_ms: int = JANUARY, algorithm: str = "ed25519", lasts: str = "0") -> str:
        """A primary key that signs; its fingerprint."""
        said = self.gpg("--status-fd", "1", "--quick-gen-key", user, algorithm, "sign,cert", lasts, at_ms=at_ms)
        return next(line.split()[3] for line in said.decode().splitlines() if " KEY_CREATED " in line)

    def subkey(self, key: str, *, at_ms: int = JANUARY, algorithm: str = "cv25519", lasts: str = "0") -> str:
        """An encryption subkey; its fingerprint."""
        self.gpg("--quick-add-key", key, algorithm, "encr", lasts, at_ms=at_ms)
        listing = self.gpg("--with-colons", "--with-subkey-fingerprint", "--list-keys", key, at_ms=at_ms).decode()
        return [line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr")][-1]

    def pair(self, user: str, **more: str) -> str:
        """A good key with an encryption subkey; the primary's fingerprint."""
        key = self.key(user, **more)  # type: ignore[arg-type]
        self.subkey(key)
        return key

    def public(self, key: str, *, at_ms: int = JANUARY) -> bytes:
        return self.gpg("--armor", "--export", key, at_ms=at_ms)

    def secret(self, key: str) -> bytes:
        return self.gpg("--export-secret-keys", key)

    def edit(self, key: str, *commands: str, at_ms: int = JANUARY) -> None:
        words = "\n".join((*commands, "save", "")).encode()
        self.gpg("--command-fd", "0", "--expert", "--edit-key", key, at_ms=at_ms, stdin=words)

    def revoke(self, key: str) -> bytes:
        """The key with its own revocation."""
        prepared = (self.home / "openpgp-revocs.d" / f"{key}.rev").read_bytes()
        self.gpg("--import", stdin=prepared.replace(b":-----BEGIN", b"-----BEGIN"))
        return self.public(key)

    def open(self, message: bytes) -> bytes:
        return self.gpg("--decrypt", stdin=message, at_ms=JULY)


@pytest.fixture(scope="session")
def locksmith() -> Iterator[Locksmith]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    home = Path(tempfile.mkdtemp(prefix="sg-"))  # short: an agent's socket path may have 108 bytes
    yield Locksmith(home)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def registrar(tmp_path: Path) -> Registrar:
    return Registrar(tmp_path / "ring")
