"""The members of an entry, spelled as RFC 8785 spells any object."""

from __future__ import annotations

import base64

import msgspec
import pytest

from gateway.ledger import jcs
from gateway.ledger.spelling import Spelled, decode, encode

WHOLE = {
    "c": tuple(bytes([n]) * 32 for n in range(6)), "d": msgspec.Raw(b'{"n":3}'), "g": "Büro", "k": "shipped", "l": 0,
    "o": "delivered", "p": 2**53 - 1, "s": "fact/1", "t": 1767225600123, "v": 1, "x": bytes(range(16)),
}  # fmt: skip


def plain(members: dict[str, object]) -> dict[str, object]:
    """As a reader who knows nothing of entries has them."""
    texts = {name: base64.b64encode(one).decode() for name, one in members.items() if isinstance(one, bytes)}
    several = {"c": [base64.b64encode(one).decode() for one in members["c"]]} if "c" in members else {}
    public = {"d": msgspec.json.decode(bytes(members["d"]))} if "d" in members else {}
    return {**members, **texts, **several, **public}


@pytest.mark.parametrize("without", [(), ("d",), ("c", "x", "l", "p", "o"), ("l", "o", "d"), ("p",)])
def test_it_is_canonical_json(without: tuple[str, ...]) -> None:
    """Byte for byte what `jcs` makes of the same members; what is not there is not spelled."""
    members = {name: value for name, value in WHOLE.items() if name not in without}

    assert jcs.encode(plain(members)) == encode(Spelled(**members))  # type: ignore[arg-type]


def test_it_reads_what_it_wrote() -> None:
    """Bytes are bytes again."""
    assert (WHOLE["x"], WHOLE["c"]) == ((again := decode(encode(Spelled(**WHOLE)))).x, again.c)  # type: ignore[arg-type]
