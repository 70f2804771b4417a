"""Pages that explain: a receipt for each file, for a person and for a machine, and what each folder does.

Pure: values in, bytes out; the same values give the same bytes. Everything said follows from facts and from the rules
in force; nothing here decides anything. Lines end as Windows' editor wants them.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

import msgspec

from gateway.catalogue.texts import Texts
from gateway.engine.archive import Story
from gateway.engine.wording import sentences
from gateway.facts import Collected, Declined, Expired, Judged, Outcome, Reason, Shipped
from gateway.facts import Undeliverable as Failed
from gateway.journey import LegJourney, State
from gateway.judge.case import Case
from gateway.judge.explain import texts_of
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Recipient, Transfer, Way

MOST_NAME = 180
"""Of a file's name in its receipt's: date and endings must fit beside it."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt for machines."""

    receipt: int = 1
    transfer: str
    name: str
    sender: str
    recipient: str
    label: str
    purpose: str
    received: str
    state: str
    says: tuple[str, ...]
    rules: tuple[str, ...]
    ruleset: str
    stripped: dict[str, int]
    bytes_in: int | None
    sha256_in: str
    bytes_out: int | None
    sha256_out: str
    key: str
    entries: tuple[int, ...]
    """Where it stands in the ledger."""
    bundle: str = ""
    """Base64 of what `sealgate ledger verify` reads; empty while the published ledger does not cover it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a folder does: what its page tells."""

    recipient: Recipient
    label: str | None
    purpose: str | None
    strips: tuple[str, ...]
    holds: tuple[str, ...]
    is_pushed: bool
    """To a server of theirs; otherwise they collect it here."""
    but: str = ""
    """Why a file put right here would not simply go, as far as that is known without it."""


def name_of(transfer: Transfer) -> str:
    """What was handed in, or was to be."""
    return transfer.items[0].name if transfer.items else transfer.envelope.subject


