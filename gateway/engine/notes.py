"""The gateway's own notes: what waits, what failed, what is late, what came for somebody.

A note is a transfer like any other, from the null sender (RFC 5321 §4.5.5), appended in the same transaction as the
fact it tells about: a leg cannot end without its sender's note, and no crash makes two. There is none about a note.

Outside, a partner hears of one thing alone: that something lies in its inbox here. That note goes to the first of its
addresses on file, and says nothing of what it is, not even a name.

GAP: a partner of whom only domains are on file has no address to write to; it has to look by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.catalogue.texts import Texts
from gateway.engine.clock import Clock, day, moment
from gateway.engine.entries import Write
from gateway.engine.policy import InForce
from gateway.engine.returnaddress import answer_address
from gateway.engine.vault import Vault
from gateway.engine.wording import called, sentences
from gateway.facts import Outcome, Reason, Received
from gateway.journey import Journey
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.explain import texts_of
from gateway.judge.questions import is_question
from gateway.ship.bounce import Kind, Notice, announce, compose
from gateway.transfer import Address, Item, Leg, Notify, Party, Recipient, Transfer, TransferId, Way, transfer_id

NOTE_MEDIA = "message/rfc822"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Writes notes."""

    vault: Vault
    clock: Clock
    host: str
    """The gateway's name, as it says it in EHLO."""
    office: str
    rules: InForce

    async def about(
        self,
        journey: Journey,
        ordinal: int,
        kind: Kind,
        reasons: Sequence[Reason],
        *,
        outcome: Outcome | None = None,
        reply: str = "",
    ) -> tuple[Write, ...]:
        """What to append beside the fact: the note's `Received`; nothing if there is nobody to tell."""
        original = journey.transfer
        leg = journey.legs[ordinal].leg
        if original.sender.address is None or original.sender.is_gateway:
            return ()
        notice = Notice(
            kind=kind,
            leg=ordinal,
            sentences=self._sentences(original, leg.recipient, outcome, reasons),
            status=_status(kind, reasons),
            reply=reply,
            called=called(self.rules.rulebook, leg.recipient),
            answer_to=answer_address(original.id, self.host) if any(map(is_question, reasons)) else "",
        )
        if not notice.is_wanted(leg.notify):
            return ()
        now_ms = self.clock.now_ms()
        identity = transfer_id(self.clock.random(16))
        content = compose(
            notice,
            transfer=original,
            leg=leg,
            host=self.host,
            office=self.office,
            at=moment(now_ms),
            identity=identity,
            texts=self._texts,
        )
        return await self._write(identity, content, original.sender.address, original.id, now_ms)

    async def of_arrival(self, journey: Journey, ordinal: int, until_ms: int) -> tuple[Write, ...]:
        """To whom the leg is for, that something lies there to be fetched; nothing if we have no address of theirs."""
        original, recipient = journey.transfer, journey.legs[ordinal].leg.recipient
        address = recipient.address or self._on_file(recipient.partner)
        if address is None:
            return ()
        now_ms = self.clock.now_ms()
        identity = transfer_id(self.clock.random(16))
        told = self._to_ours(original) if recipient.address else self._to_partner(original, recipient.partner, until_ms)
        who = (original.sender.name or original.sender.person) if recipient.address else self.office
        content = announce(
            (*told, self._texts.say("note.transfer", transfer=original.id)),
            to=address,
            title=self._texts.say("note.arrival.title", who=who),
            host=self.host,
            office=self.office,
            at=moment(now_ms),
            identity=identity,
            texts=self._texts,
        )
        return await self._write(identity, content, address, original.id, now_ms)

    async def tell(
        self,
        people: Sequence[Address],
        title: str,
        said: Sequence[str],
        *,
        about: TransferId | None = None,
        identity: TransferId | None = None,
        attached: tuple[str, str] | None = None,
    ) -> tuple[Write, ...]:
        """One note to each of ours. An `identity` names the note, so that it is never written twice; then it is one."""
        now_ms = self.clock.now_ms()
        writes: tuple[Write, ...] = ()
        for address in people:
            name = identity or transfer_id(self.clock.random(16))
            content = announce(
                said,
                to=address,
                title=title,
                host=self.host,
                office=self.office,
                at=moment(now_ms),
                identity=name,
                texts=self._texts,
                attached=attached,
            )
            writes += await self._write(name, content, address, about, now_ms)
        return writes

    @property
    def texts(self) -> Texts:
        """The texts of the office's language, for who has more to tell."""
        return self._texts

    @property
    def _texts(self) -> Texts:
        """The texts of the office's language, as the rules in force have it."""
        return texts_of(self.rules.rulebook)

    def _on_file(self, partner_id: str) -> Address | None:
        partner = self.rules.rulebook.partners.get(partner_id)
        if partner is None or not partner.addresses:
            return None
        return Address.of(partner.addresses[0])

    def _to_ours(self, original: Transfer) -> tuple[str, ...]:
        names = ", ".join(f"'{item.name}'" for item in original.items)
        folder = "/from/" + original.sender.person.removeprefix(words.PARTNER)
        who = original.sender.name or original.sender.person
        texts = self._texts
        return texts.say("note.arrival", who=who, names=names), texts.say("note.arrival.fetch", folder=folder)

    def _to_partner(self, original: Transfer, partner_id: str, until_ms: int) -> tuple[str, ...]:
        """Who, when, how and until when; never what."""
        zone, door = self.rules.zone, self.rules.rulebook.gateway.door.sftp
        came, ends = moment(original.received_ms, zone), day(until_ms, zone)
        texts = self._texts
        who = original.sender.name or texts.say("note.inbox.somebody")
        at = texts.say("note.inbox.at", door=door.url) if door is not None and door.url else ""
        partner, came_on = words.PARTNER + partner_id, texts.day(came.date())
        return (
            texts.say("note.inbox", who=who, office=self.office, day=came_on, time=f"{came:%H:%M}"),
            texts.say("note.inbox.fetch", at=at, partner=partner, day=texts.day(ends)),
            texts.say("note.inbox.nothing-more", office=self.office),
        )

    async def _write(
        self, identity: TransferId, content: bytes, to: Address, about: TransferId | None, now_ms: int
    ) -> tuple[Write, ...]:
        data_key = self.clock.random(32)
        stored = await self.vault.put(data_key, [content])
        item = Item(name="", media=NOTE_MEDIA, size_bytes=stored.size_bytes, digest=stored.digest, blob=stored.blob)
        transfer = Transfer(
            id=identity,
            way=Way.MAIL,
            sender=Party(person="", address=None, name="Sealgate"),
            items=(item,),
            legs=(Leg(ordinal=0, recipient=Recipient(address=to), notify=(Notify.NEVER,)),),
            received_ms=now_ms,
            label="",
            purpose="",
            about=about,
        )
        received = Received(transfer=transfer)
        return (Write(stream=identity, facts=(received,), expected=0, data_key=data_key, due_ms=now_ms),)

    def words(self, transfer: Transfer, recipient: Recipient, reason: Reason) -> str:
        """One reason why a leg waits, for the person who decides about it."""
        return " ".join(self._sentences(transfer, recipient, Outcome.HOLD, (reason,)))

    def _sentences(
        self, transfer: Transfer, recipient: Recipient, outcome: Outcome | None, reasons: Sequence[Reason]
    ) -> tuple[str, ...]:
        case = Case(
            sender_person=transfer.sender.person,
            recipient=recipient,
            by=transfer.way,
            label=transfer.label,
            purpose=transfer.purpose,
            on=day(self.clock.now_ms(), self.rules.zone),
        )
        return sentences(self.rules.rulebook, case, outcome, reasons)


def _status(kind: Kind, reasons: Sequence[Reason]) -> str:
    """The first reason's own RFC 3463 status, as an end where it is one; empty: the kind's."""
    status = next((reason.get("status") for reason in reasons if reason.get("status")), "")
    return "5" + status[1:] if status and kind is Kind.FAILED else status
