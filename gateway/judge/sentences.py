"""Every rule as plain English, for whoever keeps the rules: what it says, and by name whom it touches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.catalogue.texts import ENGLISH
from gateway.judge import words
from gateway.judge.phrases import both, capital, day_in_words, either
from gateway.judge.rulebook import Person, Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.stationshapes import HoldTable, KeepTable, RetentionTable, RouteTable, StripTable
from gateway.transfer import Way

_OF = {
    "sent": "what left", "refused": "what never reached anybody", "note": "the gateway's own notes",
    "question": "what auditors asked",
}  # fmt: skip
_CLASSES = {
    "content": "content", "op": "decisions", "snd": "senders", "rcp": "recipients", "obj": "names and digests",
    "net": "network addresses", "sec": "protection",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One rule in words."""

    id: str
    kind: str
    """Its verb, or what its file makes of it: `allow`, `never`, `strip`, `keep`, `route`, `retention`, `hold`."""
    file: str
    sentence: str
    line: int = 0
    """Where it stands; 0 where that is not known."""
    owner: str = ""
    until: date | None = None
    is_watched: bool = False
    people: tuple[str, ...] = ()
    """Who of ours it touches, by name."""
    is_for_outsiders: bool = False
    parties: tuple[str, ...] = ()
    """Towards whom: partners by name, strangers, colleagues."""


def every(rulebook: Rulebook, on: date) -> tuple[Described, ...]:
    """Every rule of every file, in the order of the files."""
    return (*_of_transfers(rulebook, on), *_of_metadata(rulebook), *_of_routes(rulebook), *_of_retention(rulebook))


def describe(rulebook: Rulebook, rule: Rule) -> str:
    """A rule about transfers as a sentence."""
    sent = f"{_papers(rulebook, rule.labels)} to {either(_parties(rulebook, rule.to)) or 'anybody'}"
    sent += f" by {either(_ways(rule.by))}" if rule.by else ""
    sent += f" for {either(sorted(rule.for_))}" if rule.for_ else ""
    sent += f" when {both(rule.when)}" if rule.when else ""
    sent += f" unless {both(rule.unless)}" if rule.unless else ""
    who = either([_a(role) for role in in_file_order(rule.who, rulebook.people.roles)])
    text: str
    match rule.verb:
        case Verb.ALLOW:
            text = f"{capital(who)} may send {sent}.{_ends(rulebook, rule.owner, rule.until)}"
        case Verb.FORBID:
            text = f"{capital(who)} may not send {sent}." if who else f"Nobody may send {sent}."
        case Verb.NEVER:
            text = f"{capital(who)} may never send {sent}." if who else f"Nobody may ever send {sent}."
        case Verb.REQUIRE:
            text = f"When {who or 'anybody'} sends {sent}: {', '.join(rule.then)}."
    return f"{text} {rule.because}"


def touched(rulebook: Rulebook, rule: Rule, on: date) -> tuple[Person, ...]:
    """The people whose sending a rule bears on: for an `allow` those it lets send, as their clearance and day go."""
    lowest = min((rulebook.labels.rank(label) for label in rule.labels), default=0)

    def counts(role: str) -> bool:
        if rule.who and role not in rule.who:
            return False
        return rule.verb is not Verb.ALLOW or rulebook.labels.rank(rulebook.people.roles[role].may_handle) >= lowest

    return tuple(person for person in rulebook.people.everyone if on <= person.until and any(map(counts, person.roles)))


def tally_in_words(rule: Described, legs: int, days: int) -> str:
    """`(2 people, 214 uses in 90 days.)`"""
    ours = [_many(len(rule.people), "person", "people")] if rule.people or not rule.is_for_outsiders else []
    whose = both([*ours, *(["outsiders"] if rule.is_for_outsiders else [])])
    return f"({whose}, {_many(legs, 'use', 'uses')} in {_many(days, 'day', 'days')}.)"


def in_file_order(names: Iterable[str], order: Iterable[str]) -> list[str]:
    """The names as a file lists them; those it does not, at the end."""
    chosen = set(names)
    known = [name for name in order if name in chosen]
    return known + sorted(chosen.difference(known))


# ── file by file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_transfers(rulebook: Rulebook, on: date) -> Iterable[Described]:
    for rule in rulebook.rules:
        yield Described(
            id=rule.id,
            kind=rule.verb.value,
            file="transfers.toml",
            line=rule.line,
            sentence=describe(rulebook, rule),
            owner=rule.owner,
            until=rule.until,
            is_watched=rule.is_watched,
            people=tuple(person.name for person in touched(rulebook, rule, on)),
            is_for_outsiders=words.OUTSIDER in rule.who,
            parties=tuple(_touched_parties(rulebook, rule)),
        )


