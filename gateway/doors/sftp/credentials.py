"""Public keys and user certificates, as a client shows them: read, bounded, and judged by shape.

Promises: only ed25519, ECDSA on P-256, RSA of 3072 to 8192 bits and their security-key kinds; a certificate counts only
if an authority of ours signed it, for this person, now, from this address, and it is not revoked; a signature is never
SHA-1 and, on a security key, never without a touch. Nothing costly is done for a key before it is known.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping

import asyncssh
from asyncssh.public_key import CERT_TYPE_USER, SSHKey, SSHOpenSSHCertificate, decode_ssh_certificate
from asyncssh.public_key import decode_ssh_public_key as decode_key

from gateway.doors.sftp.settings import SIGNATURES
from gateway.engine.admission import Certificate, PublicKey

__all__ = ["Certificate", "PublicKey", "certified_key", "is_signed", "read_shown"]

MAX_KEY_BYTES = 8192
RSA_BITS = (3072, 8192)

CERTIFICATE_END = "-cert-v01@openssh.com"
# How many strings the public key takes inside a certificate, after the nonce (OpenSSH PROTOCOL.certkeys).
_KEY_FIELDS: Mapping[str, int] = {
    "ssh-ed25519": 1,
    "ecdsa-sha2-nistp256": 2,
    "ssh-rsa": 2,
    "sk-ssh-ed25519": 2,
    "sk-ecdsa-sha2-nistp256": 3,
}
_PLAIN = frozenset({"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"}) | {
    f"sk-{kind}@openssh.com" for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256")
}
USER_PRESENT, USER_VERIFIED = 0x01, 0x04


Shown = PublicKey | Certificate


def read_shown(untrusted_blob: bytes) -> Shown | None:
    """What is shown, if it is of a kind we take. Cheap: nothing is computed."""
    if len(untrusted_blob) > MAX_KEY_BYTES:
        return None
    try:
        algorithm, at = _string(untrusted_blob, 0)
        name = algorithm.decode("ascii", "replace")
        if name.endswith(CERTIFICATE_END):
            return _certificate(untrusted_blob, at, name.removesuffix(CERTIFICATE_END))
        if name not in _PLAIN or not _is_long_enough(untrusted_blob, at, name):
            return None
        key = decode_key(untrusted_blob)
    except (struct.error, ValueError, asyncssh.KeyImportError):
        return None
    return PublicKey(algorithm=name, blob=untrusted_blob, fingerprint=key.get_fingerprint())


def _certificate(blob: bytes, at: int, key_kind: str) -> Certificate | None:
    fields = _KEY_FIELDS.get(key_kind)
    if fields is None:
        return None
    _, at = _string(blob, at)  # the nonce
    start = at
    for _ in range(fields):
        _, at = _string(blob, at)
    if key_kind == "ssh-rsa" and not _is_long_enough(blob, start, key_kind):
        return None
    serial, _kind = struct.unpack_from(">QI", blob, at)
    _, at = _string(blob, at + 12)  # key id
    _, at = _string(blob, at)  # principals
    at += 16  # valid after, valid before
    for _ in range(3):  # critical options, extensions, reserved
        _, at = _string(blob, at)
    authority, _ = _string(blob, at)
    return Certificate(blob=blob, authority=authority, serial=serial)


def certified_key(
    certificate: Certificate, *, principal: str, source: str, now: float, longest_seconds: float
) -> SSHKey | None:
    """The key in a certificate of a trusted authority, if it is for this person, from here, now. Checks the signature.

    Clauses: OpenSSH PROTOCOL.certkeys. A certificate without principals would be for everybody: it is for nobody.
    """
    try:
        found = decode_ssh_certificate(certificate.blob)
        if not isinstance(found, SSHOpenSSHCertificate) or principal not in found.principals:
            return None
        found.validate(CERT_TYPE_USER, principal)
    except (ValueError, asyncssh.KeyImportError):
        return None
    if found._valid_before - now > longest_seconds or "force-command" in found.options:
        return None
    addresses = found.options.get("source-address")
    if addresses is not None and not _is_among(source, addresses):
        return None
    return found.key


def is_signed(key: SSHKey, data: bytes, untrusted_signature: bytes, *, must_verify: bool) -> bool:
    """Whether the key signed the data, in a way we take. `must_verify`: with a PIN or finger, not a touch alone."""
    try:
        algorithm, at = _string(untrusted_signature, 0)
        name = algorithm.decode("ascii", "replace")
        if name not in SIGNATURES:  # the key's own list has SHA-1 in it
            return False
        if name.startswith("sk-"):
            _, at = _string(untrusted_signature, at)
            wanted = USER_PRESENT | (USER_VERIFIED if must_verify else 0)
            if untrusted_signature[at] & wanted != wanted:
                return False
        elif must_verify:
            return False
    except (struct.error, IndexError):
        return False
    return key.verify(data, untrusted_signature)


def _is_among(source: str, networks: object) -> bool:
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return False
    return isinstance(networks, list) and any(address in network for network in networks)


def _is_long_enough(blob: bytes, at: int, kind: str) -> bool:
    """RSA: exponent, then modulus."""
    if kind != "ssh-rsa":
        return True
    exponent, at = _string(blob, at)
    modulus, _ = _string(blob, at)
    bits = int.from_bytes(modulus, "big").bit_length()
    return RSA_BITS[0] <= bits <= RSA_BITS[1] and len(exponent) <= 8


def _string(blob: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">I", blob, at)
    end = at + 4 + length
    if end > len(blob):
        raise struct.error("cut short")
    return blob[at + 4 : end], end
