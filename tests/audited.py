"""An office with a past: real folders, keys, records and blobs, and facts appended through its one writer.

What the auditor's tests look at. `laid_out` is slow (accounts, certificates), so tests share one and copy its folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from gateway.commands.init import lay_out
from gateway.commands.office import Office, alone, opened, publish_first, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock
from gateway.engine.entries import Write
from gateway.engine.fsck import Kept, Report, fsck
from gateway.engine.scribe import Scribe
from gateway.facts import Declined, Judged, LegFact, Outcome, Received, Removed, Scrubbed, Sealed
from gateway.journey import Journey, advance, begin
from gateway.keep import Blobs
from gateway.keep.sealed import SealedDraft
from gateway.transfer import (
    Address,
    BlobId,
    Digest,
    Envelope,
    Item,
    Leg,
    Parcel,
    Party,
    Recipient,
    Seal,
    Transfer,
    TransferId,
    Way,
    transfer_id,
)
from tests.earnest import in_earnest
from tests.playbook import attempted, deferred, shipped

BODY = b"From: alena@town.test\r\n\r\nThe statement of claim.\r\n"
PARCEL = b"-----BEGIN PGP MESSAGE-----"
DIGEST_IN, DIGEST_OUT = Digest.of(BODY), Digest.of(PARCEL)
RULESET = "5" * 64


@dataclass(frozen=True, slots=True)
class Past:
    """What happened in the office so far."""

    folder: Path
    ledger_key: str
    delivered: TransferId
    """From Alena to the court and to a stranger: leg 0 delivered, leg 1 refused by Ruth."""
    held: TransferId
    """From Jo to the court: waits for a person."""
    deferred: TransferId
    """From Jo to the court: sealed, and the other server was busy."""
    passwords: dict[str, str]
    """By address."""


def laid_out(folder: Path) -> Past:
    """An office with a past."""

    def publish(office: Path) -> None:
        in_earnest(office)
        publish_first(office)

    day = lay_out(folder, base=20000, clock=SystemClock(), publish=publish)
    with writing(folder) as pen:
        passwords = {account.address: account.password for account in day.accounts}
        return Past(folder, day.ledger_key, _delivered(pen), _held(pen), _deferred(pen), passwords)


@dataclass(slots=True)
class Pen:
    """Writes facts and content into an office."""

    office: Office
    scribe: Scribe
    blobs: Blobs
    count: int = 0

    def mail(
        self, sender: str, *to: str, subject: str = "Claim", name: str = "", label: str = "confidential"
    ) -> Journey:
        """A mail that was just received."""
        key = self.office.clock.random(32)
        identity = transfer_id(self.office.clock.random(16))
        item = Item(
            name=name,
            media="message/rfc822",
            size_bytes=len(BODY),
            digest=DIGEST_IN,
            blob=self.put(identity, key, BODY),
        )
        transfer = Transfer(
            id=identity,
            way=Way.MAIL,
            sender=Party(person=sender, address=_address(sender), signed_in_by="password", source="127.0.0.1"),
            items=(item,),
            legs=tuple(Leg(ordinal=n, recipient=Recipient(address=_address(one))) for n, one in enumerate(to)),
            received_ms=self.office.clock.now_ms(),
            label=label,
            purpose="litigation",
            envelope=Envelope(subject=subject, message_id="<1@town.test>"),
        )
        received = Received(transfer=transfer)
        self.scribe.append_now(Write(stream=identity, facts=(received,), expected=0, data_key=key))
        return begin(received)

    def then(self, journey: Journey, *facts: LegFact) -> Journey:
        """What happens next."""
        self.scribe.append_now(Write(stream=journey.transfer.id, facts=facts, expected=journey.version))
        return reduce(advance, facts, journey)

    def put(self, identity: str, key: bytes, content: bytes) -> BlobId:
        """Content, sealed and kept."""
        blob = BlobId(self.office.clock.random(16).hex())
        with SealedDraft(self.blobs.begin(blob), key, blob, self.office.clock.random) as draft:
            draft.write(content)
            draft.keep()
        return blob


@contextmanager
def writing(folder: Path, *, is_published: bool = True) -> Iterator[Pen]:
    """The office, open for writing; what was written is published at the end."""
    setting = Setting(folder=folder)
    with alone(setting), opened(setting, is_writing=True) as office, closing(office.blobs()) as blobs:
        scribe = scribe_of(office, rules_of_office(office), lambda why: None)
        scribe.start()
        try:
            yield Pen(office, scribe, blobs)
        finally:
            scribe.stop()
        if is_published and scribe.head:
            office.publication.publish(scribe.head)


def checked(folder: Path) -> Report:
    """The office's `fsck`."""
    setting = Setting(folder=folder)
    with opened(setting) as office, closing(office.blobs()) as blobs:
        return fsck(
            Kept(
                records=office.records,
                archive=office.archive,
                keyring=office.keyring,
                blobs=blobs,
                published=setting.var / "ledger",
                vkey=office.signer.vkey,
                now_ms=office.clock.now_ms(),
            )
        )


def judged(leg: int, outcome: Outcome, *rules: str) -> Judged:
    """The judge's word, with a rule that gave it."""
    return Judged(leg=leg, outcome=outcome, rules=rules, demands=(), reasons=(), known=(), ruleset=RULESET)


def cleaned(leg: int) -> Scrubbed:
    """A copy without its GPS position."""
    removed = (Removed(kind="gps", place="image/jpeg", count=1),)
    return Scrubbed(leg=leg, digest=Digest.of(b"clean"), size_bytes=5, removed=removed)


def intent(journey: Journey, leg: int) -> Sealed:
    """The parcel that will leave."""
    identity = journey.transfer.id
    parcel = Parcel(
        transfer=identity, leg=leg, blob=BlobId("f" * 32), size_bytes=len(PARCEL), digest=DIGEST_OUT, seal=Seal.OPENPGP,
        key_fingerprint="A" * 40,
    )  # fmt: skip
    return Sealed(leg=leg, parcel=parcel, original=journey.transfer.items[0], floor="openpgp")


def _delivered(pen: Pen) -> TransferId:
    journey = pen.mail("alena@town.test", "clerk@court.test", "stranger@other.test", name="=claim;1.pdf")
    journey = pen.then(journey, judged(0, Outcome.SEND, "to-court"), judged(1, Outcome.HOLD, "ask-first"))
    journey = pen.then(journey, cleaned(0), intent(journey, 0))
    journey = pen.then(journey, attempted(0), shipped(0))
    pen.then(journey, Declined(leg=1, by="ruth@town.test", why="not ours"))
    return journey.transfer.id


def _held(pen: Pen) -> TransferId:
    journey = pen.mail("jo@town.test", "clerk@court.test", label="public")
    return pen.then(journey, judged(0, Outcome.HOLD, "ask-first")).transfer.id


def _deferred(pen: Pen) -> TransferId:
    journey = pen.then(pen.mail("jo@town.test", "judge@court.test"), judged(0, Outcome.SEND, "to-court"))
    journey = pen.then(journey, cleaned(0), intent(journey, 0))
    return pen.then(journey, attempted(0), replace(deferred(0), reply="451 busy")).transfer.id


def _address(text: str) -> Address:
    local, _, domain = text.partition("@")
    return Address(local=local, domain=domain)
