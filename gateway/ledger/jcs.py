"""Canonical JSON for ledger entries: RFC 8785 without what differs between readers.

Keys are ASCII (RFC 8785 §3.2.3 sorts UTF-16 units; ASCII sorts alike everywhere), values are strings, integers below
2^53, arrays and objects. No float, null, true or false. Stored bytes are the truth: `parse` accepts only bytes that
`encode` would write again, and that one comparison refuses duplicate keys, spaces, other escapes and other numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from gateway.errors import Unreadable

Json = str | int | Sequence["Json"] | Mapping[str, "Json"]

LARGEST = 2**53 - 1
"""RFC 8785 §3.2.2.3: larger integers are not the same number to every reader."""

# A test holds its escapes against the standard library's, character by character.
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder()
_TEXTS = msgspec.json.Decoder(dict[str, str])


def encode(value: Json) -> bytes:
    """The canonical bytes of `value`. Raises `ValueError` for what has none."""
    _check(value)
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, RecursionError) as why:  # a lone surrogate; a value that holds itself
        raise ValueError("no canonical form") from why


def encode_texts(texts: Mapping[str, str]) -> bytes:
    """Like `encode`, for an object that holds nothing but texts; at a fraction of the cost. Raises `ValueError`."""
    if not all(map(str.isascii, texts)):
        raise ValueError("a key that is not ASCII")
    try:
        return _ENCODER.encode(texts)
    except UnicodeEncodeError as why:  # a lone surrogate
        raise ValueError("no canonical form") from why


def parse(untrusted: bytes) -> Json:
    """The value of canonical bytes. Raises `Unreadable` for any other bytes."""
    try:
        value = _DECODER.decode(untrusted)
        is_canonical = encode(value) == untrusted
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as why:
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


def parse_texts(untrusted: bytes) -> dict[str, str]:
    """Like `parse_object`, for one that holds nothing but texts; at a fraction of the cost. Raises `Unreadable`."""
    try:
        texts = _TEXTS.decode(untrusted)
        is_canonical = _ENCODER.encode(texts) == untrusted and all(map(str.isascii, texts))
    except (msgspec.DecodeError, UnicodeError) as why:
        raise Unreadable("not canonical JSON") from why
    if not is_canonical:
        raise Unreadable("not canonical JSON")
    return texts


def _check(value: Json) -> None:
    kind = type(value)
    if kind is str:
        return
    if kind is int:  # not isinstance: True is an int
        if not -LARGEST <= cast("int", value) <= LARGEST:
            raise ValueError("an integer of 2^53 or more")
    elif kind is dict or isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Json]", value).items():
            if type(key) is not str or not key.isascii():
                raise ValueError("a key that is not ASCII")
            if type(inner) is not str:  # most are, and there are many
                _check(inner)
    elif kind is list or kind is tuple:
        for inner in cast("Sequence[Json]", value):
            if type(inner) is not str:
                _check(inner)
    else:
        raise ValueError(f"{kind.__name__} has no canonical form")
