"""Containing at once, lifting, and saying that an alarm was looked at.

1. Who may break the glass or publish rules may contain: one signature, for it only narrows.
2. What it names must exist: a slip in a name must not leave somebody sure that a thief was stopped.
3. Somebody who can lift it must be left.
4. Order and letters are one transaction; then it counts, within the same turn of the loop: who is inside is shown out,
   and what is under way waits at its next step.
5. Lifting widens, so another than who contained signs it; alone where no other is left who may.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.engine.alarms.alarm import STREAM as ALARMS
from gateway.engine.alarms.alarm import Alarms, Seen, Sounded
from gateway.engine.clock import Clock, day, moment
from gateway.engine.containment.contained import (
    POWERS,
    STREAM,
    Contained,
    Containment,
    Containments,
    Lift,
    What,
    called,
    canonical,
)
from gateway.engine.containment.declared import plain
from gateway.engine.entries import Write
from gateway.engine.keyholders import Keyholders
from gateway.engine.notes import Notes
from gateway.engine.orders import Refused
from gateway.engine.policy import InForce
from gateway.engine.writing import Writer
from gateway.judge.rulebook import Person
from gateway.transfer import Address, Party

log = logging.getLogger(__name__)

READERS = "audit"
"""Who has this power hears of it too."""
_SHOWN = {What.PERSON: "", What.PARTNER: "", What.ACCOUNT: ".account", What.PAUSE: ".account", What.KEY: ".key"}
_SSH = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)

OwnersOf = Callable[[str], tuple[str, ...]]
"""Who signs in with the SSH key of this fingerprint. Blocks for a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Containing:
    """Carries out what people order in an incident. Whoever signs has signed in."""

    rules: InForce
    scribe: Writer
    notes: Notes
    clock: Clock
    containments: Containments
    alarms: Alarms
    keyholders: Keyholders
    owners: OwnersOf
    look: Callable[[], None]
    """Wakes the runner: what waited may go, or has to wait."""

    async def contain(self, what: What, who: str, by: Party, because: str) -> Contained | Refused:
        """Stop it. It counts when this returns."""
        wanted, because = self._own_name(what, who), plain(because)
        objection = self._may_not(by) or self._unknown(what, wanted) or self._leaves_nobody(what, wanted)
        if objection or not because:
            objection = objection or "Say why (--because '…'): it stands in the ledger, and who may lift it reads it."
            return Refused(sentence=objection)
        known = self.containments.of(what, wanted)
        if known is not None:
            return Refused(sentence=self._say("answer.contained-before", id=known.order.id, by=known.by))
        order = Containment(
            id=f"c-{self.clock.random(4).hex()}", what=what, who=wanted, at_ms=self.clock.now_ms(), because=because
        )
        fact = order.ordered(by.person)
        letters = await self._letters(order, by)  # 4
        await self.scribe.append(Write(stream=STREAM, facts=(fact,)), *letters)
        self.containments.add(fact)
        self.look()
        log.critical("contained id=%s what=%s", order.id, what.value)
        return self._found(order.id)

    async def lift(self, wanted: str, by: Party, because: str) -> Contained | Refused:
        """End one; what waited is judged again."""
        known, because = self.containments.find(wanted), plain(because)
        objection = self._may_not(by)
        if known is None:
            objection = objection or f"There is no containment {wanted}. See: sealgate contain list"
        elif not known.is_open:
            objection = objection or f"{wanted} was lifted by {known.lifted_by}."
        elif not because:
            objection = objection or "Say why (--because '…'), for the ledger."
        elif known.by == by.person and (others := self._others(by.person)):
            names = " or ".join(person.name for person in others)
            objection = objection or f"Nobody lifts what they contained themselves. Ask {names}."
        if objection or known is None:
            return Refused(sentence=objection)
        lift = Lift(id=known.order.id, at_ms=self.clock.now_ms(), because=because)
        fact = lift.ordered(by.person)
        said = self._say("contained.lifted", who=self._called(known.order), by=by.name, id=lift.id, because=because)
        title = self._say("contained.lifted.title", who=self._called(known.order))
        told = await self.notes.tell(
            self._told(freed=known.order.who), title, (said, self._say("contained.lifted.now"))
        )
        await self.scribe.append(Write(stream=STREAM, facts=(fact,)), *told)
        self.containments.add(fact)
        self.look()
        log.warning("containment lifted id=%s", lift.id)
        return self._found(lift.id)

    async def looked(self, wanted: str, by: Party, found: str) -> Sounded | Refused:
        """Somebody has looked at an alarm; what the watch had paused for it goes on."""
        known, found = self.alarms.find(wanted), plain(found)
        objection = self._may_not(by)
        if known is None:
            objection = objection or f"There is no alarm {wanted}. See: sealgate contain alarms"
        elif not known.is_open:
            objection = objection or f"{known.seen_by} has looked at {wanted}: {known.seen.found if known.seen else ''}"
        elif known.alarm.who == by.person.lower():
            objection = objection or "Nobody clears an alarm about themselves. Ask somebody else."
        elif not found:
            objection = objection or "Say what you found (--because '…'), for the ledger."
        if objection or known is None:
            return Refused(sentence=objection)
        now_ms = self.clock.now_ms()
        writes = [Write(stream=ALARMS, facts=(seen := Seen(id=wanted, at_ms=now_ms, found=found).told(by.person),))]
        pause = self.containments.find(known.alarm.pause)
        lifted = None
        if pause is not None and pause.is_open:
            lifted = Lift(id=pause.order.id, at_ms=now_ms, because=found).ordered(by.person)
            writes.append(Write(stream=STREAM, facts=(lifted,)))
        await self.scribe.append(*writes)
        self.alarms.add(seen)
        if lifted is not None:
            self.containments.add(lifted)
            self.look()
        sounded = self.alarms.find(wanted)
        assert sounded is not None
        return sounded

    # ── who may, and what ────────────────────────────────────────────────────────────────────────────────────────

    def _trusted(self) -> tuple[Person, ...]:
        return self.containments.trusted(self.rules.rulebook, day(self.clock.now_ms(), self.rules.zone))

    def _others(self, signer: str) -> tuple[Person, ...]:
        return tuple(person for person in self._trusted() if person.address != signer)

    def _may_not(self, by: Party) -> str:
        """1."""
        trusted = self._trusted()
        if by.person in (person.address for person in trusted):
            return ""
        names = " or ".join(person.name for person in trusted) or "nobody: give somebody the power break-glass"
        return f"{by.name or by.person} may not decide this. Ask {names}."

    def _own_name(self, what: What, untrusted: str) -> str:
        """As it is compared; a person by their own address, whichever of theirs was given."""
        who = canonical(what, untrusted)
        person = self.rules.rulebook.person(who) if what in (What.PERSON, What.ACCOUNT) else None
        return person.address.lower() if person else who

    def _unknown(self, what: What, who: str) -> str:
        """2."""
        rulebook = self.rules.rulebook
        match what:
            case What.PARTNER if who not in rulebook.partners:
                return f"No partner has the id {who}. There are: {', '.join(sorted(rulebook.partners))}."
            case What.PERSON | What.ACCOUNT if rulebook.person(who) is None:
                return f"{who} is nobody's address in people.toml."
            case What.KEY if not self._is_key(who):
                return "No key in use has this fingerprint. See: sealgate keys list, sealgate people list"
            case What.PAUSE:
                return "A pause is the watch's own."
            case _:
                return ""

    def _is_key(self, fingerprint: str) -> bool:
        if _SSH.fullmatch(fingerprint):
            return bool(self.owners(fingerprint))
        return any(one.fingerprint.upper() == fingerprint for one in self.keyholders.standings())

    def _leaves_nobody(self, what: What, who: str) -> str:
        """3."""
        if what not in (What.PERSON, What.ACCOUNT):
            return ""
        left = [person for person in self._trusted() if person.address.lower() != who]
        return "" if left else "Nobody who may lift it again would be left. Give somebody else the power first."

    # ── who hears of it ──────────────────────────────────────────────────────────────────────────────────────────

    async def _letters(self, order: Containment, by: Party) -> tuple[Write, ...]:
        """To everybody who may lift it or look into it, but to nobody it is about."""
        at, shown = moment(order.at_ms, self.rules.zone), _SHOWN[order.what]
        given = {
            "who": self._called(order),
            "by": by.name or by.person,
            "id": order.id,
            "because": order.because,
            "day": self.notes.texts.day(at.date()),
            "time": f"{at:%H:%M}",
        }
        now = "contained.now.key" if order.what is What.KEY else "contained.now"
        codes = (f"contained.said{shown}", now, "contained.then", "contained.lift")
        said = tuple(self._say(code, **given) for code in codes)
        title = self._say("contained.title", who=given["who"])
        return await self.notes.tell(self._told(but=(order.who,)), title, said)

    def _told(self, *, but: Collection[str] = (), freed: str = "") -> list[Address]:
        """Everybody who can act and is free, or is about to be."""
        on = day(self.clock.now_ms(), self.rules.zone)
        powers = {*POWERS, READERS}
        return [
            Address.of(one.address)
            for one in self.rules.rulebook.people.everyone
            if powers & one.powers and on <= one.until and one.address.lower() not in but
            if one.address.lower() == freed or self.containments.bars(one.address) is None
        ]

    def _called(self, order: Containment) -> str:
        return called(self.rules.rulebook, order)

    def _say(self, code: str, **given: str) -> str:
        return self.notes.texts.say(code, **given)

    def _found(self, wanted: str) -> Contained:
        found = self.containments.find(wanted)
        assert found is not None
        return found
