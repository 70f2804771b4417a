"""The office folder a command works on: `rules/ certs/ var/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HOST_KEY = "ssh_host_ed25519_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where the office is. Every verb gets it as click's `ctx.obj`."""

    folder: Path

    @property
    def rules(self) -> Path:
        """What the office has decided: text files its admins edit."""
        return self.folder / "rules"

    @property
    def certs(self) -> Path:
        """What the doors show and what they trust."""
        return self.folder / "certs"

    @property
    def var(self) -> Path:
        """What the gateway keeps; nobody else reads it."""
        return self.folder / "var"

    @property
    def keys(self) -> Path:
        """The office's own keys, for its user alone."""
        return self.var / "keys"

    @property
    def accounts(self) -> Path:
        """Who may sign in, and the hashes of what they know."""
        return self.var / "accounts.json"

    @property
    def host_key(self) -> Path:
        """What the file door proves itself with."""
        return self.certs / HOST_KEY
