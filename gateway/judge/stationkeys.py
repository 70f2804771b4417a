"""Which changes of the other stations' files widen: metadata, protection, routes, retention and the gateway's own.

Where a table names recipients, papers and days, what it comes to for each of them is compared, so that a partner who
changes groups counts and a table that moves does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import get_args

import msgspec

from gateway.judge.boxes import Axis, Region, Space, TooHard, joined
from gateway.judge.phrases import both, capital, names_in_words
from gateway.judge.rulebook import Rulebook
from gateway.judge.scope import Class, Scope, recipients_called
from gateway.judge.stationshapes import (
    Family,
    Held,
    HopTable,
    KeepTable,
    Kept,
    Level,
    LimitsTable,
    Of,
    RetentionTable,
    ScanTable,
    StripTable,
    Trust,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """One thing that is not the same, in words."""

    sentence: str
    is_wider: bool


_LEVELS: tuple[Level, ...] = ("encrypt", "best", "verified", "mta-sts", "dane", "pin")
_TRUST: tuple[Trust, ...] = ("unverified", "harvested", "wkd", "dnssec", "ca", "call-back")
_FLOORS = ("verified-transport", "encrypt-to-recipient")
_CONFINEMENT = ("C", "B", "A")
"""All least first."""
_FOREVER = float("inf")


def alterations(scope: Scope) -> Iterable[Alteration]:
    """What is not the same in the files of the other stations."""
    before, after = scope.books
    yield from _metadata(scope)
    yield from _protection(before, after)
    yield from _hops(scope)
    yield from _routes(before, after)
    yield from _retention(before, after)
    yield from _gateway(before, after)


# ── metadata.toml ▲ ──────────────────────────────────────────────────────────────────────────────────────────────────

_STEPS = {3: "go out with {what}", 2: "go out with {what} flattened", 1: "go out without {what} rather than wait"}
"""How much a table lets stand, most first."""
_STEP_OF = {"strip": 1, "flatten": 2}


def _metadata(scope: Scope) -> Iterable[Alteration]:
    """What may stay in, or need not wait, and did not: kind by kind, for each recipient, label, family and day."""
    if scope.books[0].metadata == scope.books[1].metadata and _same_groups(scope):
        return
    what: Axis[str] = Axis("what", get_args(Kept))
    family: Axis[str] = Axis("families", get_args(Family))
    space = Space(what, scope.to, scope.labels, family, scope.days)
    told: dict[str, tuple[int, ...]] = {"may now": (), "may no longer": ()}
    try:
        for step, said in _STEPS.items():
            was, now = (_reached(space, what, family, scope, number, step) for number in (0, 1))
            for may, new, old in (("may now", now, was), ("may no longer", was, now)):
                moved = joined(space, Region(space, (*old, *told[may])).without(new))
                told[may] += moved
                for box in moved:
                    kinds = both([kind.replace("-", " ") for kind in space.values(box, what)])
                    to = dict.fromkeys(recipients_called(one, scope.books) for one in space.values(box, scope.to))
                    papers = (
                        f"{_papers(space.values(box, scope.labels), scope)} to {names_in_words([*to], 'recipients')}"
                    )
                    yield Alteration(sentence=f"{papers} {may} {said.format(what=kinds)}.", is_wider=may == "may now")
    except TooHard:
        yield Alteration(sentence="Whether more metadata leaves could not be computed.", is_wider=True)


def _reached(space: Space, what: Axis[str], family: Axis[str], scope: Scope, number: int, step: int) -> tuple[int, ...]:
    """Where the tables of one book let this much stand: of two that speak of one kind the stricter wins."""
    metadata = scope.books[number].metadata
    tables: tuple[StripTable | KeepTable, ...] = (*metadata.strip, *metadata.allow)
    enough: list[int] = []
    stricter: list[int] = []
    for table in tables:
        kinds = table.what if isinstance(table, StripTable) else [_kind(kind) for kind in table.keep]
        box = space.box(
            space.only(what, kinds),
            space.only(
                scope.to, (one for one in scope.to.values if not table.to or one.groups[number] & set(table.to))
            ),
            space.only(scope.labels, table.labels or scope.labels.values),
            space.only(family, table.families or family.values),
            space.only(scope.days, (d for d in scope.days.values if isinstance(table, StripTable) or d <= table.until)),
        )
        (enough if _step(table) >= step else stricter).append(box)
    if step == 1:  # only what would wait by itself is let go by a table; all else is stripped anyway
        held = space.only(what, get_args(Held))
        enough = [space.box(box, held) for box in enough]
    return Region(space, stricter).without(box for box in enough if box)


def _step(table: StripTable | KeepTable) -> int:
    return _STEP_OF[table.as_] if isinstance(table, StripTable) else 3


def _kind(word: Kept) -> str:
    return "changes" if word == "tracked-changes" else word


def _papers(labels: tuple[str, ...], scope: Scope) -> str:
    every = len(labels) == len(scope.labels.values)
    return "Any paper" if every else f"{both([capital(label) for label in labels])} papers"


def _same_groups(scope: Scope) -> bool:
    return all(one.groups[0] == one.groups[1] for one in scope.to.values)


# ── protection.toml ──────────────────────────────────────────────────────────────────────────────────────────────────


def _protection(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    was, now = before.protection, after.protection
    for label in after.labels.order:
        old, new = was.floor.get(label), now.floor.get(label)
        if old != new and old and new:
            text = f"The least protection of {capital(label)} papers is {new}, not {old}."
            yield Alteration(sentence=text, is_wider=_FLOORS.index(new) < _FLOORS.index(old))
        trusted, trusts = was.trust.get(label), now.trust.get(label)
        if trusted != trusts:
            least = trusts or "not set"
            less = trusted is not None and (trusts is None or _TRUST.index(trusts) < _TRUST.index(trusted))
            yield Alteration(
                sentence=f"The least trust in a key for {capital(label)} papers is {least}.", is_wider=less
            )
    if was.ways != now.ways:
        yield Alteration(sentence=f"Papers are sealed by {both(now.ways)}, not {both(was.ways)}.", is_wider=True)
    old_pickup, pickup = was.pickup, now.pickup
    if old_pickup != pickup:
        grows = pickup.keep.seconds > old_pickup.keep.seconds or pickup.tries > old_pickup.tries
        text = f"What is picked up waits {pickup.keep}; a code may be tried {pickup.tries} times."
        yield Alteration(sentence=text, is_wider=grows or pickup.code_by != old_pickup.code_by)


def _hops(scope: Scope) -> Iterable[Alteration]:
    """What the next server must prove, recipient by recipient."""
    for one in scope.to.values:
        (old, old_pins), (new, pins) = (_hop(book, one, number) for number, book in enumerate(scope.books))
        if (old, old_pins) == (new, pins) or all(recipient.address is None for recipient in one.recipients):
            continue
        name = recipients_called(one, scope.books)
        if old != new:
            text = f"Servers of {name} must prove the level {new}, not {old}."
            yield Alteration(sentence=text, is_wider=_LEVELS.index(new) < _LEVELS.index(old))
        if old_pins != pins:
            yield Alteration(sentence=f"The keys pinned for servers of {name} are changed.", is_wider=True)


def _hop(book: Rulebook, one: Class, number: int) -> tuple[Level, tuple[str, ...]]:
    """The first hop that names them counts, as `engine.policy` has it."""
    hop: HopTable | None = next((hop for hop in book.protection.hop if one.groups[number] & set(hop.to)), None)
    return (hop.level, hop.pin) if hop else (book.protection.transport, ())


# ── routes.toml ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _routes(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    was, now = before.routes.mail, after.routes.mail
    if was.via != now.via:
        yield Alteration(sentence=f"Mail goes by {now.via}, not {was.via}.", is_wider=True)
    if was.park_from != now.park_from:
        rank = after.labels.rank
        yield Alteration(
            sentence=f"A delivery in doubt waits for a person from {now.park_from} up, not {was.park_from}.",
            is_wider=was.park_from not in after.labels.order or rank(now.park_from) > rank(was.park_from),
        )
    if (was.first_retry, was.give_up) != (now.first_retry, now.give_up):
        yield Alteration(sentence="When a delivery is tried again is changed.", is_wider=False)
    routes, others = ({route.id: route for route in book.routes.route} for book in (before, after))
    for route_id in sorted({*routes, *others}):
        if routes.get(route_id) != others.get(route_id):
            how = "is new" if route_id not in routes else "is gone" if route_id not in others else "is changed"
            yield Alteration(sentence=f"The route {route_id} {how}.", is_wider=True)


# ── retention.toml ▼ ─────────────────────────────────────────────────────────────────────────────────────────────────


def _retention(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    labels = dict.fromkeys((*before.labels.order, *after.labels.order))
    changed: dict[tuple[str, bool], list[str]] = {}
    finer = tuple(product(("", *dict.fromkeys((*before.labels.purposes, *after.labels.purposes))), get_args(Of)))
    for what in ("content", "op", "snd", "rcp", "obj", "net", "sec"):
        for label in labels:
            spans = [
                tuple(_kept_for(book.retention.keep, what, label, *one) for book in (before, after)) for one in finer
            ]
            if any(old != new for old, new in spans):
                changed.setdefault((what, any(new < old for old, new in spans)), []).append(label)
    for (what, is_shorter), them in changed.items():
        how = "shorter" if is_shorter else "longer"
        text = f'"{what}" of {both([capital(label) for label in them])} papers is kept for a {how} time.'
        yield Alteration(sentence=text, is_wider=is_shorter)
    holds, others = ({hold.id: hold for hold in book.retention.hold} for book in (before, after))
    for hold_id in sorted({*holds, *others}):
        was, now = holds.get(hold_id), others.get(hold_id)
        if was == now:
            continue
        if was is None:
            yield Alteration(sentence=f"The legal hold {hold_id} is new.", is_wider=False)
        elif now is None:
            yield Alteration(sentence=f"The legal hold {hold_id} is lifted.", is_wider=True)
        else:
            same = msgspec.structs.replace(now, until=was.until, because=was.because, owner=was.owner) == was
            yield Alteration(
                sentence=f"The legal hold {hold_id} is changed.", is_wider=not same or now.until < was.until
            )


def _kept_for(tables: Iterable[RetentionTable], what: str, label: str, purpose: str, of: str) -> float:
    """How long, in seconds: the longest that speaks of it; for ever if none does."""
    spans = [
        table.for_.seconds
        for table in tables
        if what in table.what
        and (not table.labels or label in table.labels)
        and (not table.purposes or purpose in table.purposes)
        and (not table.of_ or of in table.of_)
    ]
    return max(spans, default=_FOREVER)


# ── gateway.toml ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _gateway(before: Rulebook, after: Rulebook) -> Iterable[Alteration]:
    was, now = before.gateway, after.gateway
    for what, old, new in (
        ("The office's domains are", was.office.domains, now.office.domains),
        ("The office's time zone is", was.office.zone, now.office.zone),
        ("Where records and content are kept is", was.storage, now.storage),
        ("The ledger's name, witnesses or anchors are", was.ledger, now.ledger),
        ("Where backups go, or who keeps the keys to them, is", was.backup, now.backup),
    ):
        if old != new:
            yield Alteration(sentence=f"{what} changed.", is_wider=True)
    if was.workshop != now.workshop:
        weaker = _CONFINEMENT.index(now.workshop.level) < _CONFINEMENT.index(was.workshop.level)
        text = f"Documents are opened under confinement {now.workshop.level} or better, not {was.workshop.level}."
        yield Alteration(sentence=text, is_wider=weaker)
    if was.scan != now.scan:
        yield Alteration(sentence=_scanned(was.scan, now.scan), is_wider=was.scan is not None)
    if was.alarms != now.alarms:  # whoever has one signature must not be able to blind the watch with it
        yield Alteration(sentence="What sounds an alarm, or who hears it, is changed.", is_wider=True)
    limits, others = _numbers(was.limits), _numbers(now.limits)
    for name in sorted(limits):
        if limits[name] != others[name]:
            text = f"The limit {name} is {others[name]:,}, not {limits[name]:,}."
            yield Alteration(sentence=text, is_wider=others[name] > limits[name])
    if was.door != now.door:
        yield Alteration(sentence="Where the doors listen, or how, is changed.", is_wider=False)
    if (was.office.name, was.office.language) != (now.office.name, now.office.language):
        yield Alteration(sentence="The office's name or language is changed.", is_wider=False)


def _scanned(was: ScanTable | None, now: ScanTable | None) -> str:
    if now is None:
        return "Nothing is scanned for viruses any more."
    return f"Viruses are {'scanned for in another way' if was else 'scanned for'}, by {now.clamd}."


def _numbers(limits: LimitsTable) -> Mapping[str, int]:
    return {field.encode_name: getattr(limits, field.name) for field in msgspec.structs.fields(limits)}
