"""How an entry is spelled: its members, in canonical order (RFC 8785 §3.2.3), each with its one letter.

Written by `leaf`, read by `entry`. Writing what was read again gives the same bytes, or shows that they were not
canonical; a test holds this against `jcs`, which knows nothing of entries.
"""

from __future__ import annotations

import msgspec


class Spelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The members of an entry; bytes stand in it as padded base64."""

    c: tuple[bytes, ...] = ()
    d: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    g: str
    k: str
    l: int | None = None  # noqa: E741 — the ledger's own letter
    o: str = ""
    p: int | None = None
    s: str
    t: int
    v: int
    x: bytes | None = None


decode = msgspec.json.Decoder(Spelled).decode
encode = msgspec.json.Encoder().encode
