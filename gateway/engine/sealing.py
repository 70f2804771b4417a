"""From final bytes to a parcel and the intent that names it; the same for a mail and for a file.

Small content is sealed in a confined worker, large content by GnuPG as a stream, in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.engine.vault import LARGE_BYTES, SMALL_BYTES, Vault
from gateway.engine.workshop import Workshop
from gateway.facts import Sealed
from gateway.journey import LegJourney
from gateway.seal.floor import Choice, Vouched
from gateway.seal.gpgpen import encrypt_stream
from gateway.seal.parcel import Packing
from gateway.seal.pen import Unsealed
from gateway.transfer import Seal, Transfer

Intent = tuple[Sealed, bytes | None]
"""The fact, and the parcel's bytes where they are few: those are not stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """Encrypts and packs."""

    vault: Vault
    workshop: Workshop

    async def armoured(
        self, clean: Iterable[bytes], size_bytes: int, choice: Choice, key: Vouched | None
    ) -> Iterator[bytes]:
        """The ciphertext of that much content. Large content is read, and encrypted, as the result is.

        Raises `Unsealed`, for large content at the latest where the pieces end.
        """
        if key is None or key.fingerprint != choice.key_fingerprint:
            raise AssertionError("sealed only to the key that was vouched for")
        if size_bytes > LARGE_BYTES:
            return encrypt_stream(clean, key.certificate)
        content = b"".join(clean)
        try:
            return iter([await self.workshop.encrypt(content, key.certificate)])
        except Unsealed:  # a key that asks for what GnuPG cannot read: GnuPG itself is the other pen
            return iter(await self.vault.on_disk(lambda: list(encrypt_stream([content], key.certificate))))

    async def intend(
        self,
        transfer: Transfer,
        leg: LegJourney,
        pieces: Iterable[bytes],
        choice: Choice,
        key: Vouched | None,
        data_key: bytes,
    ) -> Intent:
        """The intent and the parcel it names. Raises `Unsealed` if the pen would not.

        A small parcel comes as bytes and is not stored yet: it leaves at once, or whoever sees it wait stores it. Lost
        in a crash, it is made again, under a new intent. A large one is durable.
        """
        assert leg.scrubbed is not None
        packing, blob, small = Packing(pieces), self.vault.name(), None
        if leg.scrubbed.size_bytes <= SMALL_BYTES:
            small = b"".join(packing)
        else:
            await self.vault.put(data_key, packing, blob)
        is_encrypted = choice.seal is Seal.OPENPGP
        parcel = packing.parcel(
            transfer=transfer.id,
            leg=leg.leg.ordinal,
            blob=blob,
            seal=choice.seal,
            key_fingerprint=choice.key_fingerprint if is_encrypted else "",
        )
        intent = Sealed(
            leg=leg.leg.ordinal,
            parcel=parcel,
            original=transfer.items[0],
            floor=choice.floor,
            key_trust=key.trust if key and is_encrypted else "",
        )
        return intent, small
