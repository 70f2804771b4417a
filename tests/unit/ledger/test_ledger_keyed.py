"""Our HMAC is the standard library's, for any key of at most a block and any message."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.keyed import BLOCK_BYTES, keyed, pads


@given(st.binary(max_size=BLOCK_BYTES), st.binary(max_size=200))
def test_it_is_hmac_sha256(key: bytes, message: bytes) -> None:
    """RFC 2104, byte for byte."""
    assert hmac.digest(key, message, "sha256") == keyed(pads(key), message)


def test_a_longer_key_is_refused() -> None:
    """It would have to be hashed first; nobody here has one."""
    with pytest.raises(ValueError, match="longer key"):
        pads(bytes(BLOCK_BYTES + 1))
