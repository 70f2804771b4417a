"""Message-IDs that name an inner host, mapped to ones that tell nothing (handbook `email.md` "Headers that leave").

Programs put the machine's own name into the ids they make, and every reply carries them on in In-Reply-To and
References. An id is mapped under the office's key, always to the same one: for every leg, every attempt and every
later mail of the thread, so that programs go on showing it as one. Ids of public hosts stay as they are.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass

_ID = re.compile(rb"<([^<>@\s]{1,300})@([^<>@\s]{1,300})>")
_BETWEEN = re.compile(rb">[ \t\r\n]*<")
_ADDRESS = re.compile(r"\[.*\]|[0-9.]+|[0-9a-f:]*:[0-9a-f:.]*")
_INNER = (
    "local", "localhost", "localdomain", "lan", "home", "home.arpa", "internal", "intranet", "corp", "private",
    "workgroup", "domain", "invalid",
)  # fmt: skip
"""RFC 6762 §3 and appendix G, RFC 8375, RFC 6761, and what routers and domain controllers hand out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageIds:
    """The map of one office."""

    secret_key: bytes
    domains: tuple[str, ...]
    """The office's own, lower case. A host below one of them is inner too; the first stands in the new ids."""

    def rewritten(self, field: bytes) -> bytes:
        """A field with its inner ids mapped; if there are any, it is folded at each id, for ours may be longer."""
        mapped = _ID.sub(self._mapped, field)
        return field if mapped == field else _BETWEEN.sub(b">\r\n <", mapped)

    def _mapped(self, found: re.Match[bytes]) -> bytes:
        host = found[2].decode("latin-1").lower()
        if not self._is_inner(host):
            return found[0]
        digest = hmac.digest(self.secret_key, b"message-id\0" + found[0], "sha256")
        name = base64.b32encode(digest[:15]).decode("ascii").lower()
        return f"<{name}@{self.domains[0]}>".encode("ascii")

    def _is_inner(self, host: str) -> bool:
        return (
            "." not in host
            or _ADDRESS.fullmatch(host) is not None
            or any(host == inner or host.endswith(f".{inner}") for inner in _INNER)
            or any(host.endswith(f".{domain}") for domain in self.domains)
        )
