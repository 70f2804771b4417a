"""Finding legs in the ledger: who, whom, when, under which rule, with what result; did this file leave?

The index knows opaque terms alone and leads to whole transfers; each leg is then opened and held against the question
exactly. Nothing here limits the number of answers. That the question stands in the ledger first is the caller's duty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from gateway.engine.attested import Attestations, Attested, terms_in
from gateway.engine.clock import moment
from gateway.keep import Reading
from gateway.ledger.terms import term

ALL = 2**62
"""No ceiling: an answer that stops short without saying so is a wrong one."""
MOST_DAYS = 3660
"""A longer span is not asked of the index, only held against each leg."""
_TOLD = frozenset(("op", "snd", "rcp", "obj"))
"""The classes that answers, and the index, speak of."""
_READABLE = ("obj.subject", "obj.name", "obj.desc")
OFFICE_KINDS = ("published", "admitted", "consulted")

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked; an empty part is not asked. All parts must hold for a leg, though not in one entry."""

    person: str = ""
    """Who acted on the leg: sent it, released or refused it."""
    recipient: str = ""
    partner: str = ""
    outcome: str = ""
    """The last outcome of the leg."""
    rule: str = ""
    label: str = ""
    name: str = ""
    digest: str = ""
    """SHA-256 of what was handed in, or of what left."""
    kind: str = ""
    """A kind of entry the leg has."""
    transfer: str = ""
    text: str = ""
    """Stands in its subject or a file's name, in any spelling."""
    fields: tuple[tuple[str, str], ...] = ()
    """`class.field` and what it says, or what one member of its list says; of any entry of the leg."""
    first: date | None = None
    last: date | None = None
    """Days, both included, in `zone`: of the asked outcome or kind, else of anything that happened."""
    zone: tzinfo = UTC

    def groups(self, index_key: bytes) -> tuple[tuple[bytes, ...], ...]:
        """The question for `Reading.find`: it finds at least every leg that answers."""
        days = tuple(term(index_key, "day", day.isoformat()) for day in self._utc_days())
        return (*self.asked(index_key), days) if days else self.asked(index_key)

    def asked(self, index_key: bytes) -> tuple[tuple[bytes, ...], ...]:
        """The terms a leg must have, days apart: one of each group."""
        parts = (
            ("person", self.person), ("recipient", self.recipient), ("partner", self.partner), ("rule", self.rule),
            ("label", self.label), ("digest", self.digest), ("kind", self.kind), ("outcome", self.outcome),
            ("transfer", self.transfer),
        )  # fmt: skip
        groups = [(term(index_key, field, value),) for field, value in parts if value]
        # A name alone is indexed piece by piece between its semicolons; one of several, escaped and whole.
        escaped = self.name.replace("%", "%25").replace(";", "%3B")
        pieces = [(piece, escaped) for piece in self.name.split(";") if piece]
        return (*groups, *(tuple(term(index_key, "name", one) for one in either) for either in pieces))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of private values that it asks about."""
        asked = {
            "op": self.rule or self.label, "snd": self.person, "rcp": self.recipient or self.partner,
            "obj": self.name or self.digest or self.text,
        }  # fmt: skip
        return tuple(
            dict.fromkeys([cls for cls, said in asked.items() if said] + [f.split(".")[0] for f, _ in self.fields])
        )

    def fits(self, leg: Sequence[Attested]) -> bool:
        """Whether the leg says what no index knows."""
        text = self.text.casefold()
        if text and not any(text in one.values.get(f, "").casefold() for one in leg for f in _READABLE):
            return False
        return all(
            any(value == said or value in said.split(";") for said in (one.values.get(name, "") for one in leg))
            for name, value in self.fields
        )

    def covers(self, at_ms: int) -> bool:
        """Whether the instant is on one of the days asked for."""
        day = moment(at_ms, self.zone).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def _utc_days(self) -> tuple[date, ...]:
        """The index counts days in UTC; a day of the office touches two of them."""
        if self.first is None or self.last is None:
            return ()
        start = datetime.combine(self.first, time.min, self.zone).astimezone(UTC).date()
        end = datetime.combine(self.last, time.max, self.zone).astimezone(UTC).date()
        count = (end - start).days + 1
        return tuple(start + _ONE_DAY * n for n in range(count)) if 0 < count <= MOST_DAYS else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One leg, as its entries tell it; of an office's fact, that entry alone."""

    transfer: str
    leg: int | None
    received_ms: int
    sender: str
    recipient: str
    partner: str
    label: str
    outcome: str
    outcome_ms: int
    """When; 0 without an outcome."""
    rules: tuple[str, ...]
    names: str
    subject: str
    sha256_in: tuple[str, ...]
    sha256_out: tuple[str, ...]
    entries: tuple[int, ...]


