"""A development CA, so that a new office has working TLS in its first minute.

It is constrained to the office's own names, to `test` and to this machine (RFC 5280 §4.2.1.10): who steals its key
can impersonate nothing else. Not for a public door: real ones take a certificate from a public authority by any ACME
client, and `sealgate doctor` says so. P-256, because many TLS clients still cannot read Ed25519 certificates.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS = 5 * 365
LEAF_DAYS = 365
HOSTS = ("gateway", "mail", "smtp", "sftp", "pickup", "console")
"""The names an office's doors may go by, in front of each of its domains."""
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

_SLACK = timedelta(hours=1)
"""Clients' clocks are late; a certificate from the future would lock the first of them out."""
_ANY_LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate with its chain, and its key, as files."""

    cert: Path
    key: Path


def make_authority(folder: Path, domains: Iterable[str], *, now: datetime) -> Pair:
    """Make `ca.pem` and `ca.key` in `folder`. Raises `FileExistsError` rather than replace a CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = tuple(dict.fromkeys((*domains, "test", "localhost")))
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in _ANY_LOOPBACK]
    subject = _subject("Sealgate development CA")
    builder = (
        _builder(subject, subject, key.public_key(), now, days=CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(_usage(is_ca=True), critical=True)
    )
    return _write_pair(folder, "ca", key, [builder.sign(key, hashes.SHA256())])


def issue(folder: Path, name: str, sans: Sequence[str], *, now: datetime) -> Pair:
    """Make `name.pem` (leaf, then CA) and `name.key` in `folder` for `sans`: DNS names and IP addresses."""
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    secret_ca_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
    if not isinstance(secret_ca_key, ec.EllipticCurvePrivateKey):
        raise ValueError("the development CA's key is not an EC key")
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(_subject(sans[0]), ca.subject, key.public_key(), now, days=LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(san) for san in sans]), critical=False)
        .add_extension(_usage(is_ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    return _write_pair(folder, name, key, [builder.sign(secret_ca_key, hashes.SHA256()), ca])


def office_names(domains: Iterable[str]) -> tuple[str, ...]:
    """What the gateway's own certificate answers to."""
    return (*(f"{host}.{domain}" for domain in domains for host in HOSTS), *THIS_MACHINE)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime, *, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(san: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(san))
    except ValueError:
        return x509.DNSName(san)


def _write_pair(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]) -> Pair:
    pem = serialization.Encoding.PEM
    secret_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair = Pair(cert=folder / f"{name}.pem", key=folder / f"{name}.key")
    write_new(pair.key, secret_key, mode=0o600)
    write_new(pair.cert, b"".join(certificate.public_bytes(pem) for certificate in chain), mode=0o644)
    return pair


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that must not exist yet. Raises `FileExistsError`."""
    path.touch(mode=mode, exist_ok=False)  # a key is never readable by others, not even while it is empty
    path.write_bytes(content)
