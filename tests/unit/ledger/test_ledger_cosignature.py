"""A witness's line: made, read back, and refused when anything about it is not true."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import Tampering, Unreadable
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.cosignature import Cosignature, Cosigner, cosignatures, parse_witness_key
from gateway.ledger.strict import base64_text, unbase64

WITNESS = Cosigner("county.test/witness", b"w" * 32)
OTHER = Cosigner("state.test/witness", b"o" * 32)


@pytest.fixture
def note(signer: Signer) -> str:
    return signer.sign(format_checkpoint(signer.name, 3, bytes(32)))


def test_a_cosigned_note_names_its_witnesses_and_when(note: str) -> None:
    """Lines of several witnesses stand under one checkpoint; each is found under its own key alone."""
    cosigned = note + WITNESS.line(note.partition("\n\n")[0] + "\n", 1_800_000_000) + OTHER.line("x\n", 1)

    assert (Cosignature(WITNESS.vkey, 1_800_000_000),) == cosignatures(cosigned, [WITNESS.vkey])
    assert () == cosignatures(note, [WITNESS.vkey])
    with pytest.raises(Tampering):
        cosignatures(cosigned, [OTHER.vkey])


def test_the_line_is_what_the_standard_says(note: str) -> None:
    """`id ‖ u64 seconds ‖ signature` over the header, the time and the text; the id is of type 04."""
    text = note.partition("\n\n")[0] + "\n"
    name, key = "county.test/witness", unbase64(WITNESS.vkey.rpartition("+")[2])

    line = unbase64(WITNESS.line(text, 77).split(" ")[2].strip())

    assert b"\x04" == key[:1]
    assert hashlib.sha256(name.encode() + b"\n\x04" + key[1:]).digest()[:4] == line[:4]
    assert (77).to_bytes(8, "big") == line[4:12]
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(line[12:], b"cosignature/v1\ntime 77\n" + text.encode())


def test_another_time_or_text_is_false(note: str) -> None:
    """A line moved to another head, or to another time, is a false line and refuses the note."""
    text = note.partition("\n\n")[0] + "\n"
    moved = note.replace("\n3\n", "\n4\n", 1) + WITNESS.line(text, 5)
    raw = bytearray(unbase64(WITNESS.line(text, 5).split(" ")[2].strip()))
    raw[11] ^= 1
    later = note + f"— county.test/witness {base64_text(bytes(raw))}\n"
    short = note + f"— county.test/witness {base64_text(bytes(raw[:60]))}\n"

    for wrong in (moved, later, short):
        with pytest.raises(Tampering):
            cosignatures(wrong, [WITNESS.vkey])


def test_one_witness_signs_once(note: str) -> None:
    """Two lines by one key are two answers to one question."""
    line = WITNESS.line(note.partition("\n\n")[0] + "\n", 5)
    with pytest.raises(Unreadable):
        cosignatures(note + line + line, [WITNESS.vkey])


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        "county.test/witness+00000000+" + WITNESS.vkey.rpartition("+")[2],
        WITNESS.vkey.replace("county", "state"),
        Signer("county.test/witness", b"w" * 32).vkey,
        WITNESS.vkey + "=",
    ],
)
def test_a_key_has_one_spelling(vkey: str) -> None:
    """Another id, another name, a log's key, stray characters: no witness's key."""
    assert WITNESS.vkey == str(parse_witness_key(WITNESS.vkey))
    with pytest.raises(Unreadable):
        parse_witness_key(vkey)
