"""A time stamp (RFC 3161) on a head: whose clock says when it was seen, checked with the roots one trusts.

The stand-alone verifier does without this module, and says that it did not check: it depends on nothing but the
standard library and `cryptography`.
"""

from __future__ import annotations

from cryptography import x509
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from gateway.errors import Tampering, Unreadable

LARGEST = 256 * 1024


def roots_of(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file. Raises `Unreadable`."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as why:
        raise Unreadable("there are no certificates in it") from why


def stamped_ms(untrusted_token: bytes, content: bytes, roots: tuple[x509.Certificate, ...]) -> int:
    """When the authority saw `content`, in milliseconds. Raises `Unreadable`, and `Tampering` for a false token."""
    if len(untrusted_token) > LARGEST:
        raise Unreadable("larger than a time stamp may be")
    try:
        response = decode_timestamp_response(untrusted_token)
    except ValueError as why:
        raise Unreadable("not a time stamp") from why
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(response, content)
    except (VerificationError, ValueError) as why:
        raise Tampering(f"its token is not true: {why}") from why
    return int(response.tst_info.gen_time.timestamp() * 1000)