def _of_metadata(rulebook: Rulebook) -> Iterable[Described]:
    for strip in rulebook.metadata.strip:
        done = "flattened" if strip.as_ == "flatten" else "stripped from it"
        said = f"{_document(rulebook, strip)}: {both(strip.what)} {'is' if len(strip.what) == 1 else 'are'} {done}."
        yield Described(id=strip.id, kind="strip", file="metadata.toml", sentence=f"{said} {strip.because}")
    for kept in rulebook.metadata.allow:
        how = f", as {kept.as_}" if kept.as_ else ""
        said = f"{_document(rulebook, kept)}: {both(kept.keep)} may stay in it{how}."
        yield Described(
            id=kept.id,
            kind="keep",
            file="metadata.toml",
            sentence=f"{said}{_ends(rulebook, kept.owner, kept.until)} {kept.because}",
            owner=kept.owner,
            until=kept.until,
        )


def _of_routes(rulebook: Rulebook) -> Iterable[Described]:
    for route in rulebook.routes.route:
        partner = rulebook.partners[route.partner].name
        yield Described(
            id=route.id, kind="route", file="routes.toml", sentence=_route(route, partner), parties=(partner,)
        )


def _of_retention(rulebook: Rulebook) -> Iterable[Described]:
    for keep in rulebook.retention.keep:
        yield Described(id=keep.id, kind="retention", file="retention.toml", sentence=_kept(rulebook, keep))
    for hold in rulebook.retention.hold:
        yield Described(
            id=hold.id,
            kind="hold",
            file="retention.toml",
            sentence=_held(rulebook, hold),
            owner=hold.owner,
            until=hold.until,
        )


def _document(rulebook: Rulebook, table: StripTable | KeepTable) -> str:
    family = either(table.families)
    to = either(_parties(rulebook, table.to))
    document = f"{capital(_a(family))} document" if family else "Any document"
    labels = f" in {_papers(rulebook, table.labels)}" if table.labels else ""
    return document + labels + (f" to {to}" if to else "")


def _route(route: RouteTable, partner: str) -> str:
    user = f", signed in as {route.user}" if route.user else ""
    folder = f", into {route.folder}" if route.folder else ""
    sweeps = " What is collected there is gone at once." if route.sweeps else ""
    return f"Files for {partner} go by {route.by.upper()} to {route.at}{user}{folder}.{sweeps}"


def _kept(rulebook: Rulebook, keep: RetentionTable) -> str:
    of = f" of {_papers(rulebook, keep.labels)}" if keep.labels else ""
    what = capital(both([_CLASSES[one] for one in keep.what]))
    of += f" for {either(keep.purposes)}" if keep.purposes else ""
    of += f", if it is {either([_OF[one] for one in keep.of_])}," if keep.of_ else ""
    is_one = keep.what in (("content",), ("sec",))
    return f"{what}{of} {'is' if is_one else 'are'} kept for {keep.for_}. {keep.because}"


def _held(rulebook: Rulebook, hold: HoldTable) -> str:
    partners = [rulebook.partners[one].name for one in hold.partners]
    people = [person.name for one in hold.people if (person := rulebook.person(one))]
    about = [either(one) for one in (partners, people, hold.addresses, hold.purposes) if one]
    what = f"that has to do with {both(about)}" if about else "at all"
    ends = _ends(rulebook, hold.owner, hold.until)
    return f"Nothing {what} is destroyed.{ends} {hold.because}"


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ends(rulebook: Rulebook, owner: str, until: date | None) -> str:
    person = rulebook.person(owner)
    ends = f" Until {day_in_words(until)}." if until else ""
    return f"{ends} Owner {person.name if person else owner}."


def _papers(rulebook: Rulebook, labels: Iterable[str]) -> str:
    named = [capital(label) for label in rulebook.labels.order if label in set(labels)]
    return f"{_a(either(named))} paper" if named else "any paper"


def _parties(rulebook: Rulebook, to: Iterable[str]) -> list[str]:
    return [_party(rulebook, group) for group in sorted(to)]


def _party(rulebook: Rulebook, group: str) -> str:
    if group == words.STRANGERS:
        return "an address of no partner"
    if group == words.STAFF:
        return "a colleague"
    partner = rulebook.partners.get(group.removeprefix(words.PARTNER)) if group.startswith(words.PARTNER) else None
    return partner.name if partner else group


def _touched_parties(rulebook: Rulebook, rule: Rule) -> Iterable[str]:
    """Partners by name, and who is none."""
    yield from (partner.name for partner in rulebook.partners.values() if not rule.to or partner.to & rule.to)
    for group, name in ((words.STRANGERS, "strangers"), (words.STAFF, "colleagues")):
        if not rule.to or group in rule.to:
            yield name


def _ways(ways: Iterable[Way]) -> Sequence[str]:
    return [ENGLISH.say(f"way.{way.value}") for way in Way if way in set(ways)]


def _a(noun: str) -> str:
    return ENGLISH.a(noun)


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
