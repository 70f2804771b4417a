"""Sets of rules that one person has signed and a second must: kept in `var/proposals`, a file each, until they are.

A proposal changes nothing. Each file bears a MAC under a key of the office, so that what the second person signs is
what the first did; a file somebody else wrote, or touched, is tampering. One process writes: whoever holds the office.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.errors import Misconfigured, StoreAway, Tampering
from gateway.keep import private

MOST = 20
_SUFFIX = ".proposal"
_MAC_BYTES = 32
_LABEL = b"sealgate/proposals/v1"


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One signature under a set of rules, and what it was compared with."""

    digest: str
    files: dict[str, str]
    before: str
    """The digest of what was in force: of another, what is signed would be another change."""
    by: str
    why: str
    at_ms: int
    widening: tuple[str, ...]
    """What a second person is asked for."""

    @property
    def id(self) -> str:
        """What it is called by: the beginning of its digest."""
        return self.digest[:12]


@dataclass(frozen=True, slots=True)
class Proposals:
    """The proposals of an office. Any thread may read."""

    folder: Path
    index_key: bytes
    """Of the office's keyring."""

    def all(self) -> tuple[Proposal, ...]:
        """Every proposal, oldest first. Raises `Tampering`."""
        if not self.folder.is_dir():
            return ()
        found = [self._read(path) for path in self.folder.iterdir() if path.name.endswith(_SUFFIX)]
        return tuple(sorted(found, key=lambda one: (one.at_ms, one.id)))

    def find(self, untrusted: str) -> Proposal | None:
        """The one proposal whose digest begins like this. Raises `Tampering`."""
        found = [one for one in self.all() if untrusted and one.digest.startswith(untrusted.lower())]
        return found[0] if len(found) == 1 else None

    def must_have_room(self, proposal: Proposal) -> None:
        """Raises `Misconfigured` when there are too many already."""
        if len(self.all()) >= MOST and self.find(proposal.digest) is None:
            raise Misconfigured(f"{MOST} proposals wait already; withdraw one: sealgate rules proposals")

    def keep(self, proposal: Proposal) -> None:
        """Durable when it returns. Raises `StoreAway`, and `Misconfigured` when there are too many already."""
        self.must_have_room(proposal)
        body = msgspec.json.encode(proposal)
        try:
            os.close(private.open_folder(self.folder, create=True))
            private.replace_file(self._path(proposal.id), self._mac(body) + body)
        except OSError as why:
            raise StoreAway(f"the proposal cannot be kept: {why.strerror}") from why

    def drop(self, proposal: Proposal) -> None:
        """It is signed, or withdrawn."""
        self._path(proposal.id).unlink(missing_ok=True)
        if self.folder.is_dir():
            private.sync_folder(self.folder)

    def _read(self, path: Path) -> Proposal:
        content = private.read_file(path)
        body = content[_MAC_BYTES:]
        if not hmac.compare_digest(content[:_MAC_BYTES], self._mac(body)):
            raise Tampering(f"var/proposals/{path.name} was not written by this office; look into it, then remove it")
        return msgspec.json.decode(body, type=Proposal)

    def _path(self, name: str) -> Path:
        return self.folder / (name + _SUFFIX)

    def _mac(self, body: bytes) -> bytes:
        key = hmac.digest(self.index_key, _LABEL, "sha256")
        return hmac.digest(key, body, "sha256")
