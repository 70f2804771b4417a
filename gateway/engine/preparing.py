"""From the original to the parcel of one leg: clean every document, compose the copy, seal it.

Documents open in throw-away processes, sealing of small mail runs in a confined worker, of large mail in GnuPG as a
stream. The clean copy is never stored: it is a function of the original, the plan and the leg's own seed, and is made
again whenever it is needed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import chain

from gateway.engine.clock import Clock, moment
from gateway.engine.contents import Content, documents
from gateway.engine.vault import LARGE_BYTES, SMALL_BYTES, Vault
from gateway.engine.workshop import Workshop
from gateway.facts import Reason, Removed, Scrubbed, Sealed
from gateway.intake.fault import Fault
from gateway.intake.transferred import decode_part
from gateway.journey import LegJourney
from gateway.scrub.mail import Composed, MailPlan, Replacement, compose
from gateway.scrub.plan import Cleaned, Held, Plan
from gateway.seal import headers, openpgp, plain
from gateway.seal.floor import Choice, Vouched
from gateway.seal.gpgpen import encrypt_stream
from gateway.seal.parcel import Packing
from gateway.seal.pen import Unsealed
from gateway.skeleton import Part
from gateway.transfer import Digest, Seal, Transfer


@dataclass(frozen=True, slots=True)
class CleanPart:
    """A document after the workshop: its clean bytes, or why it waits."""

    part: Part
    content: bytes
    outcome: Cleaned | Held


@dataclass(slots=True)
class Preparing:
    """Cleans and seals."""

    vault: Vault
    workshop: Workshop
    clock: Clock
    host: str
    """The gateway's name in `Received`."""
    _cleaned: dict[tuple[str, Plan], tuple[CleanPart, ...]] = field(default_factory=dict)

    async def clean(self, transfer: Transfer, content: Content, plan: Plan) -> tuple[CleanPart, ...]:
        """Every document of the mail under this plan; legs with equal plans share the work."""
        known = self._cleaned.get((transfer.id, plan))
        if known is None:
            known = tuple([await self._clean_one(content, part, plan) for part in documents(content.skeleton)])
            self._cleaned[transfer.id, plan] = known
        return known

    def release(self, transfer: Transfer) -> None:
        """Forget what was cleaned for it."""
        for key in [key for key in self._cleaned if key[0] == transfer.id]:
            del self._cleaned[key]

    def compose(
        self, transfer: Transfer, leg: LegJourney, content: Content, cleaned: Iterable[CleanPart], data_key: bytes
    ) -> Composed:
        """The clean copy for one leg: the same bytes every time it is asked for."""
        replaced = tuple(
            Replacement(path=one.part.path, content=one.content)
            for one in cleaned
            if one.content and not one.part.is_frozen
        )
        seed = hmac.digest(data_key, f"leg {leg.leg.ordinal}".encode(), "sha256")
        at = format_datetime(moment(transfer.received_ms))
        received = f"by {self.host} with ESMTPSA\r\n id {transfer.id};\r\n {at}"
        return compose(content.octets, content.skeleton, MailPlan(received=received, seed=seed, date=at, replaced=replaced))

    def scrubbed(self, leg: LegJourney, copy: Composed, cleaned: Iterable[CleanPart]) -> Scrubbed:
        """The fact: what was removed, by kind, and the digest of the clean copy."""
        digest, size = hashlib.sha256(), 0
        for piece in copy.whole():
            digest.update(piece)
            size += len(piece)
        removed = [*copy.removed]
        for one in cleaned:
            if isinstance(one.outcome, Cleaned):
                removed += [Removed(kind=f.kind, place=f.place, count=f.count) for f in one.outcome.findings]
        return Scrubbed(
            leg=leg.leg.ordinal,
            digest=Digest(sha256=digest.hexdigest()),
            size_bytes=size,
            removed=tuple(removed),
            confinement=self.workshop.mechanisms,
        )

    async def seal(
        self, transfer: Transfer, leg: LegJourney, copy: Composed, choice: Choice, key: Vouched | None, data_key: bytes
    ) -> tuple[Sealed, bytes | None]:
        """The intent and the parcel it names. Raises `Unsealed` if the pen would not.

        A small parcel comes as bytes and is not stored yet: it leaves at once, or whoever sees it wait stores it. Lost
        in a crash, it is made again, under a new intent. A large one is durable.
        """
        if choice.seal is Seal.OPENPGP:
            if key is None or key.fingerprint != choice.key_fingerprint:
                raise AssertionError("sealed only to the key that was vouched for")
            pieces = await self._encrypted(leg, copy, key, data_key)
        else:
            pieces = plain.as_they_are(copy.whole())
        assert leg.scrubbed is not None
        packing, blob, small = Packing(pieces), self.vault.name(), None
        if leg.scrubbed.size_bytes <= SMALL_BYTES:
            small = b"".join(packing)
        else:
            await self.vault.put(data_key, packing, blob)
        parcel = packing.parcel(
            transfer=transfer.id,
            leg=leg.leg.ordinal,
            blob=blob,
            seal=choice.seal,
            key_fingerprint=choice.key_fingerprint if choice.seal is Seal.OPENPGP else "",
        )
        intent = Sealed(
            leg=leg.leg.ordinal,
            parcel=parcel,
            original=transfer.items[0],
            floor=choice.floor,
            key_trust=key.trust if key and choice.seal is Seal.OPENPGP else "",
        )
        return intent, small

    async def seal_note(self, transfer: Transfer, leg: LegJourney, choice: Choice, data_key: bytes) -> Sealed:
        """The parcel of one of our own notes: the very blob that was written, read back and counted."""
        item = transfer.items[0]
        packing = Packing(self.vault.pieces(item.blob, data_key))
        await self.vault.on_disk(lambda: deque(packing, maxlen=0))
        parcel = packing.parcel(transfer=transfer.id, leg=leg.leg.ordinal, blob=item.blob, seal=Seal.TRANSPORT)
        return Sealed(leg=leg.leg.ordinal, parcel=parcel, original=item, floor=choice.floor)

    async def _encrypted(self, leg: LegJourney, copy: Composed, key: Vouched, data_key: bytes) -> Iterator[bytes]:
        parted = headers.part(copy.outer + copy.entity_header)
        body = copy.entity()
        next(body)  # its header is `parted.inner` now
        inside = chain((parted.inner,), body)
        boundary = hmac.digest(data_key, f"seal {leg.leg.ordinal}".encode(), "sha256").hex()[:40]
        assert leg.scrubbed is not None
        if leg.scrubbed.size_bytes > LARGE_BYTES:
            return openpgp.wrap(parted.outer, encrypt_stream(inside, key.certificate), boundary)
        content = b"".join(inside)
        try:
            armoured = await self.workshop.encrypt(content, key.certificate)
        except Unsealed:  # a key that asks for what GnuPG cannot read: GnuPG itself is the other pen
            armoured = await self.vault.on_disk(lambda: b"".join(encrypt_stream([content], key.certificate)))
        return openpgp.wrap(parted.outer, [armoured], boundary)

    async def _clean_one(self, content: Content, part: Part, plan: Plan) -> CleanPart:
        decoded = decode_part(content.octets, part)
        if isinstance(decoded, Fault):
            raise AssertionError("the skeleton would have named this ambiguity")
        name = part.names[0] if part.names else ""
        clean, outcome = await self.workshop.clean(decoded, name=name, media=part.media, plan=plan)
        return CleanPart(part, b"" if clean == decoded else clean, outcome)


def reasons(cleaned: Iterable[CleanPart]) -> tuple[Reason, ...]:
    """Why documents wait, in words for a person; nothing if none does. A signed part is never altered: it waits too."""
    found = []
    for one in cleaned:
        name = one.part.names[0] if one.part.names else one.part.media
        if isinstance(one.outcome, Held):
            kinds = " ".join(sorted({finding.kind.value for finding in one.outcome.findings}))
            about = (("name", name), ("why", one.outcome.code.value), ("kinds", kinds))
            found.append(Reason(code="document", about=about))
        elif one.part.is_frozen and one.outcome.findings:
            found.append(Reason(code="document", about=(("name", name), ("why", "signed"), ("kinds", ""))))
    return tuple(found)
