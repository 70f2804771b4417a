"""What counts as proof of the next hop."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.facts import Hop, Reason
from gateway.seal.hop import Demand, Level, Shown, demand, match, prove

KEY = ec.derive_private_key(4711, ec.SECP256R1())
SPKI = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
PIN = hashlib.sha256(SPKI).hexdigest()


def leaf(*names: str, common_name: str = "cn.test") -> bytes:
    def general(name: str) -> x509.GeneralName:
        return x509.IPAddress(ipaddress.ip_address(name[3:])) if name.startswith("ip:") else x509.DNSName(name)

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    since = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(KEY.public_key())
        .serial_number(7).not_valid_before(since).not_valid_after(since + datetime.timedelta(days=9))
    )  # fmt: skip
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([general(name) for name in names]), False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def shown(der: bytes, *, is_chain_verified: bool = True, tls_version: str = "TLSv1.3") -> Shown:
    return Shown(
        host="mx.partner.test", port=25, address="192.0.2.1", leaf_der=der, is_chain_verified=is_chain_verified,
        tls_version=tls_version, cipher="TLS_AES_256_GCM_SHA384",
    )  # fmt: skip


def why(found: Hop | Reason) -> str:
    assert isinstance(found, Reason)
    assert "tls-unproved" == found.code
    return found.get("why")


@pytest.mark.parametrize(
    ("presented", "allowed", "matched"),
    [
        (("mx.test",), ("mx.test",), "mx.test"),
        (("MX.Test",), ("mx.test",), "mx.test"),
        (("mx.test",), ("mx.test.",), "mx.test."),
        (("*.mx.test",), ("a.mx.test",), "a.mx.test"),
        (("a.test", "b.test"), ("c.test", "b.test"), "b.test"),
        (("192.0.2.1",), ("192.0.2.1",), "192.0.2.1"),
        (("2001:db8::1",), ("2001:0db8:0::1",), "2001:0db8:0::1"),
        (("xn--mnchen-3ya.test",), ("xn--mnchen-3ya.test",), "xn--mnchen-3ya.test"),
        (("mx.test",), ("test",), ""),
        (("test",), ("mx.test",), ""),
        (("*.mx.test",), ("mx.test",), ""),
        (("*.mx.test",), ("a.b.mx.test",), ""),
        (("*.test",), ("mx.test",), ""),
        (("*",), ("test",), ""),
        (("m*.mx.test",), ("mx.mx.test",), ""),
        (("a.*.test",), ("a.b.test",), ""),
        (("*.0.2.1",), ("192.0.2.1",), ""),
        (("192.0.2.1",), ("192.0.2.2",), ""),
        (("192.0.2.1",), ("mx.test",), ""),
        (("mx.test\x00.evil.test",), ("mx.test",), ""),
        (("",), ("mx.test",), ""),
        ((), ("mx.test",), ""),
        (("mx.test",), (), ""),
        (("*.xn--mnchen-3ya.test",), ("*.xn--mnchen-3ya.test",), ""),
    ],
)
def test_matching(presented, allowed, matched):
    """Names match whole and case-blind; a wildcard stands for one whole left-most label (RFC 9525 §6)."""
    assert matched == match(presented, allowed)


def test_verified_evidence():
    """A verified chain and the right name are proof, with everything the ledger wants to know."""
    der = leaf("mx.other.test", "partner.test")

    found = prove(demand(level=Level.VERIFIED, domain="partner.test"), shown(der))

    assert (
        Hop(
            level="verified", host="mx.partner.test", port=25, address="192.0.2.1", tls_version="TLSv1.3",
            cipher="TLS_AES_256_GCM_SHA384", leaf_sha256=hashlib.sha256(der).hexdigest(), spki_sha256=PIN,
            matched_name="partner.test", verdict="name-verified",
        )
        == found
    )  # fmt: skip


def test_the_name_from_dns_is_no_proof():
    """A certificate for the MX host proves nothing unless the rules, not DNS, name that host."""
    der = leaf("mx.partner.test")

    assert "name-differs" == why(prove(demand(level=Level.BEST, domain="partner.test"), shown(der)))
    named = demand(level=Level.BEST, domain="partner.test", named_hosts=("mx.partner.test",))
    assert isinstance(prove(named, shown(der)), Hop)


@pytest.mark.parametrize("level", [Level.VERIFIED, Level.BEST, Level.PIN])
def test_an_unverified_chain_is_no_proof(level):
    """The right name in a certificate nobody vouches for proves nothing."""
    asked = demand(level=level, domain="partner.test", ca_pem="x" if level is Level.PIN else "")

    assert "chain-unverified" == why(prove(asked, shown(leaf("partner.test"), is_chain_verified=False)))


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("version", ["TLSv1.1", "TLSv1", "SSLv3", ""])
def test_old_tls_is_no_proof(level, version):
    """No level accepts TLS below 1.2, or none."""
    asked = demand(level=level, domain="partner.test", spki_sha256=(PIN,))

    assert "tls-too-old" == why(prove(asked, shown(leaf("partner.test"), tls_version=version)))


def test_a_pinned_key_needs_no_chain():
    """A key the office wrote down is its own proof; another key is none."""
    own = demand(level=Level.PIN, domain="partner.test", spki_sha256=("0" * 64, PIN))
    other = demand(level=Level.PIN, domain="partner.test", spki_sha256=("0" * 64,))
    seen = shown(leaf("elsewhere.test"), is_chain_verified=False)

    found = prove(own, seen)

    assert isinstance(found, Hop)
    assert "key-pinned" == found.verdict
    assert "pin-differs" == why(prove(other, seen))


def test_encryption_alone_takes_any_certificate():
    """By rule any certificate will do, and the evidence says that it proved nothing."""
    found = prove(demand(level=Level.ENCRYPT, domain="partner.test"), shown(leaf("x.test"), is_chain_verified=False))

    assert isinstance(found, Hop)
    assert ("encrypted-only", False) == (found.verdict, Level(found.level).is_verified)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"x" * 100, leaf("a.test")[:-9]])
@pytest.mark.parametrize("level", list(Level))
def test_an_unreadable_certificate_is_no_proof(der, level):
    """A certificate that cannot be read proves nothing, even where any would do."""
    asked = demand(level=level, domain="partner.test", ca_pem="x" if level is Level.PIN else "")

    assert "certificate-unreadable" == why(prove(asked, shown(der)))


def test_the_common_name_is_not_looked_at():
    """RFC 9525 §2: the subject's common name is no identity."""
    asked = demand(level=Level.VERIFIED, domain="partner.test")

    assert "name-differs" == why(prove(asked, shown(leaf(common_name="partner.test"))))


