"""PGP/MIME around a ciphertext (RFC 3156 §4), in canonical CRLF, in pieces; or, for a file, the bare packets.

The boundary is random and the caller's, fresh for each leg: a shared one would link two recipients' copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gateway.errors import Ours, Unreadable
from gateway.seal import packets
from gateway.seal.pen import Unsealed

_BOUNDARY = re.compile(r"[0-9A-Za-z]{16,60}", re.ASCII)


def wrap(outer_headers: bytes, armoured: Iterable[bytes], boundary: str) -> Iterator[bytes]:
    """The whole message: `outer_headers` (fields in CRLF, no empty line), the two parts, the ciphertext inside.

    `armoured` is what `pen` or `gpgpen` wrote, with LF line ends.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise ValueError("a boundary is 16 to 60 letters and digits")
    if outer_headers and not outer_headers.endswith(b"\r\n"):
        raise ValueError("header fields end in CRLF")
    yield _opening(outer_headers, boundary)
    last = b"\n"
    for piece in armoured:
        if b"\r" in piece:
            raise Ours("a pen wrote CR; its lines would be counted twice")
        if piece:
            last = piece[-1:]
            yield piece.replace(b"\n", b"\r\n")
    yield (b"" if last == b"\n" else b"\r\n") + f"\r\n--{boundary}--\r\n".encode("ascii")


def binary(armoured: Iterable[bytes]) -> Iterator[bytes]:
    """The ciphertext without its armour: what a file ending in `.pgp` holds. Raises `Unsealed` if it has no end."""
    armour = packets.Dearmour()
    try:
        for piece in armoured:
            yield armour.feed(piece)
        yield armour.close()
    except Unreadable as error:
        raise Unsealed(f"read back: {error.cause}") from None


def _opening(outer_headers: bytes, boundary: str) -> bytes:
    version = b"" if b"\nmime-version:" in b"\n" + outer_headers.lower() else b"MIME-Version: 1.0\r\n"
    structure = (
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n'
        f' boundary="{boundary}"\r\n'
        "\r\n"
        "This message is encrypted with OpenPGP.\r\n"
        "\r\n"
        f"--{boundary}\r\n"
        "Content-Type: application/pgp-encrypted\r\n"
        "Content-Description: PGP/MIME version identification\r\n"
        "\r\n"
        "Version: 1\r\n"
        "\r\n"
        f"--{boundary}\r\n"
        'Content-Type: application/octet-stream; name="encrypted.asc"\r\n'
        "Content-Description: OpenPGP encrypted message\r\n"
        'Content-Disposition: inline; filename="encrypted.asc"\r\n'
        "\r\n"
    )
    return outer_headers + version + structure.encode("ascii")
