"""From the original to the parcel of one leg: clean every document, compose the copy, seal it.

Documents open in throw-away processes. The clean copy is never stored: it is a function of the original, the plan and
the leg's own seed, and is made again whenever it is needed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import chain

from gateway.engine.clock import Clock, moment
from gateway.engine.contents import Content, bodies, documents
from gateway.engine.sealing import Intent, Sealing
from gateway.engine.vault import LARGE_BYTES, Vault
from gateway.engine.verdicts import obstacle, removed
from gateway.engine.workshop import CleanResult, Workshop
from gateway.engine.workshop.memory import Memory
from gateway.facts import Reason, Scrubbed, Sealed
from gateway.intake.fault import Fault
from gateway.intake.transferred import decode_part, pieces_of
from gateway.journey import LegJourney
from gateway.scrub.contentid import refers
from gateway.scrub.mail import Composed, MailPlan, Replacement, compose
from gateway.scrub.messageid import MessageIds
from gateway.scrub.plan import Cleaned, Held, Plan
from gateway.seal import headers, openpgp, plain
from gateway.seal.floor import Choice, Vouched
from gateway.seal.parcel import Packing
from gateway.skeleton import Part
from gateway.transfer import Digest, Seal, Transfer

OVERLAP_BYTES = 256
"""So much of one piece is looked at again with the next: more than a reference needs to be seen as one."""


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
    ids: MessageIds
    """What becomes of the Message-IDs of inner hosts."""
    _sealing: Sealing = field(init=False)
    _cleaned: dict[tuple[str, Plan], tuple[CleanPart, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sealing = Sealing(vault=self.vault, workshop=self.workshop)

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
        new = {one.part.path: one.content for one in cleaned if one.content and not one.part.is_frozen}
        new = _referring(content) | new
        replaced = tuple(Replacement(path=path, content=text) for path, text in new.items())
        seed = hmac.digest(data_key, f"leg {leg.leg.ordinal}".encode(), "sha256")
        at = format_datetime(moment(transfer.received_ms))
        received = f"by {self.host} with ESMTPSA\r\n id {transfer.id};\r\n {at}"
        plan = MailPlan(received=received, seed=seed, date=at, ids=self.ids, replaced=replaced)
        return compose(content.octets, content.skeleton, plan)

    def scrubbed(self, leg: LegJourney, copy: Composed, cleaned: Iterable[CleanPart]) -> Scrubbed:
        """The fact: what was removed, by kind, and the digest of the clean copy."""
        digest, size = hashlib.sha256(), 0
        for piece in copy.whole():
            digest.update(piece)
            size += len(piece)
        return Scrubbed(
            leg=leg.leg.ordinal,
            digest=Digest(sha256=digest.hexdigest()),
            size_bytes=size,
            removed=(*copy.removed, *(found for one in cleaned for found in removed(one.outcome))),
            confinement=self.workshop.mechanisms,
        )

    async def seal(
        self, transfer: Transfer, leg: LegJourney, copy: Composed, choice: Choice, key: Vouched | None, data_key: bytes
    ) -> Intent:
        """The intent and the parcel it names; see `Sealing.intend`."""
        if choice.seal is Seal.OPENPGP:
            pieces = await self._encrypted(leg, copy, choice, key, data_key)
        else:
            pieces = plain.as_they_are(copy.whole())
        return await self._sealing.intend(transfer, leg, pieces, choice, key, data_key)

    async def seal_note(self, transfer: Transfer, leg: LegJourney, choice: Choice, data_key: bytes) -> Sealed:
        """The parcel of one of our own notes: the very blob that was written, read back and counted."""
        item = transfer.items[0]
        packing = Packing(self.vault.pieces(item.blob, data_key))
        await self.vault.on_disk(lambda: deque(packing, maxlen=0))
        parcel = packing.parcel(transfer=transfer.id, leg=leg.leg.ordinal, blob=item.blob, seal=Seal.TRANSPORT)
        return Sealed(leg=leg.leg.ordinal, parcel=parcel, original=item, floor=choice.floor)

    async def _encrypted(
        self, leg: LegJourney, copy: Composed, choice: Choice, key: Vouched | None, data_key: bytes
    ) -> Iterator[bytes]:
        parted = headers.part(copy.outer + copy.entity_header)
        body = copy.entity()
        next(body)  # its header is `parted.inner` now
        boundary = hmac.digest(data_key, f"seal {leg.leg.ordinal}".encode(), "sha256").hex()[:40]
        assert leg.scrubbed is not None
        armoured = await self._sealing.armoured(chain((parted.inner,), body), leg.scrubbed.size_bytes, choice, key)
        return openpgp.wrap(parted.outer, armoured, boundary)

    async def _clean_one(self, content: Content, part: Part, plan: Plan) -> CleanPart:
        document = _document(content, part)
        media = f"{part.media}; charset={part.charset}" if part.charset else part.media
        with document if isinstance(document, Memory) else nullcontext():
            clean, outcome = await self._worst(document, part.names or ("",), media, plan)
            return CleanPart(part, b"" if _is_same(document, clean) else clean, outcome)

    async def _worst(self, document: bytes | Memory, names: tuple[str, ...], media: str, plan: Plan) -> CleanResult:
        """Readers differ on which name counts: under the first that holds the document, it is held (B44)."""
        for name in names[:-1]:
            result = await self.workshop.clean(document, name=name, media=media, plan=plan)
            if isinstance(result.outcome, Held):
                return result
        return await self.workshop.clean(document, name=names[-1], media=media, plan=plan)


def _document(content: Content, part: Part) -> bytes | Memory:
    """A document as it was attached. A large one must not lie in our memory while it lies in the workshop's."""
    if part.end - part.body <= LARGE_BYTES:
        return _decoded(content, part)
    memory = Memory()
    for piece in pieces_of(content.octets, part):
        memory.write(piece)
    return memory


def _is_same(document: bytes | Memory, clean: bytes) -> bool:
    """Compared in pieces: a slice of a mapping is a copy."""
    before = document.view() if isinstance(document, Memory) else document
    if len(before) != len(clean):
        return False
    pieces = (slice(at, at + LARGE_BYTES) for at in range(0, len(clean), LARGE_BYTES))
    return all(before[piece] == clean[piece] for piece in pieces)


def _decoded(content: Content, part: Part) -> bytes:
    decoded = decode_part(content.octets, part)
    if isinstance(decoded, Fault):
        raise AssertionError("the skeleton would have named this ambiguity")
    return decoded


def _referring(content: Content) -> dict[str, bytes]:
    """The text bodies that refer to other parts by Content-ID, which is about to change, by path."""
    return {part.path: _decoded(content, part) for part in bodies(content.skeleton) if _refers(content, part)}


def _refers(content: Content, part: Part) -> bool:
    """Asked piece by piece: a body may be as large as the whole mail."""
    end = b""
    for piece in pieces_of(content.octets, part):
        if refers(end + piece):
            return True
        end = piece[-OVERLAP_BYTES:]
    return False


def reasons(cleaned: Iterable[CleanPart]) -> tuple[Reason, ...]:
    """Why documents wait, in words for a person; nothing if none does. A signed part is never altered: it waits too."""
    found = (
        obstacle(one.part.names[0] if one.part.names else one.part.media, one.outcome, is_frozen=one.part.is_frozen)
        for one in cleaned
    )
    return tuple(reason for reason in found if reason is not None)