def search(records: Reading, attestations: Attestations, query: Query) -> Iterator[Found]:
    """Every leg that answers the question, the newest transfer first. Raises `Tampering`."""
    only = _TOLD.union(query.classes)
    for stream in records.find(query.groups(attestations.index_key), limit=ALL):
        if not stream.startswith("T-") and query.kind not in OFFICE_KINDS:
            continue
        story = attestations.story(stream)
        if story is None:  # forgotten on purpose between the two looks
            continue
        for leg in legs_in(attestations.of(story, only)):
            if _matches(query, leg, attestations.index_key):
                yield _found(stream, leg)


def legs_in(said: Iterable[Attested]) -> tuple[tuple[Attested, ...], ...]:
    """Entries by leg, legs in order; an entry about no leg stands alone."""
    legs: dict[int, list[Attested]] = {}
    for one in said:
        key = one.entry.leg if one.entry.leg is not None else -1 - one.index
        legs.setdefault(key, []).append(one)
    return tuple(tuple(entries) for entries in legs.values())


def _matches(query: Query, leg: Sequence[Attested], index_key: bytes) -> bool:
    if not _is_timely(query, leg):
        return False
    known = terms_in(leg, index_key)
    return query.fits(leg) and all(known.intersection(group) for group in query.asked(index_key))


def _is_timely(query: Query, leg: Sequence[Attested]) -> bool:
    """Whether the asked outcome is the last one, and it, the asked kind, or anything, is of the days asked for."""
    last = _last_outcome(leg)
    if query.outcome and (last is None or last.entry.outcome != query.outcome or not query.covers(last.entry.time_ms)):
        return False
    if query.kind:
        return any(said.entry.kind == query.kind and query.covers(said.entry.time_ms) for said in leg)
    return bool(query.outcome) or any(query.covers(said.entry.time_ms) for said in leg)


def _last_outcome(leg: Sequence[Attested]) -> Attested | None:
    return next((said for said in reversed(leg) if said.entry.outcome), None)


def _found(stream: str, leg: Sequence[Attested]) -> Found:
    # Who and what stand in the first entry: in a later one `snd` may be whoever released it.
    values = [one.values for one in leg]
    first, said = values[0], [pair for one in values for pair in one.items()]
    latest = dict(said)
    last = _last_outcome(leg)
    left = [one.get("obj.sha256.out", "") for one, of in zip(values, leg, strict=True) if of.entry.kind != "scrubbed"]
    return Found(
        transfer=stream,
        leg=leg[0].entry.leg,
        received_ms=leg[0].entry.time_ms,
        sender=first.get("snd.addr") or first.get("snd.name", ""),
        recipient=first.get("rcp.addr", ""),
        partner=latest.get("rcp.agency", ""),
        label=latest.get("op.label", ""),
        outcome=last.entry.outcome if last else "",
        outcome_ms=last.entry.time_ms if last else 0,
        rules=_members(value for name, value in said if name == "op.rules"),
        names=first.get("obj.name") or first.get("obj.desc", ""),
        subject=first.get("obj.subject", ""),
        sha256_in=_members([first.get("obj.sha256.in", "")]),
        sha256_out=_members(left),
        entries=tuple(one.index for one in leg),
    )


def _members(lists: Iterable[str]) -> tuple[str, ...]:
    """Every member of every list, each once, in order."""
    return tuple(dict.fromkeys(one for value in lists for one in value.split(";") if one))
