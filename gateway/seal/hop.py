"""What the next server must prove before it is given a byte (RFC 9525 names, pinned keys, private authorities).

Pure: it is shown a certificate, whether its chain was verified and what TLS was negotiated, and answers with the
evidence (`Hop`) or with the reason why this server gets nothing. No level allows clear text or TLS below 1.2.

GAP: `dane` and `mta-sts` are not built. `best` therefore means `verified`: more domains wait than need to, none
travels on less.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID

from gateway.facts import Hop, Reason

TLS_FLOOR = ("TLSv1.2", "TLSv1.3")
UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)  # fmt: skip
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Level(StrEnum):
    """How much the next hop must prove; the word `level` in `protection.toml`."""

    PIN = "pin"
    VERIFIED = "verified"
    BEST = "best"
    ENCRYPT = "encrypt"

    @property
    def is_verified(self) -> bool:
        """True if reaching this level makes `transport-verified` true."""
        return self is not Level.ENCRYPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What must be proved. `names` are the identities of which the certificate must carry one.

    A name learnt from DNS is not among them: an MX record from insecure DNS proves nothing.
    """

    level: Level
    names: tuple[str, ...]
    spki_sha256: tuple[str, ...] = ()
    """For `pin`: SHA-256 of acceptable public keys, lower-case hex."""
    ca_pem: str = ""
    """The only authorities to trust, in PEM; empty: the system's."""

    def __post_init__(self) -> None:
        if self.level is Level.PIN and not (self.spki_sha256 or self.ca_pem):
            raise ValueError("a pin names a key or a private authority")
        if not self.names and self.needs_name:
            raise ValueError("this level needs a name to verify")

    @property
    def needs_chain(self) -> bool:
        """True if the chain must verify: always, but where a key is pinned or any certificate will do."""
        return self.level is not Level.ENCRYPT and not self.spki_sha256

    @property
    def needs_name(self) -> bool:
        """True if the certificate must carry one of `names`."""
        return self.needs_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a server showed in its handshake, and where that was."""

    host: str
    port: int
    address: str
    leaf_der: bytes
    is_chain_verified: bool
    tls_version: str
    cipher: str


def demand(
    *,
    level: Level,
    domain: str,
    named_hosts: tuple[str, ...] = (),
    spki_sha256: tuple[str, ...] = (),
    ca_pem: str = "",
) -> Demand:
    """The demand for a hop towards `domain`; `named_hosts` are those that the rules, not DNS, name.

    A rule that names a loopback address may meet a certificate for that address or for `localhost`.
    """
    names = (*named_hosts, domain) if domain else named_hosts
    if any(_is_loopback(name) for name in named_hosts):
        names = (*names, "localhost")
    return Demand(level=level, names=tuple(dict.fromkeys(names)), spki_sha256=spki_sha256, ca_pem=ca_pem)


def prove(asked: Demand, shown: Shown) -> Hop | Reason:
    """The evidence if `shown` meets `asked`, else the reason it does not.

    1. TLS 1.2 or 1.3.  2. A leaf that can be read.  3. The pinned key, where one is pinned.
    4. Else a verified chain.  5. And one of the names. Validity in time is part of 4: the handshake checked it.
    """
    if shown.tls_version not in TLS_FLOOR:  # 1
        return unproved(shown.host, "tls-too-old", shown.tls_version)
    try:  # 2
        leaf = x509.load_der_x509_certificate(shown.leaf_der)
        spki = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        presented = _names_of(leaf)
    except UNREADABLE as error:
        return unproved(shown.host, "certificate-unreadable", type(error).__name__)
    spki_sha256 = hashlib.sha256(spki).hexdigest()
    matched = match(presented, asked.names)
    if asked.spki_sha256:  # 3
        if spki_sha256 not in asked.spki_sha256:
            return unproved(shown.host, "pin-differs", spki_sha256)
    elif asked.needs_chain:
        if not shown.is_chain_verified:  # 4
            return unproved(shown.host, "chain-unverified")
        if not matched:  # 5
            return unproved(shown.host, "name-differs", " ".join(asked.names))
    return Hop(
        level=asked.level.value,
        host=shown.host,
        port=shown.port,
        address=shown.address,
        tls_version=shown.tls_version,
        cipher=shown.cipher,
        leaf_sha256=hashlib.sha256(shown.leaf_der).hexdigest(),
        spki_sha256=spki_sha256,
        matched_name=matched,
        verdict=_verdict(asked),
    )


def unproved(host: str, why: str, detail: str = "") -> Reason:
    """The one reason for every failed proof; `status` is what the sender reads while it waits (5.7.5 at the end)."""
    about = (("host", host), ("why", why), ("status", "4.7.5"))
    return Reason(code="tls-unproved", about=(*about, ("detail", detail)) if detail else about)


def match(presented: tuple[str, ...], allowed: tuple[str, ...]) -> str:
    """The first name of `allowed` that the certificate presents, or an empty text.

    RFC 9525 §6.3: a wildcard is the whole left-most label and stands for exactly one label; §6.5: addresses match
    as addresses, never as text or by wildcard; the subject's common name is never looked at.
    """
    for name in allowed:
        address = _address(name)
        for candidate in presented:
            if address is not None:
                if _address(candidate) == address:
                    return name
            elif _dns_matches(candidate, name):
                return name
    return ""


def _dns_matches(presented: str, wanted: str) -> bool:
    reference = _labels(wanted)
    if reference is None or _address(presented) is not None:
        return False
    if presented.startswith("*."):
        parent = _labels(presented[2:])
        # A wildcard over a public suffix or a bare top-level name would speak for strangers: two labels at least.
        return parent is not None and len(parent) >= 2 and reference[1:] == parent
    return _labels(presented) == reference


def _labels(name: str) -> tuple[str, ...] | None:
    """The labels in lower case; None if this is not a host name in its ASCII form."""
    labels = tuple(name.lower().removesuffix(".").split("."))
    if all(0 < len(label) <= 63 and _LABEL.issuperset(label) for label in labels):
        return labels
    return None


def _names_of(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        return ()
    assert isinstance(names, x509.SubjectAlternativeName)
    dns = names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    # A DNS name that looks like an address must not pass for one (RFC 9525 §6.5).
    return (*(name for name in dns if _address(name) is None), *(str(address) for address in addresses))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    address = _address(name)
    return address is not None and address.is_loopback


def _verdict(asked: Demand) -> str:
    if asked.level is Level.ENCRYPT:
        return "encrypted-only"
    if asked.spki_sha256:
        return "key-pinned"
    return "private-ca" if asked.ca_pem else "name-verified"
