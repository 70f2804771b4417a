"""Signed notes: ours are the handbook's and others' byte for byte, theirs are read strictly."""

from __future__ import annotations

import base64

import pytest

from gateway.errors import Misconfigured, Tampering, Unreadable
from gateway.ledger.checkpoint import PublicHalf, Signer, format_checkpoint, parse_checkpoint, parse_vkey, verify

OTHERS_SEED = base64.b64decode("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg")[1:]  # public on purpose


def test_the_worked_vector_note(worked, signer) -> None:
    """The handbook's key and checkpoint come out byte for byte."""
    note = signer.sign(format_checkpoint(signer.name, 1, worked.leaf.hash))
    assert worked.expected["vkey"] == signer.vkey
    assert worked.expected["checkpoint_1"] == note
    assert 195 == len(note.encode())


def test_signing_a_head_others_signed_gives_their_bytes(shared_vectors) -> None:
    """Size 15 of the tessera log, signed again with its public test key."""
    theirs = (shared_vectors / "tessera-log" / "checkpoint.15").read_text()
    head = parse_checkpoint(theirs.partition("\n\n")[0] + "\n")
    again = Signer(head.origin, OTHERS_SEED).sign(format_checkpoint(head.origin, head.size, head.root))
    assert theirs == again


def test_each_byte_of_a_note_counts(worked, signer) -> None:
    """No flipped bit leaves a note signed by our key."""
    note = worked.expected["checkpoint_1"].encode()
    for i in range(len(note)):
        flipped = bytearray(note)
        flipped[i] ^= 1
        try:
            assert () == verify(bytes(flipped).decode(), [signer.vkey]).signers
        except (Unreadable, Tampering, UnicodeDecodeError):
            continue


def test_unknown_keys_are_ignored(worked, signer) -> None:
    """A witness's line, or another's of any kind, neither helps nor hurts."""
    note = worked.expected["checkpoint_1"] + "\u2014 witness.example AAAAAAAA\n"
    assert (signer.vkey,) == verify(note, [signer.vkey]).signers
    assert () == verify(note, []).signers


def test_a_known_keys_false_signature_refuses_the_note(worked, signer) -> None:
    """Even beside a true one."""
    line = signer.line("another text\n")
    with pytest.raises(Tampering, match="false"):
        verify(worked.expected["checkpoint_1"].partition("\n\n")[0] + "\n\n" + line, [signer.vkey])


def test_two_keys_of_one_name_sign_during_a_rotation(worked, signer) -> None:
    """Same name, own id: both are named."""
    second = Signer(signer.name, b"2" * 32)
    note = worked.expected["checkpoint_1"]
    both = note + second.line(note.partition("\n\n")[0] + "\n")
    assert (signer.vkey, second.vkey) == verify(both, [second.vkey, signer.vkey]).signers


def _signed(lines: int) -> str:
    return "a.example\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n" + "\u2014 w AAAAAAAA\n" * lines


def test_sixteen_signatures_are_read_and_seventeen_are_not() -> None:
    """The bound stands before any signature is looked at."""
    assert 1 == verify(_signed(16), []).checkpoint.size
    with pytest.raises(Unreadable):
        verify(_signed(17), [])


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"a\n1\n{ROOT}", f"a\n1\n{ROOT}\nextra\n", f"a\n01\n{ROOT}\n", f"a\n-1\n{ROOT}\n", f"a \n1\n{ROOT}\n",
        f"\n1\n{ROOT}\n", f"a+b\n1\n{ROOT}\n", "a\n1\nAAAA\n", f"a\n1\n{ROOT}=\n", f"a\n1\n\n{ROOT}\n",
        f"a\n{2**63}\n{ROOT}\n",
    ],
)  # fmt: skip
def test_another_checkpoint_is_unreadable(text: str) -> None:
    """Three lines, plain numbers, 32 bytes."""
    with pytest.raises(Unreadable):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "note",
    [
        "", "x", _signed(0), _signed(1)[:-1], _signed(1) + "\n", _signed(1).replace("\n", "\r\n"),
        _signed(1).replace("\u2014", "-"), _signed(1).replace("w AA", "w  AA"), _signed(1).replace("AAAAAAAA", "AAAA"),
        _signed(1).replace("a.example", "a\texample"), _signed(1).replace("w ", "w+x "), "x" * 65_537,
    ],
)  # fmt: skip
def test_another_note_is_unreadable(note: str) -> None:
    """No control but LF, an empty line, well-made signature lines, a last LF."""
    with pytest.raises(Unreadable):
        verify(note, [])


@pytest.mark.parametrize(
    "change", [("d3bef100", "d3bef101"), ("d3bef100", "D3BEF100"), ("+AT", "+BT"), ("+", " "), ("2026", "2027")]
)
def test_a_key_that_is_not_its_name_and_id_is_unreadable(worked, change) -> None:
    """Name, id and key belong together."""
    with pytest.raises(Unreadable):
        parse_vkey(worked.expected["vkey"].replace(*change))


def test_one_key_signing_twice_is_unreadable(worked, signer) -> None:
    """Two lines of one key are one voice; counting them as two would fool a quorum."""
    note = worked.expected["checkpoint_1"]
    with pytest.raises(Unreadable, match="twice"):
        verify(note + signer.line(note.partition("\n\n")[0] + "\n"), [signer.vkey])


def test_a_note_larger_than_its_bound_is_unreadable() -> None:
    """However well made."""
    long = "A" * 60_000
    assert 1 == verify(_signed(1).replace("w AAAAAAAA", "w " + long), []).checkpoint.size
    with pytest.raises(Unreadable, match="short"):
        verify(_signed(1).replace("w AAAAAAAA", "w " + long + "A" * 8_000), [])


def test_the_public_half_names_the_signer_and_cannot_sign(signer) -> None:
    """Where the seed is another process's, everything is known of the signature but how to make one."""
    known = PublicHalf(signer.name, parse_vkey(signer.vkey).public)

    assert (signer.name, signer.vkey) == (known.name, known.vkey)
    with pytest.raises(Misconfigured, match="for the scribe alone"):
        known.sign(format_checkpoint(signer.name, 1, b"r" * 32))
