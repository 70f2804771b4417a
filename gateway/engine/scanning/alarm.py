"""Tells those who run the office that a virus was found: once a transfer, in the transaction of the verdict.

What they read says which signature, in what, whose, and where it lies now. The thing itself is never attached.
"""

from __future__ import annotations

from gateway.engine.clock import day
from gateway.engine.entries import Write
from gateway.engine.notes import Notes
from gateway.engine.scanning.answer import VIRUS
from gateway.facts import Judged, Outcome, Reason
from gateway.journey import Journey
from gateway.transfer import Address

POWER = "publish"


async def alarm(notes: Notes, before: Journey, judged: Judged) -> tuple[Write, ...]:
    """A note to each, if this verdict is the first on the transfer that tells of a virus."""
    found = virus_of(judged)
    if found is None or any(leg.judged is not None and virus_of(leg.judged) for leg in before.legs):
        return ()
    texts, transfer = notes.texts, before.transfer
    given = {
        "signature": found.get("name"),
        "file": found.get("file") or texts.say("virus.whole"),
        "by": found.get("by"),
        "sender": str(transfer.sender.address or transfer.sender.person),
        "transfer": transfer.id,
    }
    end = "refused" if judged.outcome is Outcome.BLOCK else "waits"
    said = [texts.say(f"note.virus.{code}", **given) for code in ("found", end, "then")]
    today = day(notes.clock.now_ms(), notes.rules.zone)
    people = notes.rules.rulebook.people.with_power(POWER, today)
    to = [Address.of(person.address) for person in people]
    return await notes.tell(to, texts.say("note.virus.title", **given), said, about=transfer.id)


def virus_of(judged: Judged) -> Reason | None:
    """What the scanner found, if that had a part in the verdict."""
    return next((reason for reason in judged.reasons if reason.code == VIRUS), None)
