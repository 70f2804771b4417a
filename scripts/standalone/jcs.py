"""Canonical JSON for ledger entries, by the standard library alone: what `gateway/ledger/jcs.py` does with msgspec.

A test holds both against each other. See there for the reasons.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from gateway.errors import Unreadable

Json = str | int | Sequence["Json"] | Mapping[str, "Json"]

LARGEST = 2**53 - 1


def encode(value: Json) -> bytes:
    """The canonical bytes of `value`. Raises `ValueError` for what has none."""
    try:
        _check(value)
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (UnicodeEncodeError, RecursionError) as why:
        raise ValueError("no canonical form") from why


def parse(untrusted: bytes) -> Json:
    """The value of canonical bytes. Raises `Unreadable` for any other bytes."""
    try:
        value = json.loads(untrusted.decode())
        is_canonical = encode(value) == untrusted
    except (ValueError, RecursionError) as why:
        raise Unreadable("not canonical JSON") from why
    if not is_canonical:
        raise Unreadable("not canonical JSON")
    return cast("Json", value)


def parse_object(untrusted: bytes) -> Mapping[str, Json]:
    """Like `parse`, for an object."""
    value = parse(untrusted)
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def _check(value: Json) -> None:
    if type(value) is int:
        if not -LARGEST <= value <= LARGEST:
            raise ValueError("an integer of 2^53 or more")
    elif type(value) is dict:
        for key, inner in value.items():
            if type(key) is not str or not key.isascii():
                raise ValueError("a key that is not ASCII")
            _check(inner)
    elif type(value) is list or type(value) is tuple:
        for inner in value:
            _check(inner)
    elif type(value) is not str:
        raise ValueError(f"{type(value).__name__} has no canonical form")