def test_a_dns_name_that_looks_like_an_address_is_none():
    """An address must stand as an address in the certificate."""
    asked = demand(level=Level.VERIFIED, domain="", named_hosts=("192.0.2.1",))

    assert "name-differs" == why(prove(asked, shown(leaf("192.0.2.1"))))
    assert isinstance(prove(asked, shown(leaf("ip:192.0.2.1"))), Hop)


@pytest.mark.parametrize("name", ["ip:127.0.0.1", "localhost"])
def test_a_route_to_loopback_may_be_called_localhost(name):
    """A rule that names a loopback address accepts a certificate for it or for localhost."""
    asked = demand(level=Level.VERIFIED, domain="", named_hosts=("127.0.0.1",))

    assert isinstance(prove(asked, shown(leaf(name))), Hop)


@pytest.mark.parametrize("host", ["192.0.2.1", "mx.test", "localhost.evil.test"])
def test_nothing_else_may_be_called_localhost(host):
    """Only a loopback address is called localhost."""
    assert "localhost" not in demand(level=Level.VERIFIED, domain="", named_hosts=(host,)).names


@pytest.mark.parametrize(
    "given",
    [
        {"level": Level.PIN, "names": ("a.test",)},
        {"level": Level.VERIFIED, "names": ()},
        {"level": Level.PIN, "names": (), "ca_pem": "x"},
    ],
)
def test_an_empty_demand_cannot_be_made(given):
    """A demand that anything would meet cannot be built."""
    with pytest.raises(ValueError, match="name"):
        Demand(**given)
