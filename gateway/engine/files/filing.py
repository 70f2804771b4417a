"""The stations of a file's voyage: one file, one partner's box or one colleague's folder.

What a colleague sends out is cleaned as an attachment would be. What a partner hands in is looked into and left as it
came: it is their paper, and may be evidence.

GAP: a file above `LARGEST_OPENED` is not opened; it waits for a person, who may let it go as it came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from mmap import mmap

from gateway.engine import inside
from gateway.engine.contents import Contents
from gateway.engine.files.pushing import Pushing
from gateway.engine.inquiry import Inquiry, covered
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.scanning.examination import Examination, Examined
from gateway.engine.sealing import Intent, Sealing
from gateway.engine.vault import LARGE_BYTES, Vault
from gateway.engine.verdicts import Inside, Verdicts, obstacle, removed
from gateway.engine.voyage import Log, Voyage
from gateway.engine.workshop import Workshop
from gateway.engine.workshop.memory import Memory
from gateway.errors import Tampering
from gateway.facts import Reason, Receipt, Scrubbed
from gateway.intake.file import HEAD_BYTES, TAIL_BYTES, Ending, ending
from gateway.journey import LegJourney
from gateway.judge import words
from gateway.judge.spotting import spot
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Plan, Tier
from gateway.seal import openpgp
from gateway.seal.floor import Choice, Vouched
from gateway.transfer import Digest, Item, Seal, Transfer

LARGEST_OPENED = 64 * 1024 * 1024
"""The workshop holds a document and its clean copy in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A file after the workshop."""

    outcome: Cleaned | Held
    is_cut: bool
    digest: Digest
    """Of what would leave."""
    clean: bytes | None = None
    """What would leave; None: the file as it came."""
    plan: str = ""
    """Names the plan it was cleaned under; empty for what is handed in: it is left as it came."""


@dataclass(slots=True, kw_only=True)
class FileStations:
    """Satisfies `runner.Stations` for files."""

    contents: Contents
    vault: Vault
    workshop: Workshop
    inquiry: Inquiry
    pushing: Pushing
    notes: Notes
    rules: InForce
    examination: Examination
    _verdicts: Verdicts = field(init=False)
    _sealing: Sealing = field(init=False)
    _looked: dict[str, Looked] = field(default_factory=dict)
    """By transfer: it has one file and one leg. Kept for the voyage, so that what leaves is what was judged, even if
    rules that change meanwhile would have cleaned it in another way."""

    def __post_init__(self) -> None:
        self._verdicts = Verdicts(inquiry=self.inquiry, notes=self.notes)
        self._sealing = Sealing(vault=self.vault, workshop=self.workshop)

    async def judge(self, voyage: Voyage, legs: tuple[int, ...]) -> None:
        """See `runner.Stations.judge`: the file is opened first, so that what it hides is known."""
        await self._verdicts.judge(voyage, legs, self._inspect)

    async def scrub(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.scrub`."""
        transfer, part = voyage.journey.transfer, voyage.journey.legs[leg]
        looked, item = await self._look(voyage, part), transfer.items[0]
        examined = await self._examine(voyage, looked)
        answered = {code for approval in part.approvals for code in approval.covers}
        waits = [one for one in (*_waits(item.name, looked), *examined.reasons) if covered(one) not in answered]
        if waits:  # rules, or a scanner, that were there when it was judged are not there now
            await self._verdicts.hold(voyage, leg, waits[0])
            return
        _, kept_by = self.inquiry.plan(transfer, part)
        is_incoming = _is_incoming(transfer)
        voyage.add(
            Scrubbed(
                leg=leg,
                digest=looked.digest,
                size_bytes=item.size_bytes if looked.clean is None else len(looked.clean),
                removed=() if is_incoming else removed(looked.outcome),
                kept_by=() if is_incoming else kept_by,
                plan=looked.plan,
                verified_by=examined.by,
                confinement=self.workshop.mechanisms,
            )
        )

    async def encrypt(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.encrypt`."""
        chosen = await self._verdicts.choice(voyage, leg)
        if chosen is None:
            return
        choice, opinion = chosen
        part = voyage.journey.legs[leg]
        if part.scrubbed is None or part.scrubbed.plan != (await self._look(voyage, part)).plan:
            await self.scrub(voyage, leg)  # the rules changed since, over a restart: what is sealed is clean
        else:
            await self._verdicts.seal(voyage, leg, self._seal(voyage, part, choice, opinion.key))

    async def settle(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.settle`."""
        await self.pushing.settle(voyage, leg)

    async def lapse(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.lapse`."""
        await self._verdicts.lapse(voyage, leg)

    async def ship(self, voyage: Voyage, leg: int, log: Log, sealed: Receipt) -> None:
        """See `runner.Stations.ship`. What was open for cleaning is closed first: a delivery may take long."""
        self.release(voyage)
        await self.pushing.ship(voyage, leg, log, sealed)

    def release(self, voyage: Voyage) -> None:
        """See `runner.Stations.release`."""
        self.contents.release(voyage.journey.transfer.id)
        self._looked.pop(voyage.journey.transfer.id, None)
        self.examination.release(voyage.journey.transfer.id)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _inspect(self, voyage: Voyage, leg: LegJourney) -> Inside:
        looked, name = await self._look(voyage, leg), voyage.journey.transfer.items[0].name
        transfer = voyage.journey.transfer
        facts = inside.of_file(self.rules.rulebook, transfer, looked.outcome, is_incoming=_is_incoming(transfer))
        examined = await self._examine(voyage, looked)
        reasons = (*self._conflicts(transfer), *examined.reasons, *_waits(name, looked))
        return {**facts, **examined.facts}, reasons

    async def _examine(self, voyage: Voyage, looked: Looked) -> Examined:
        """As it came, read again piece by piece, whatever its size; and as it leaves."""
        transfer, item = voyage.journey.transfer, voyage.journey.transfer.items[0]
        original = partial(self.vault.stream, item.blob, voyage.data_key, item.size_bytes)
        return await self.examination.of_file(transfer, original, looked.clean)

    def _conflicts(self, transfer: Transfer) -> tuple[Reason, ...]:
        """Why label or purpose could not be determined when it was handed in, where the name tells."""
        if transfer.label and transfer.purpose:
            return ()
        return spot(self.rules.rulebook, transfer.items[0].name, is_from_outside=_is_incoming(transfer)).conflicts

    async def _look(self, voyage: Voyage, leg: LegJourney) -> Looked:
        transfer = voyage.journey.transfer
        known = self._looked.get(transfer.id)
        if known is None:
            plan, _ = self.inquiry.plan(transfer, leg)
            known = self._looked[transfer.id] = await self._look_into(transfer, plan, voyage.data_key)
        return known

    async def _look_into(self, transfer: Transfer, plan: Plan, data_key: bytes) -> Looked:
        """Compared with the digest in the facts before anything of it is believed."""
        item = transfer.items[0]
        if item.size_bytes > LARGEST_OPENED:
            head, tail = await self.vault.on_disk(lambda: _ends(self.vault.pieces(item.blob, data_key), item))
            is_cut = ending(head, tail) is Ending.CUT
            name = "" if _is_incoming(transfer) else plan.name
            return Looked(outcome=Held(code=Code.LIMIT), is_cut=is_cut, digest=item.digest, plan=name)
        await self.contents.reserve(transfer.id, item.size_bytes)
        raw = await self.vault.take(item.blob, data_key, item.size_bytes)
        try:
            view = raw.view() if isinstance(raw, Memory) else raw
            if await self._digest(view) != item.digest:
                raise Tampering(f"{transfer.id}: the file is not the one that was handed in")
            is_cut = ending(view[:HEAD_BYTES], view[-TAIL_BYTES:]) is Ending.CUT
            if _is_incoming(transfer):
                found = await self.workshop.inspect(raw, name=item.name, media=item.media)
                return Looked(outcome=_as_it_came(found), is_cut=is_cut, digest=item.digest)
            content, outcome = await self.workshop.clean(raw, name=item.name, media=item.media, plan=plan)
            digest = item.digest if isinstance(outcome, Held) else await self._digest(content)
            clean = content if digest != item.digest else None
            return Looked(outcome=outcome, is_cut=is_cut, digest=digest, clean=clean, plan=plan.name)
        finally:
            if isinstance(raw, Memory):
                raw.close()

    async def _digest(self, content: bytes | mmap) -> Digest:
        """Of large content on a thread: the loop must not wait for it."""
        if len(content) <= LARGE_BYTES:
            return Digest(sha256=hashlib.sha256(content).hexdigest())
        return await self.vault.on_disk(lambda: Digest(sha256=hashlib.sha256(content).hexdigest()))

    # ── the parcel ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _seal(self, voyage: Voyage, leg: LegJourney, choice: Choice, key: Vouched | None) -> Intent:
        assert leg.scrubbed is not None
        looked = await self._look(voyage, leg)
        pieces: Iterable[bytes] = await self._original(voyage) if looked.clean is None else (looked.clean,)
        if choice.seal is Seal.OPENPGP:
            armoured = await self._sealing.armoured(pieces, leg.scrubbed.size_bytes, choice, key)
            pieces = openpgp.binary(armoured)
        return await self._sealing.intend(voyage.journey.transfer, leg, pieces, choice, key, voyage.data_key)

    async def _original(self, voyage: Voyage) -> Iterable[bytes]:
        """The file as it came. A large one is read piece by piece, by whoever writes its parcel, on a disk thread."""
        item, data_key = voyage.journey.transfer.items[0], voyage.data_key
        pieces = await self.vault.on_disk(lambda: _checked(self.vault.pieces(item.blob, data_key), item.digest))
        return pieces if item.size_bytes > LARGE_BYTES else await self.vault.on_disk(lambda: list(pieces))


def _is_incoming(transfer: Transfer) -> bool:
    return transfer.sender.person.startswith(words.PARTNER)


def _waits(name: str, looked: Looked) -> tuple[Reason, ...]:
    """Why a file waits whatever the rules say; that it is damaged goes without saying where it is cut."""
    found = obstacle(name, looked.outcome)
    if not looked.is_cut:
        return (found,) if found else ()
    is_its_consequence = isinstance(looked.outcome, Held) and looked.outcome.code is Code.DAMAGED
    cut = Reason(code="seems-cut", about=(("name", name),))
    return (cut, found) if found and not is_its_consequence else (cut,)


def _as_it_came(found: Inspection) -> Cleaned | Held:
    """A paper from outside: what could act waits for a person, as does what nobody can look into; nothing is taken."""
    if found.held is not None:
        return found.held
    acts = tuple(one for one in found.findings if one.tier is Tier.ACTIVE and one.kind is not Kind.LINKS)
    return (
        Held(code=Code.ASK, findings=acts)
        if acts
        else Cleaned(kept=found.findings, is_signed=found.is_signed, personal=found.personal)
    )


def _ends(pieces: Iterable[bytes], item: Item) -> tuple[bytes, bytes]:
    """The first and the last bytes of what is too large to be opened, compared whole. Blocks. Raises `Tampering`."""
    head, tail = b"", b""
    for piece in _checked(pieces, item.digest):
        head = head if len(head) >= HEAD_BYTES else (head + piece)[:HEAD_BYTES]
        tail = (tail + piece)[-TAIL_BYTES:]
    return head, tail


def _checked(pieces: Iterable[bytes], digest: Digest) -> Iterator[bytes]:
    """The same pieces. Raises `Tampering` at the end if they are not what the facts say."""
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
        yield piece
    if seen.hexdigest() != digest.sha256:
        raise Tampering("a file is not what its facts say")
