"""Which folders somebody may use for files, and what it means to drop one there.

Staff see `to/<partner>[/label][/purpose]`, `from/<partner>`, `receipts`; a partner sees `inbox`, `outbox`. A folder is
shown if the rules could let this person send that way. What is dropped where they surely forbid it is still understood,
so that the refusal can say why. Label and purpose follow from the folders and from tags in the file's name; what
neither says is what the rules say of unlabelled.

GAP: what a partner hands in is for the one colleague who verified the partner (`verified.by`): the rules name no other
contact. A partner nobody has verified has no outbox.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.engine.inquiry import Inquiry, Question
from gateway.engine.policy import InForce
from gateway.facts import Outcome, Reason
from gateway.intake.file import is_temporary
from gateway.judge import explain, words
from gateway.judge.rulebook import Labels
from gateway.judge.spotting import Spotted, spot
from gateway.transfer import Address, Party, Recipient, Way

Place = tuple[str, ...]
"""A folder or file in somebody's tree, by names from the top."""

TO, FROM, RECEIPTS, INBOX, OUTBOX = "to", "from", "receipts", "inbox", "outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What dropping a file somewhere means."""

    recipient: Recipient
    spotted: Spotted


def partner_id(party: Party) -> str:
    """The partner this is; empty for one of ours."""
    return party.person.removeprefix(words.PARTNER) if party.person.startswith(words.PARTNER) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pigeonholes:
    """Knows the folders; asks the judge about each."""

    rules: InForce
    inquiry: Inquiry

    async def folders(self, party: Party, place: Place) -> tuple[str, ...] | None:
        """The folders in a folder; None if there is no such folder for them."""
        if not await self.is_there(party, place):
            return None
        return tuple([name for name in self._inside(party, place) if await self.is_there(party, (*place, name))])

    async def is_there(self, party: Party, place: Place) -> bool:
        """Whether the folder exists for them."""
        if len(place) <= 1:
            is_known = not place or place[0] in self._top(party)
            return is_known and (place != (OUTBOX,) or not await self._is_forbidden(party, place))
        if place[0] == FROM:
            is_one = not partner_id(party) and len(place) == 2 and place[1] in self._partners
            return is_one and (self._is_contact(party, place[1]) or not await self._is_forbidden(party, place))
        return self.is_for_files(party, place) and not await self._is_forbidden(party, place)

    def is_for_files(self, party: Party, place: Place) -> bool:
        """`to/<partner>`, then at most a label, then at most a purpose: whether or not they may send there."""
        if partner_id(party) or len(place) < 2 or place[0] != TO or place[1] not in self._partners:
            return False
        rest = list(place[2:])
        if rest and rest[0] in self._labels:
            rest.pop(0)
        if rest and rest[0] in self.rules.rulebook.labels.purposes:
            rest.pop(0)
        return not rest

    def drop(self, party: Party, folder: Place, name: str) -> Drop | None:
        """What a file of that name in that folder is; None where no files are taken."""
        rulebook = self.rules.rulebook
        if partner_id(party):
            contact = self._contact(party)
            if folder != (OUTBOX,) or contact is None:
                return None
            return Drop(recipient=Recipient(address=contact), spotted=spot(rulebook, name, is_from_outside=True))
        if not self.is_for_files(party, folder):
            return None
        return Drop(recipient=Recipient(partner=folder[1]), spotted=self._spotted(folder, name))

    def is_unfinished(self, name: str) -> bool:
        """Whether programs give such a name to what they have not finished."""
        door = self.rules.rulebook.gateway.door.sftp
        return is_temporary(name, door.temporary if door else ())

    async def objection(self, party: Party, drop: Drop) -> str:
        """Why a file dropped so would surely be refused, as a sentence; empty if it need not be."""
        opinion = await self.inquiry.ask(
            Question(
                sender=party,
                recipient=drop.recipient,
                way=Way.SFTP,
                label=drop.spotted.label,
                purpose=drop.spotted.purpose,
            )
        )
        if opinion.verdict.outcome is not Outcome.BLOCK:
            return ""
        return explain.sentence(opinion.rulebook, opinion.case, opinion.verdict)

    # ── what the names of folders mean ───────────────────────────────────────────────────────────────────────────

    @property
    def _partners(self) -> frozenset[str]:
        return frozenset(self.rules.rulebook.partners)

    @property
    def _labels(self) -> dict[str, str]:
        """By folder: every label under its own name, and under those the rules give."""
        labels = self.rules.rulebook.labels
        return {label: label for label in labels.order} | dict(labels.spotting.folder)

    def _top(self, party: Party) -> tuple[str, ...]:
        if not partner_id(party):
            return (FROM, RECEIPTS, TO)
        return (INBOX, OUTBOX) if self._contact(party) else (INBOX,)

    def _contact(self, party: Party) -> Address | None:
        verifier = self._verifier(partner_id(party))
        return Address.of(verifier) if verifier else None

    def _inside(self, party: Party, place: Place) -> tuple[str, ...]:
        """What might be in a folder, before anybody asks the judge."""
        if len(place) <= 1:
            return tuple(sorted(self._partners)) if place in ((TO,), (FROM,)) else () if place else self._top(party)
        if place[0] != TO:
            return ()
        label, purpose = self._named(place)
        if purpose:
            return ()
        labels = self.rules.rulebook.labels
        return labels.purposes if label else (*sorted(self._labels), *_others(labels, self._labels))

    def _is_contact(self, party: Party, partner: str) -> bool:
        """Whether what this partner hands in is for them."""
        return self._verifier(partner) == party.person

    def _verifier(self, partner_id: str) -> str | None:
        """The colleague who verified the partner, if there is one and they are still in the rules."""
        partner = self.rules.rulebook.partners.get(partner_id)
        person = self.rules.rulebook.person(partner.verified.by) if partner and partner.verified else None
        return person.address if person else None

    def _named(self, folder: Place) -> tuple[str | None, str | None]:
        """The label and the purpose that folders name."""
        found = [self._labels[name] for name in folder[2:3] if name in self._labels]
        purposes = [name for name in folder[2 + len(found) :] if name in self.rules.rulebook.labels.purposes]
        return (found[0] if found else None), (purposes[0] if purposes else None)

    def _spotted(self, folder: Place, name: str) -> Spotted:
        """By folder and tags together: the highest label wins, and two purposes are a conflict."""
        rulebook, seen = self.rules.rulebook, name.casefold()
        spotted = spot(rulebook, name)
        label, purpose = self._named(folder)
        spotting = rulebook.labels.spotting
        if label:
            tagged = [said for tag, said in spotting.subject.items() if tag.casefold() in seen]
            named = tuple(dict.fromkeys((label, *tagged)))
            spotted = replace(spotted, label=rulebook.labels.highest(named), named=named)
        if purpose:
            others = {said for tag, said in spotting.purpose.items() if tag.casefold() in seen} - {purpose}
            conflict = Reason(code="purpose-conflict", about=(("found", " ".join(sorted({purpose, *others}))),))
            return replace(spotted, purpose=None if others else purpose, conflicts=(conflict,) if others else ())
        return spotted

    async def _is_forbidden(self, party: Party, folder: Place) -> bool:
        """Whether nothing at all could go there. Of a folder that names no label or purpose, none is assumed."""
        if folder == (OUTBOX,):
            drop = self.drop(party, folder, "")
            if drop is None:
                return True
            recipient, label, purpose = drop.recipient, drop.spotted.label, drop.spotted.purpose
        else:
            recipient, (label, purpose) = Recipient(partner=folder[1]), self._named(folder)
        question = Question(sender=party, recipient=recipient, way=Way.SFTP, label=label, purpose=purpose)
        return (await self.inquiry.ask(question)).verdict.outcome is Outcome.BLOCK


def _others(labels: Labels, taken: dict[str, str]) -> tuple[str, ...]:
    """Purposes that may stand without a label before them."""
    return tuple(purpose for purpose in labels.purposes if purpose not in taken)
