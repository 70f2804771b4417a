"""What a `[[route]]` calls `credential`: a private key or a password, by a name that stands in the rules.

Looked for where systemd puts what `LoadCredential=` names, as are the office's own keys (`keep.keyring`); then in
`var/credentials/`. Never in a rule file, in an argument or in the environment. Read at each delivery: a renewed one
counts at once.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Misconfigured
from gateway.keep import private

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The office's, in `folder`; and systemd's, where there are any."""

    folder: Path
    given: Path | None = None

    @classmethod
    def beside(cls, var: Path) -> Credentials:
        """Those of the office whose `var/` this is."""
        return cls(folder=var / "credentials", given=given_here())

    def read(self, name: str) -> bytes:
        """The secret of that name. Blocks. Raises `Misconfigured`."""
        path = self.path(name)
        if self.given is not None and (self.given / name).is_file():
            try:
                return (self.given / name).read_bytes()
            except OSError as why:
                raise Misconfigured(f"the credential {name} cannot be read: {why.strerror}") from why
        return private.read_file(path)

    def path(self, name: str) -> Path:
        """Where the office keeps it itself. Raises `Misconfigured`."""
        if not _NAME.fullmatch(name):
            raise Misconfigured("a route's credential is named in letters, digits and -._")
        return self.folder / name


def given_here() -> Path | None:
    """Where systemd puts the credentials of this unit; None if it gave none."""
    given = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return Path(given) if given else None
