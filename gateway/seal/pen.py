"""The pen: encrypts one small message to one vouched certificate. Runs in a confined worker: no file, no network.

It promises version 4 OpenPGP with SEIPD version 1 to exactly one key, read back before it is handed out; anything
else is `Unsealed` and nothing leaves. It does *not* judge keys: pysequoia encrypts to expired and revoked ones
without a word (measured), so only what `registrar.vouch` exported at this instant may come here.
"""

from __future__ import annotations

import hashlib

import pysequoia

from gateway.errors import Ours, Unreadable
from gateway.seal import packets

LARGEST = 4 * 1024 * 1024
"""Above this the pen holds the interpreter too long; `gpgpen` streams instead."""

_REMEMBERED = 256


class Unsealed(Ours):
    """The pen did not write what was demanded. Nothing leaves; another pen may be tried."""


class Pen:
    """Encrypts; remembers parsed certificates, a bounded number of them."""

    def __init__(self) -> None:
        self._parsed: dict[bytes, tuple[pysequoia.Cert, tuple[str, ...]]] = {}

    def encrypt(self, plain: bytes, certificate: bytes) -> bytes:
        """The armoured message only this certificate's key can open. Raises `Unsealed`."""
        cert, ids = self._parse(certificate)
        try:
            armoured = pysequoia.encrypt(plain, [cert])
        except Exception as error:
            # The text of pysequoia's exceptions carries a native backtrace: none of it goes on.
            raise Unsealed(f"the pen refused: {type(error).__name__}") from None
        try:
            packets.check_message(packets.walk(packets.dearmor(armoured)), ids)
        except Unreadable as error:
            raise Unsealed(f"read back: {error.cause}") from None
        return armoured

    def _parse(self, certificate: bytes) -> tuple[pysequoia.Cert, tuple[str, ...]]:
        name = hashlib.sha256(certificate).digest()
        known = self._parsed.get(name)
        if known is not None:
            return known
        try:
            packets.check_certificate(certificate)
            parsed = (pysequoia.Cert.from_bytes(certificate), packets.key_ids(certificate))
        except Unreadable as error:
            raise Unsealed(error.cause) from None
        except Exception as error:
            raise Unsealed(f"the pen cannot read the certificate: {type(error).__name__}") from None
        if len(self._parsed) >= _REMEMBERED:
            del self._parsed[next(iter(self._parsed))]
        self._parsed[name] = parsed
        return parsed


def encrypt(plain: bytes, certificate: bytes) -> bytes:
    """Encrypt once, remembering nothing; see `Pen.encrypt`."""
    return Pen().encrypt(plain, certificate)
