"""What people sign in with: password hashes, SSH keys and one-time-code secrets, in `var/accounts.json`.

Passwords are kept as argon2id and compared by argon2 alone. Whether a person exists shows neither in the answer nor in
the work done: an unknown one, or one without a password, is checked against a hash that nothing matches. `check` takes
tens of milliseconds and 19 MiB, so it belongs on a thread, behind a short queue. Nothing here logs.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import Misconfigured
from gateway.keep import private
from gateway.keep.keyline import read_line
from gateway.keep.lately import Lately

LONGEST_PASSWORD = 1024
VERSION = 1


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One person's means to sign in; each may be empty."""

    password: str = ""
    """The argon2id hash in its standard text form."""
    ssh_keys: tuple[str, ...] = ()
    """Lines as in `authorized_keys`."""
    secret_totp: str = ""
    """RFC 6238, base32."""
    last_step: int = 0
    """The time step of the last one-time code that was right: it and what came before it count no more."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int = VERSION
    people: dict[str, Account] = {}


class Accounts:
    """The accounts at `path`. Any thread may call; a change made by another process is seen at the next call."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._lately = Lately(now)
        # OWASP's second choice of argon2id parameters: a mail client signs in often, and two at once may run.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._nobody = self._hasher.hash(secrets.token_bytes(32))
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], _File] | None = None
        self._load()

    def check(self, address: str, secret_password: str) -> bool:
        """Whether this is the person's password. If not, finding out costs the same whoever is asked about."""
        account = self.of(address)
        has_password = account is not None and bool(account.password)
        fits = 0 < len(secret_password) <= LONGEST_PASSWORD
        stored = account.password if account is not None and has_password else self._nobody
        secret_bytes = _normal(secret_password if fits else "")
        if self._lately.was_right(stored, secret_bytes):
            return True
        try:
            self._hasher.verify(stored, secret_bytes)
        except (VerificationError, InvalidHashError):
            return False
        if has_password and fits:
            self._lately.remember(stored, secret_bytes)
        return has_password and fits

    def of(self, address: str) -> Account | None:
        """The person's account, or None."""
        return self._load().people.get(address.lower())

    def people(self) -> tuple[str, ...]:
        """Everybody who has an account, in order."""
        return tuple(sorted(self._load().people))

    def owners(self, fingerprint: str) -> tuple[str, ...]:
        """Everybody who signs in with the SSH key of this fingerprint."""
        return tuple(
            person
            for person, account in sorted(self._load().people.items())
            if any(line and line.fingerprint == fingerprint for line in map(read_line, account.ssh_keys))
        )

    def set_password(self, address: str, secret_password: str) -> None:
        """Give the person this password, and an account if they have none. Raises `ValueError` if it cannot be one."""
        if not 0 < len(secret_password) <= LONGEST_PASSWORD:
            raise ValueError(f"a password has 1 to {LONGEST_PASSWORD} characters")
        hashed = self._hasher.hash(_normal(secret_password))
        with self._changing() as people:
            account = people.get(address.lower(), Account())
            people[address.lower()] = msgspec.structs.replace(account, password=hashed)

    def use_code(self, address: str, step: int) -> bool:
        """Whether no code of this step, or of a later one, was ever used; from now on one was. Durable on return."""
        with self._changing() as people:
            account = people.get(address.lower())
            if account is None or step <= account.last_step:
                return False
            people[address.lower()] = msgspec.structs.replace(account, last_step=step)
        return True

    def change(self, address: str, changed: Callable[[Account], Account]) -> Account:
        """What `changed` makes of the person's account, new if they have none; no other change comes in between."""
        with self._changing() as people:
            account = people[address.lower()] = changed(people.get(address.lower(), Account()))
        return account

    def put(self, address: str, account: Account) -> None:
        """Replace the person's whole account."""
        with self._changing() as people:
            people[address.lower()] = account

    def remove(self, address: str) -> None:
        """Take the person's account away. Harmless if they have none."""
        with self._changing() as people:
            people.pop(address.lower(), None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """Everybody's accounts, to be changed; written when the block ends, if they were. One process at a time."""
        folder = private.open_folder(self._path.parent)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            people = dict(self._load().people)
            yield people
            if people == self._load().people:
                return
            content = msgspec.json.format(msgspec.json.encode(_File(people=dict(sorted(people.items())))), indent=2)
            private.replace_file(self._path, content + b"\n")
        finally:
            os.close(folder)

    def _load(self) -> _File:
        """The file as it is now; read again only when it was replaced. Raises `Misconfigured`."""
        with self._lock:
            try:
                found = os.stat(self._path, follow_symlinks=False)
            except FileNotFoundError:
                return _File()
            mark = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._read is None or self._read[0] != mark:
                self._read = (mark, _parse(self._path))
            return self._read[1]


def _parse(path: Path) -> _File:
    try:
        file = msgspec.json.decode(private.read_file(path), type=_File)
    except msgspec.DecodeError as why:  # its text names a field, never a value
        raise Misconfigured(f"{path} is not a file of accounts: {why}") from None
    if file.version != VERSION:
        raise Misconfigured(f"{path} has version {file.version}; this release knows {VERSION}")
    return file


def _normal(secret_password: str) -> bytes:
    """RFC 8265 §4.2.2: keyboards compose letters differently; the person typed the same thing."""
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in secret_password)
    return unicodedata.normalize("NFC", spaced).encode("utf-8", "surrogatepass")
