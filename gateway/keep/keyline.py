"""One line of a public-key file, as OpenSSH writes it, bounded and without surprises.

Of the options that may stand before a key (sshd(8), AUTHORIZED_KEYS) only `verify-required` is taken. Any other would
be a promise nobody here keeps: a line with one is no key at all. Whether the key itself is strong enough is asked by
whoever files it and, again, by the door that is shown it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

LONGEST_LINE = 16 * 1024
VERIFY = "verify-required"

_KIND = re.compile(r"(sk-)?(ssh|ecdsa)-[A-Za-z0-9@.-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """A public key somebody signs in with."""

    kind: str
    blob: bytes
    comment: str = ""
    must_verify: bool = False

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii").rstrip("=")

    def __str__(self) -> str:
        verify = [VERIFY] if self.must_verify else []
        comment = [self.comment] if self.comment else []
        return " ".join([*verify, self.kind, base64.b64encode(self.blob).decode("ascii"), *comment])


def read_line(untrusted_line: str) -> KeyLine | None:
    """The key in the line; None if there is none that can be taken as it stands."""
    line = untrusted_line.strip()
    if len(line) > LONGEST_LINE or any(not (0x20 <= ord(c) < 0x7F or ord(c) > 0x9F) for c in line):
        return None
    words = line.split(maxsplit=3 if line.startswith(VERIFY + " ") else 2)
    must_verify = words[:1] == [VERIFY]
    kind, *rest = words[must_verify:] or [""]
    if not rest or not _KIND.fullmatch(kind):
        return None
    try:
        blob = base64.b64decode(rest[0], validate=True)
    except binascii.Error:
        return None
    # The kind stands inside too: a line that says another one would be read two ways.
    name = kind.encode("ascii")
    if blob[: 4 + len(name)] != len(name).to_bytes(4, "big") + name:
        return None
    return KeyLine(kind=kind, blob=blob, comment=rest[1] if len(rest) > 1 else "", must_verify=must_verify)
