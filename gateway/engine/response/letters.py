"""Drafts of the letters after an incident: to the authority, to each partner concerned, to the people it is about.

What the ledger knows is filled in; what only a person knows is a gap in `[[ ]]`. A draft is a text file for a person to
finish. Nothing is ever sent from here. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from gateway.catalogue.texts import Texts
from gateway.engine.clock import moment
from gateway.engine.containment.contained import Contained, What, called
from gateway.engine.containment.declared import plain
from gateway.engine.questions.blast import Exposed
from gateway.engine.questions.period import Period
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Address, Recipient

WIDTH = 78
HOURS_MS = 72 * 3_600_000
"""GDPR Art. 33 (1)."""
MOST_ROWS = 200
"""In a letter; all are in the list beside it."""
SEALED = ("openpgp", "smime")
"""What the ledger calls what only the recipient can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is written about."""

    contained: Contained
    period: Period
    rows: tuple[Exposed, ...]
    rulebook: Rulebook
    zone: tzinfo
    texts: Texts
    today: date


def drafts(incident: Incident) -> Mapping[str, str]:
    """The letters by file name."""
    letters = {
        "letter-authority.txt": _letter(incident, "authority", _AUTHORITY),
        "letter-people.txt": _letter(incident, "people", _PEOPLE),
    }
    for partner in _partners(incident):
        letters[f"letter-partner-{partner}.txt"] = _to_partner(incident, partner)
    return letters


_AUTHORITY = ("when", "nature", "scope", "contact", "consequences", "measures", "list")
_PEOPLE = ("what", "which", "consequences", "measures", "advice", "contact", "needed")


def _letter(incident: Incident, kind: str, parts: tuple[str, ...]) -> str:
    given = _given(incident, incident.rows)
    return _composed(incident, kind, [incident.texts.say(f"draft.{kind}.{part}", **given) for part in parts], given)


def _to_partner(incident: Incident, partner: str) -> str:
    rows = tuple(one for one in incident.rows if _partner_of(incident, one) == partner)
    given = _given(incident, rows) | {"partner": incident.rulebook.partners[partner].name}
    order = incident.contained.order
    is_own = order.what is What.PARTNER and order.who == partner
    codes = ["what", *(["own"] if is_own else []), "scope" if rows else "none", "ask"]
    said = [incident.texts.say(f"draft.partner.{code}", **given) for code in codes]
    at = codes.index("scope") + 1 if rows else len(said)
    listed = "\n".join(_row(incident, one) for one in rows[:MOST_ROWS])
    return _composed(incident, "partner", [*said[:at], *([listed] if rows else []), *said[at:]], given)


def _composed(incident: Incident, kind: str, parts: list[str], given: Mapping[str, str]) -> str:
    say = incident.texts.say
    head = [say("draft.note", **given), say("draft.from", **given), say("draft.date")]
    head += [say(f"draft.{kind}.to", **given), say(f"draft.{kind}.title").upper()]
    return "\n\n".join(_wrapped(one) for one in (*head, *parts, say("draft.sign"))) + "\n"


def _wrapped(text: str) -> str:
    """A paragraph, or a list: of that, what goes on is set in."""
    lines, indent = text.split("\n"), "    " if "\n" in text else ""
    wrap = textwrap.TextWrapper(WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(wrap.fill, lines))


def _given(incident: Incident, rows: tuple[Exposed, ...]) -> dict[str, str]:
    order, texts = incident.contained.order, incident.texts
    who = called(incident.rulebook, order)
    transfers = {one.transfer: one for one in rows if one.kind != "consulted"}
    people = {one for row in rows for one in (row.sender, row.recipient) if one}
    labels = sorted({one.label for one in rows if one.label})
    return {
        "office": incident.rulebook.gateway.office.name,
        "id": order.id,
        "day": texts.day(incident.today),
        "contained": _moment(incident, order.at_ms),
        "deadline": _moment(incident, order.at_ms + HOURS_MS),
        "first": _moment(incident, incident.period.first_ms),
        "last": _moment(incident, incident.period.until_ms),
        "what": texts.say(f"draft.what.{order.what.value}", who=who),
        "because": order.because,
        "transfers": str(len(transfers)),
        "rows": str(len(rows)),
        "people": str(len(people)),
        "sealed": str(sum(_is_sealed(one) for one in transfers.values())),
        "labels": texts.both(labels) if labels else "-",
    }


def _row(incident: Incident, one: Exposed) -> str:
    say = incident.texts.say
    return say(
        "draft.row",
        at=one.at[:16].replace("T", " "),
        sender=plain(one.sender),
        recipient=plain(one.recipient),
        label=one.label,
        content=plain(one.content),
        how=one.how,
        protection=say("draft.row.sealed" if _is_sealed(one) else "draft.row.open", protection=one.protection),
    )


def _is_sealed(one: Exposed) -> bool:
    return one.protection.startswith(SEALED)


def _moment(incident: Incident, at_ms: int) -> str:
    at: datetime = moment(at_ms, incident.zone)
    return f"{incident.texts.day(at.date())}, {at:%H:%M}"


def _partners(incident: Incident) -> Iterator[str]:
    """Everybody concerned who is still a partner, the contained one first."""
    order = incident.contained.order
    own = (order.who,) if order.what is What.PARTNER else ()
    found = dict.fromkeys((*own, *(_partner_of(incident, one) for one in incident.rows)))
    return (one for one in found if one in incident.rulebook.partners)


def _partner_of(incident: Incident, one: Exposed) -> str:
    """Whose transfer it is: as the ledger says, else as the rules know sender or recipient."""
    if one.partner:
        return one.partner
    for text in (one.recipient, one.sender):
        if text.startswith("partner:"):
            return text.removeprefix("partner:")
        if "@" in text:
            partner = incident.rulebook.partner_of(Recipient(address=Address.of(text)))
            if partner is not None:
                return partner.id
    return ""
