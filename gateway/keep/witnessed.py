"""What a witness keeps: its own key and name, the logs it vouches for, and the last head it saw of each.

    folder/                    0700, ours alone
    ├── name, witness.seed     who signs; the key is made once, and never another log's
    ├── logs                   the keys its operator gave: a vkey a line
    ├── published              where a log's office publishes it: origin, space, address or folder, a line each
    ├── <hex H(origin)>        the last checkpoint, with the log's line and ours
    └── <hex H(origin)>.succession   how those keys were followed by others: the proofs, see `ledger.succession`

A head is replaced whole and made durable before anybody hears of it: a witness that forgets can be made to vouch for
two histories. One process serves a folder; `remember` is for it alone. What its operator says may change while it
serves: whoever reads something there to write it anew holds `changing`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import InUse, Misconfigured
from gateway.keep.private import create_file, open_folder, read_file, replace_file, sync

SEED, NAME, LOGS, PUBLISHED, LOCK, CHANGING = "witness.seed", "name", "logs", "published", "lock", "changing"
SUCCESSION = ".succession"
SEED_BYTES = 32


class Witnessed:
    """The memory of one witness."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        os.close(open_folder(folder))

    @classmethod
    def made(cls, folder: Path, *, name: str, entropy: Callable[[int], bytes]) -> Witnessed:
        """The witness in `folder`, made on its first day with a fresh key. Raises `Misconfigured`."""
        descriptor = open_folder(folder, create=True)
        try:
            for file, content in ((SEED, entropy(SEED_BYTES)), (NAME, name.encode()), (LOGS, b"")):
                if not (folder / file).exists():
                    create_file(descriptor, file, content)
            sync(descriptor, str(folder))
        except OSError as why:
            raise Misconfigured(f"{folder} cannot be written: {why.strerror}") from why
        finally:
            os.close(descriptor)
        return cls(folder)

    @property
    def name(self) -> str:
        """The name it signs under."""
        return read_file(self._folder / NAME).decode().strip()

    @property
    def seed(self) -> bytes:
        """The Ed25519 seed; for the witness alone."""
        return read_file(self._folder / SEED)

    def logs(self) -> tuple[str, ...]:
        """The keys of the logs it vouches for."""
        return tuple(line for line in read_file(self._folder / LOGS).decode().splitlines() if line)

    def vouch_for(self, vkey: str) -> None:
        """Add a log's key. Harmless when it is there."""
        with self.changing():
            logs = self.logs()
            if vkey not in logs:
                replace_file(self._folder / LOGS, "".join(f"{line}\n" for line in (*logs, vkey)).encode())

    def published(self) -> dict[str, str]:
        """Where logs are published, by origin, as far as the operator said."""
        path = self._folder / PUBLISHED
        lines = read_file(path).decode().splitlines() if path.is_file() else []
        return dict(line.split(" ", 1) for line in lines)

    def look_at(self, origin: str, place: str) -> None:
        """From now on this log is published there. `place` is one line."""
        with self.changing():
            places = {**self.published(), origin: place}
            replace_file(self._folder / PUBLISHED, "".join(f"{one} {at}\n" for one, at in places.items()).encode())

    def succession(self, origin: str) -> bytes | None:
        """How one key of a log followed another, as far as this witness learned it; None while there was but one."""
        path = self._folder / (name_of(origin) + SUCCESSION)
        return read_file(path) if path.is_file() else None

    def succeed(self, origin: str, proofs: bytes) -> None:
        """Durable when it returns."""
        replace_file(self._folder / (name_of(origin) + SUCCESSION), proofs)

    def head(self, origin: str) -> str | None:
        """The last note seen of a log, or None."""
        return self.head_called(name_of(origin))

    def head_called(self, name: str) -> str | None:
        """Likewise, by the hash of its origin; None too for what is no such name."""
        path = self._folder / name
        is_name = len(name) == 64 and name.isascii() and name.isalnum()
        return read_file(path).decode() if is_name and path.is_file() else None

    def remember(self, origin: str, note: str) -> None:
        """Durable when it returns."""
        replace_file(self._folder / name_of(origin), note.encode())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from serving this witness. Raises `InUse`."""
        with self._lock(LOCK) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as why:
                raise InUse(f"another process serves the witness in {self._folder}") from why
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Wait until nobody else changes what this witness knows, and keep them from it. Blocks."""
        with self._lock(CHANGING) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _lock(self, name: str) -> Iterator[int]:
        lock = os.open(self._folder / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            yield lock
        finally:
            os.close(lock)


def name_of(origin: str) -> str:
    """Under what the heads of a log are kept, and asked for."""
    return hashlib.sha256(origin.encode()).hexdigest()