def titles(transfers: Iterable[Transfer], zone: tzinfo) -> tuple[str, ...]:
    """The name of each one's receipt, without its ending: day and name, numbered where they coincide."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for transfer in transfers:
        on = datetime.fromtimestamp(transfer.received_ms / 1000, tz=zone).date()
        name = name_of(transfer).encode()[:MOST_NAME].decode("utf-8", "ignore").rstrip(" .")
        title = f"{on.isoformat()}-{name or transfer.id}"
        seen[title.casefold()] += 1
        number = seen[title.casefold()]
        found.append(title if number == 1 else f"{title} ({number})")
    return tuple(found)


def document(story: Story, rulebook: Rulebook, bundle: bytes = b"") -> Document:
    """The receipt of a transfer with one leg, as far as it has come."""
    transfer, leg = story.journey.transfer, story.journey.legs[0]
    item = transfer.items[0] if transfer.items else None
    parcel = leg.sealed.parcel if leg.sealed else None
    removed: Counter[str] = Counter()
    for one in leg.scrubbed.removed if leg.scrubbed else ():
        removed[one.kind] += one.count
    return Document(
        transfer=transfer.id,
        name=name_of(transfer),
        sender=transfer.sender.person,
        recipient=str(leg.leg.recipient),
        label=transfer.label,
        purpose=transfer.purpose,
        received=_instant(transfer.received_ms),
        state=leg.state.value,
        says=_says(story, leg, rulebook),
        rules=leg.judged.rules if leg.judged else (),
        ruleset=leg.judged.ruleset if leg.judged else "",
        stripped=dict(sorted(removed.items())),
        bytes_in=item.size_bytes if item else None,
        sha256_in=item.digest.sha256 if item else "",
        bytes_out=parcel.size_bytes if parcel else None,
        sha256_out=parcel.digest.sha256 if parcel else "",
        key=parcel.key_fingerprint if parcel else "",
        entries=tuple(row.first_index for row in story.rows),
        bundle=base64.b64encode(bundle).decode("ascii"),
    )


def as_json(receipt: Document) -> bytes:
    """For a machine."""
    return msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n"


def as_text(receipt: Document, texts: Texts) -> bytes:
    """For a person."""
    said = {
        "name": receipt.name,
        "sender": receipt.sender,
        "recipient": receipt.recipient,
        "received": receipt.received,
        "label": receipt.label,
        "purpose": receipt.purpose,
        "rules": ", ".join(receipt.rules),
        "stripped": ", ".join(f"{kind}: {count}" for kind, count in receipt.stripped.items()),
        "sha256_in": receipt.sha256_in,
        "sha256_out": receipt.sha256_out,
        "key": receipt.key,
        "transfer": receipt.transfer,
        "entries": ", ".join(str(index) for index in receipt.entries),
    }
    listed = _aligned({texts.say(f"page.receipt.{name}"): value for name, value in said.items()}, gap=1)
    return _page([texts.say("page.state", state=in_words(State(receipt.state), texts)), *receipt.says, "", *listed])


def in_words(state: State, texts: Texts) -> str:
    """Where a file is."""
    return texts.say(f"page.state.{state}")


def read_me(scope: Scope, rulebook: Rulebook, person: str, on: date) -> bytes:
    """What a folder does: who receives, under which label, what is taken out, who can grant more."""
    texts, partner = texts_of(rulebook), rulebook.partner_of(scope.recipient)
    unknown = texts.say("page.folder.unknown")
    labels = {"label": scope.label or unknown, "purpose": scope.purpose or unknown}
    cleaning = {
        "strips": ", ".join(scope.strips) or texts.say("page.folder.strips.none"),
        "holds": ", ".join(scope.holds) or texts.say("page.folder.holds.none"),
    }
    lines = [
        texts.say("page.folder.to", recipient=partner.name if partner else str(scope.recipient)),
        texts.say("page.folder.pushed" if scope.is_pushed else "page.folder.collected"),
        "",
        *([texts.say("page.folder.but", but=scope.but), ""] if scope.but else []),
        *_aligned({texts.say(f"page.folder.{name}"): value for name, value in labels.items()}, gap=2),
        *_tags(rulebook, texts),
        "",
        *_aligned({texts.say(f"page.folder.{name}"): value for name, value in cleaning.items()}, gap=2),
        "",
        *_grants(scope, rulebook, person, on),
        "",
        *texts.say("page.folder.end").split("\n"),
    ]
    return _page(lines)


def _aligned(said: Mapping[str, str], *, gap: int) -> list[str]:
    """A line for each that says anything, the values below each other."""
    width = max(map(len, said)) + 1 + gap
    return [f"{what + ':':<{width}}{value}" for what, value in said.items() if value]


def _tags(rulebook: Rulebook, texts: Texts) -> list[str]:
    """How a file says what its folder does not."""
    spotting = rulebook.labels.spotting
    tags = [*spotting.subject.items(), *spotting.purpose.items()]
    lines = [texts.say("page.folder.tags" if tags else "page.folder.folders")]
    return lines + [f"  {tag:<12} {said}" for tag, said in tags]


def _grants(scope: Scope, rulebook: Rulebook, person: str, on: date) -> list[str]:
    """The rules under which this person may send there, and who answers for them."""
    ours, groups = rulebook.person(person), rulebook.groups_of(scope.recipient)
    if ours is None:
        return []

    def concerns(rule: Rule) -> bool:
        is_theirs = not rule.to or bool(rule.to & groups)
        return rule.verb is Verb.ALLOW and is_theirs and Way.SFTP in (rule.by or {Way.SFTP})

    texts = texts_of(rulebook)
    lines = [texts.say("page.folder.grants")]
    for rule in rulebook.rules:
        if concerns(rule) and (rule.until is None or on <= rule.until):
            owner = rulebook.person(rule.owner)
            given = {
                "rule": rule.id,
                "who": ", ".join(sorted(rule.who)),
                "what": ", ".join(sorted(rule.labels)),
                "purposes": ", ".join(sorted(rule.for_)),
                "owner": owner.name if owner else rule.owner,
            }
            lines.append(texts.say("page.folder.grant.for" if rule.for_ else "page.folder.grant", **given))
    return lines


def _says(story: Story, leg: LegJourney, rulebook: Rulebook) -> tuple[str, ...]:
    """Why it is where it is, in sentences."""
    outcome, reasons = _reasons(story, leg)
    transfer = story.journey.transfer
    case = Case(
        sender_person=transfer.sender.person,
        recipient=leg.leg.recipient,
        by=transfer.way,
        label=transfer.label or None,
        purpose=transfer.purpose or None,
        on=datetime.fromtimestamp(transfer.received_ms / 1000, tz=UTC).date(),
    )
    said = sentences(rulebook, case, outcome, reasons) if reasons else ()
    return (*said, *_words(story.facts[-1], texts_of(rulebook)))


def _reasons(story: Story, leg: LegJourney) -> tuple[Outcome | None, Sequence[Reason]]:
    last = story.facts[-1]
    if isinstance(last, Expired | Failed):
        return None, (last.reason,)
    if leg.state in {State.HELD, State.REFUSED} and leg.judged and isinstance(last, Judged):
        return leg.judged.outcome, leg.judged.reasons
    if leg.state in {State.WAITING, State.PARKED} and leg.deferred:
        return None, (leg.deferred.reason,)
    return None, ()


def _words(fact: object, texts: Texts) -> tuple[str, ...]:
    match fact:
        case Declined(by=by, why=why):
            return (texts.say("page.said.declined", by=by, why=why),)
        case Shipped(hop=hop, reply=reply):
            return (texts.say("page.said.shipped", host=hop.host, reply=reply),)
        case Collected(by=by, source=source):
            return (texts.say("page.said.collected", by=by, source=source),)
    return ()


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _page(lines: Sequence[str]) -> bytes:
    # A byte order mark, or Windows' older editors show the accents of names as something else.
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()
