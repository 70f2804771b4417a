"""The doors' certificate, as a TLS context that can be swapped whole.

A context is built fresh and checked before anyone sees it: loading a mismatched pair into a live one breaks every later
handshake (handbook `operations.md` §4).
"""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from gateway.commands.setting import HOST_KEY
from gateway.errors import Misconfigured


def glance(folder: Path) -> tuple[tuple[int, int, int], ...]:
    """What changes whenever the pair or the host key does; less while one is missing. Blocks, briefly."""
    found = (folder / "gateway.pem", folder / "gateway.key", folder / HOST_KEY)
    return tuple((one.st_ino, one.st_size, one.st_mtime_ns) for path in found if (one := _stat(path)) is not None)


def server_context(folder: Path, *, now: datetime) -> ssl.SSLContext:
    """TLS 1.2 or later with `gateway.pem` and its key. Raises `Misconfigured` in one clear sentence."""
    return shown(folder, now=now)[0]


def shown(folder: Path, *, now: datetime) -> tuple[ssl.SSLContext, datetime]:
    """The same, and when the certificate in it ends."""
    certificate, key = folder / "gateway.pem", folder / "gateway.key"
    for path in (certificate, key):
        if not path.is_file():
            raise Misconfigured(f"{path} is missing; a development one is made by: sealgate init")
    if key.stat().st_mode & 0o077:
        raise Misconfigured(f"{key} can be read by others; take that away with: chmod 600 {key}")
    try:
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as why:
        raise Misconfigured(f"{certificate} is not a certificate") from why
    if not leaf.not_valid_before_utc <= now.astimezone(UTC) <= leaf.not_valid_after_utc:
        raise Misconfigured(f"{certificate} is valid from {leaf.not_valid_before_utc:%d %B %Y} to "
                            f"{leaf.not_valid_after_utc:%d %B %Y}, not today; renew it")  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as why:
        raise Misconfigured(f"{certificate} and {key} do not belong together") from why
    return context, leaf.not_valid_after_utc


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
