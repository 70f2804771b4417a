"""Keys and certificates by shape."""

from __future__ import annotations

import hashlib
import struct

import asyncssh
import pytest
from asyncssh.packet import MPInt, String

from gateway.doors.sftp.credentials import Certificate, PublicKey, certified_key, is_signed, read_shown
from gateway.engine.clock import SystemClock
from tests.unit.doors.sftp_world import key

CA, ANN = key("ca"), key("ann")
NOW = 4_000_000_000.0


def certificate(**changes: object) -> bytes:
    given = {"serial": 7, "principals": ["ann"], "valid_before": "+1h"} | changes
    return CA.generate_user_certificate(ANN, "ann's", **given).public_data  # type: ignore[arg-type]


def opened(blob: bytes, **changes: object) -> object:
    shown = read_shown(blob)
    assert isinstance(shown, Certificate)
    given = {"principal": "ann", "source": "192.0.2.9", "now": NOW, "longest_seconds": 1e9} | changes
    return certified_key(shown, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_kinds_we_take_are_read(kind: str) -> None:
    """The blob and OpenSSH's fingerprint of it."""
    public = key("k", kind)

    assert (PublicKey(algorithm=kind, blob=public.public_data, fingerprint=public.get_fingerprint())) == read_shown(
        public.public_data
    )


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp384", "ssh-ed448"])
def test_other_kinds_are_not_taken(kind: str) -> None:
    """Only what the list names."""
    assert read_shown(key("k", kind).public_data) is None


@pytest.mark.parametrize(
    ("bits", "exponent", "is_taken"),
    [(2048, 65537, False), (3072, 65537, True), (16384, 3, False), (3072, 1 << 200 | 1, False)],
)
def test_rsa_is_bounded_both_ways(bits: int, exponent: int, is_taken: bool) -> None:
    """Short is weak, long and odd exponents are work for us."""
    blob = String("ssh-rsa") + MPInt(exponent) + MPInt((1 << (bits - 1)) | 1)

    assert is_taken == (read_shown(blob) is not None)


@pytest.mark.parametrize(
    "blob", [b"", b"\0\0\0\xff", String("ssh-ed25519"), String("ssh-dss") + bytes(40), bytes(9000)]
)
def test_bytes_that_are_no_key_are_nobody(blob: bytes) -> None:
    """Cut, foreign, oversized: None, never an exception."""
    assert read_shown(blob) is None


def test_every_cut_of_a_certificate_is_nobody() -> None:
    """No prefix of a certificate reads as one that opens."""
    blob = certificate()
    for cut in range(len(blob)):
        shown = read_shown(blob[:cut])
        assert (
            shown is None
            or certified_key(
                shown,
                principal="ann",
                source="",
                now=NOW,
                longest_seconds=1e9,  # type: ignore[arg-type]
            )
            is None
        ), cut


def test_a_certificate_names_its_authority_and_opens_for_its_principal() -> None:
    """Authority and serial are read before anything is computed; the key is the person's."""
    shown = read_shown(certificate())

    assert isinstance(shown, Certificate)
    assert (CA.public_data, 7) == (shown.authority, shown.serial)
    assert ANN.public_data == opened(certificate()).public_data  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "changes",
    [
        {"principals": []},
        {"principals": ["bob"]},
        {"valid_after": "-2h", "valid_before": "-1h"},
        {"valid_after": "+1h", "valid_before": "+2h"},
        {"source_address": ["198.51.100.0/24"]},
        {"force_command": "internal-sftp"},
    ],
    ids=["for everybody", "for another", "over", "not yet", "elsewhere", "forced"],
)
def test_a_certificate_for_another_time_place_or_person_does_not_open(changes: dict[str, object]) -> None:
    """And one for everybody is for nobody."""
    assert opened(certificate(**changes)) is None


def test_a_certificate_opens_from_its_network() -> None:
    """`source-address` holds the address it came from."""
    assert opened(certificate(source_address=["192.0.2.0/24"])) is not None
    assert opened(certificate(source_address=["192.0.2.0/24"]), source="::1") is None


def test_a_certificate_that_lives_too_long_does_not_open() -> None:
    """What is left of its life is bounded, and forever is longer than that."""
    now = SystemClock().now_ms() / 1000
    blob = certificate(valid_before="+2h")

    assert opened(blob, now=now, longest_seconds=3600) is None
    assert opened(blob, now=now, longest_seconds=3 * 3600) is not None
    assert opened(certificate(valid_before=0xFFFFFFFFFFFFFFFF), now=now, longest_seconds=86400) is None


def test_a_host_certificate_is_no_persons() -> None:
    """Its kind is checked."""
    blob = CA.generate_host_certificate(ANN, "host", principals=["ann"]).public_data

    assert opened(blob) is None


def test_sha1_never_signs() -> None:
    """An RSA key's signature counts with SHA-2 only."""
    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=3072)
    public = rsa.convert_to_public()

    assert is_signed(public, b"data", rsa.sign(b"data", b"rsa-sha2-512"), must_verify=False)
    assert not is_signed(public, b"data", rsa.sign(b"data", b"ssh-rsa"), must_verify=False)


def test_verification_cannot_come_from_a_plain_key() -> None:
    """`verify-required` on a key without a security key behind it signs nothing."""
    assert not is_signed(ANN, b"data", ANN.sign(b"data", b"ssh-ed25519"), must_verify=True)


@pytest.mark.parametrize(
    ("flags", "must_verify", "is_right"), [(1, False, True), (0, False, False), (1, True, False), (5, True, True)]
)
def test_a_security_key_must_be_touched_and_where_asked_verified(flags: int, must_verify: bool, is_right: bool) -> None:
    """The flags are part of what is signed (OpenSSH PROTOCOL.u2f); too few of them are no signature."""
    inner = asyncssh.generate_private_key("ssh-ed25519")
    raw = inner.public_data[-32:]
    blob = String("sk-ssh-ed25519@openssh.com") + String(raw) + String("ssh:")
    public = asyncssh.public_key.decode_ssh_public_key(blob)
    public.set_touch_required(True)
    signed = hashlib.sha256(b"ssh:").digest() + bytes([flags]) + struct.pack(">I", 9) + hashlib.sha256(b"data").digest()
    raw_signature = inner.sign(signed, b"ssh-ed25519")[-64:]
    signature = String("sk-ssh-ed25519@openssh.com") + String(raw_signature) + bytes([flags]) + struct.pack(">I", 9)

    assert is_right == is_signed(public, b"data", signature, must_verify=must_verify)
