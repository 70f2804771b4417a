"""RFC 3161: an outside authority says when it saw a head, so that nobody can date one back, not even with our key.

The token is over the note as we signed it: text, empty line, our line. Both lie beside the checkpoint for anybody:

    openssl ts -verify -in stamps/SIZE.tsr -data stamps/SIZE.note -CAfile ROOTS
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from gateway.engine.publication import Publication
from gateway.errors import Misconfigured, PeerPermanent, PeerTemporary, StoreAway
from gateway.keep.private import create_file, open_folder, sync
from gateway.ledger.checkpoint import own_note, verify
from gateway.ship.web import Web

log = logging.getLogger(__name__)

EVERY_S = 600.0
QUERY = "application/timestamp-query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A head that was stamped."""

    note: str
    token: bytes
    roots: bytes
    """PEM: whom the office trusts to stamp."""

    @property
    def files(self) -> tuple[tuple[str, bytes], ...]:
        """As they lie in a bundle."""
        return ("tsa-chain.pem", self.roots), ("tsa.tsr", self.token)


def stamp_over(folder: Path, size: int, *, vkey: str, roots: Path) -> Stamp | None:
    """The earliest stamp on a head of at least `size` entries that `vkey` signed; None if there is none yet."""
    sizes = sorted(int(path.stem) for path in folder.glob("*.tsr") if path.stem.isdecimal())
    for stamped in (one for one in sizes if one >= size):
        note = (folder / f"{stamped}.note").read_text("utf-8")
        if verify(note, [vkey]).signers:  # not one of a key before this
            return Stamp(note=note, token=(folder / f"{stamped}.tsr").read_bytes(), roots=roots.read_bytes())
    return None


@dataclass(slots=True, kw_only=True)
class Stamping:
    """A chore for the caretaker."""

    publication: Publication
    vkey: str
    at: str
    roots: Path
    """PEM: whom the authority's certificate must lead to."""
    folder: Path
    """Where notes and tokens lie."""
    web: Web
    every_s: float = EVERY_S

    async def turn(self) -> None:
        """Have the published head stamped unless it is. Raises what went wrong, as `Failure`."""
        published = await asyncio.to_thread(self.publication.checkpoint)
        if published is None:
            return
        note, size = own_note(published, self.vkey), verify(published, [self.vkey]).checkpoint.size
        if (self.folder / f"{size}.tsr").exists():
            return
        token = await self._stamp(note.encode())
        await asyncio.to_thread(self._keep, size, note.encode(), token)

    async def _stamp(self, content: bytes) -> bytes:
        """The authority's answer over `content`, checked. Raises `PeerTemporary`, `PeerPermanent`, `Misconfigured`."""
        request = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
        reply = await self.web.ask(self.at, request.as_bytes(), media=QUERY)
        if reply.status != 200:
            raise PeerTemporary(f"the time-stamp authority answered {reply.status}")
        try:
            response = decode_timestamp_response(reply.untrusted_body)
            verifier = VerifierBuilder.from_request(request)
            for root in self._roots():
                verifier = verifier.add_root_certificate(root)
            verifier.build().verify_message(response, content)
        except (VerificationError, ValueError) as why:
            raise PeerPermanent(f"the time-stamp authority's token is not true: {why}") from why
        return reply.untrusted_body

    def _roots(self) -> list[x509.Certificate]:
        try:
            return x509.load_pem_x509_certificates(self.roots.read_bytes())
        except (OSError, ValueError) as why:
            raise Misconfigured(f"{self.roots} holds no certificates for the time-stamp authority") from why

    def _keep(self, size: int, note: bytes, token: bytes) -> None:
        """The note first: a token without what it is over is worth nothing. Raises `StoreAway`."""
        folder = open_folder(self.folder, create=True)
        try:
            for name, content in ((f"{size}.note", note), (f"{size}.tsr", token)):
                if not (self.folder / name).exists():
                    create_file(folder, name, content)
            sync(folder, str(self.folder))
        except OSError as why:
            raise StoreAway(f"a time stamp cannot be kept: {why.strerror}") from why
        finally:
            os.close(folder)
