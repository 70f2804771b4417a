"""What inspection determines of a transfer's content, as facts of the case: of mail, and of a file.

Everything here was opened elsewhere: the skeleton by a worker, the documents by throw-away processes. Only a message's
own plain text is read here, decoded and bounded, by a scanner of ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.engine.contents import Content, documents, leaves
from gateway.engine.preparing import CleanPart
from gateway.facts import Truth
from gateway.intake.fault import Fault
from gateway.intake.transferred import decode_part
from gateway.judge import circumstances
from gateway.judge.rulebook import Rulebook
from gateway.judge.spotting import spot
from gateway.scrub.personal import NOTHING, UNREAD, Personal, personal
from gateway.scrub.plan import Cleaned, Held, Tier
from gateway.scrub.texts import MOST_TEXT, decoded
from gateway.skeleton import Heading, Part
from gateway.transfer import Transfer

PERSONAL = "personal-data-found"


def of_heading(rulebook: Rulebook, heading: Heading) -> dict[str, Truth]:
    """What the header of a mail tells."""
    settings = rulebook.transfers.facts
    return {
        "many-recipients": circumstances.many_recipients(outside_of(rulebook, heading), settings.many_recipients),
        "label-conflict": spot(rulebook, heading.subject, heading.marks).label_conflict,
    }


def outside_of(rulebook: Rulebook, heading: Heading) -> int:
    """How many addresses in To and Cc are no colleague's: everybody sees them."""
    return len({one.key for one in (*heading.to, *heading.cc)} - rulebook.people.by_address.keys())


def of_mail(rulebook: Rulebook, content: Content, cleaned: Iterable[CleanPart]) -> dict[str, Truth]:
    """What a whole mail tells."""
    outcomes = tuple(one.outcome for one in cleaned)
    facts = of_heading(rulebook, content.skeleton.heading) | {"hidden-content-found": hidden(outcomes)}
    if rulebook.asks(PERSONAL):
        opened = {part.path for part in documents(content.skeleton)}  # counted where they were opened, pages too
        texts = [_text(content, part) for part in leaves(content.skeleton) if part.path not in opened]
        facts[PERSONAL] = personal_data(rulebook, (*texts, *map(_counted, outcomes)))
    return facts


def of_file(rulebook: Rulebook, transfer: Transfer, outcome: Cleaned | Held, *, is_incoming: bool) -> dict[str, Truth]:
    """What a file tells."""
    facts = {
        "many-recipients": Truth.NO,
        "label-conflict": Truth.NO if is_incoming else _conflict_of_name(rulebook, transfer),
        "hidden-content-found": hidden([outcome]),
    }
    if rulebook.asks(PERSONAL):
        facts[PERSONAL] = personal_data(rulebook, (_counted(outcome),))
    return facts


def hidden(outcomes: Iterable[Cleaned | Held]) -> Truth:
    """The fact `hidden-content-found`, from what became of every document."""
    known = tuple(outcomes)
    if any(finding.tier is Tier.HIDDEN for outcome in known for finding in outcome.findings):
        return Truth.YES
    return Truth.UNKNOWN if any(isinstance(outcome, Held) for outcome in known) else Truth.NO


def personal_data(rulebook: Rulebook, counted: Iterable[Personal]) -> Truth:
    """The fact `personal-data-found`, from what was counted in every text."""
    total = sum(counted, NOTHING)
    above = rulebook.transfers.facts.personal_data
    return circumstances.personal_data(total.counts, above, is_all_read=total.is_all_read)


def _counted(outcome: Cleaned | Held) -> Personal:
    return (outcome.personal if isinstance(outcome, Cleaned) else None) or UNREAD


def _text(content: Content, part: Part) -> Personal:
    if part.end - part.body > MOST_TEXT:
        return UNREAD
    text = decode_part(content.octets, part)
    return UNREAD if isinstance(text, Fault) else personal(decoded(text))


def _conflict_of_name(rulebook: Rulebook, transfer: Transfer) -> Truth:
    """From the tags in its name and the label it got, of which the folder's is one.

    GAP: which folder it lay in is not kept, so a tag that names the very label it got may hide a folder that named a
    lower one: that is unknown.
    """
    spotted = spot(rulebook, transfer.items[0].name)
    if not transfer.label or any(label != transfer.label for label in spotted.named):
        return Truth.YES
    return Truth.UNKNOWN if spotted.named else Truth.NO
