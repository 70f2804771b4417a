"""Who gains and who loses if one rulebook takes the place of another: in people and partners, not in lines.

Whether it is *widened* is computed: somebody may send what they might not, on some day to come and whatever may then be
known or unknown; a demand is dropped from what goes already; or another key of the folder moved the wrong way
(`alterations`). What is too hard to compute counts as widened. The order of rules and files never matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.facts import Mixed, Truth
from gateway.judge import words
from gateway.judge.alterations import alterations
from gateway.judge.boxes import TooHard
from gateway.judge.phrases import WAYS, both, capital, either, known_in_words, names_in_words, span_in_words
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.scope import VERIFIED, Scope, Terms, person_called, recipients_called
from gateway.judge.shears import Shears
from gateway.judge.stationkeys import Alteration
from gateway.judge.words import Duration

SEND, PART, SEALED = "send", "part", "sender-sealed"
"""What somebody may do: send; have the lawful part sent when a recipient is refused; send what they sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What some people gain or lose, or a demand on what they send."""

    what: str
    """`send`, `part`, `sender-sealed`, or a demand."""
    is_wider: bool
    who: tuple[str, ...]
    to: tuple[str, ...]
    labels: tuple[str, ...]
    by: tuple[str, ...]
    purposes: tuple[str, ...]
    days: tuple[tuple[date, date | None], ...]
    """First and last day of each span; no last day: without end."""
    conditions: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changes from one rulebook to another, from a day on."""

    before: str
    after: str
    files: tuple[str, ...]
    """The names of the files that are not the same."""
    gained: tuple[Change, ...] = ()
    lost: tuple[Change, ...] = ()
    dropped: tuple[Change, ...] = ()
    """Demands no longer made of what went before and goes after."""
    added: tuple[Change, ...] = ()
    altered: tuple[Alteration, ...] = ()
    is_computed: bool = True
    """False: the rules are too entangled to compare; nothing is known, so it counts as widened."""

    @property
    def widening(self) -> tuple[str, ...]:
        """Every sentence for which a second person must sign."""
        found = [change.sentence for change in (*self.gained, *self.dropped)]
        found += [one.sentence for one in self.altered if one.is_wider]
        return tuple(found if self.is_computed else (*found, "Whether more may be sent could not be computed."))

    @property
    def others(self) -> tuple[str, ...]:
        """Every other sentence."""
        found = [change.sentence for change in (*self.lost, *self.added)]
        return (*found, *(one.sentence for one in self.altered if not one.is_wider))

    @property
    def is_widened(self) -> bool:
        """Whether two people must sign."""
        return bool(self.widening)


def difference(before: Rulebook, after: Rulebook, *, on: date) -> Difference:
    """What changes on `on` and on every day to come."""
    files, others = dict(before.files), dict(after.files)
    changed = tuple(sorted(name for name in {*files, *others} if files.get(name) != others.get(name)))
    if not changed:
        return Difference(before=before.digest, after=after.digest, files=())
    scope = Scope((before, after), on=on)
    altered = alterations(scope, on=on)
    try:
        found = _Comparison(scope, on).changes()
    except TooHard:
        return Difference(before=before.digest, after=after.digest, files=changed, altered=altered, is_computed=False)
    gained, lost, dropped, added = found
    return Difference(
        before=before.digest,
        after=after.digest,
        files=changed,
        gained=gained,
        lost=lost,
        dropped=dropped,
        added=added,
        altered=altered,
    )


class _Comparison:
    """The boxes of two books against each other."""

    def __init__(self, scope: Scope, on: date) -> None:
        self._scope = scope
        self._space = scope.space
        self._on = on
        self._before, self._after = Terms(scope, 0), Terms(scope, 1)
        self._shears = Shears(scope.space)

    def changes(self) -> tuple[tuple[Change, ...], tuple[Change, ...], tuple[Change, ...], tuple[Change, ...]]:
        """Gained, lost, dropped, added. Raises `TooHard`."""
        gained, lost = self._sendable(self._before, self._after), self._sendable(self._after, self._before)
        return (
            (*self._worded(SEND, gained, is_wider=True), *self._rights(gained, self._before, self._after)),
            (*self._worded(SEND, lost, is_wider=False), *self._rights(lost, self._after, self._before)),
            self._demands(self._before, self._after),
            self._demands(self._after, self._before),
        )

    # ── boxes ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _sendable(self, old: Terms, new: Terms) -> tuple[int, ...]:
        """What goes under `new` and did not go under `old`."""
        return self._shears.more(old.allows, old.stops, new.allows, new.stops)

    def _rights(self, sendable: tuple[int, ...], old: Terms, new: Terms) -> Iterable[Change]:
        """What rules grant beside sending, of what went already: what is new altogether is told once."""
        for what, grants in ((PART, _lets_part), (SEALED, _lets_sealed)):
            was, now = (terms.where(filter(grants, terms.book.rules)) for terms in (old, new))
            more = self._shears.more(was, old.stops, now, new.stops)
            yield from self._worded(what, self._shears.without(more, sendable), is_wider=new is self._after)

    def _demands(self, old: Terms, new: Terms) -> tuple[Change, ...]:
        """Demands `old` makes and `new` does not, of what goes under both."""
        found: list[Change] = []
        every = {demand for terms in (old, new) for rule in terms.book.rules for demand in rule.then}
        for demand in sorted(every):
            made = new.demanding(*(one for one in every if _covers(one, demand)))
            unmade = self._shears.without(old.demanding(demand), made)
            for terms in (old, new):
                unmade = self._shears.without(self._shears.shared(unmade, terms.allows), terms.stops)
            found += self._worded(demand, unmade, is_wider=new is self._after)
        return tuple(found)

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _worded(self, what: str, boxes: Sequence[int], *, is_wider: bool) -> tuple[Change, ...]:
        changes = [self._change(what, box, is_wider=is_wider) for box in self._shears.fewest(boxes)]
        return tuple(sorted(dict.fromkeys(changes), key=lambda change: change.sentence))

    def _change(self, what: str, box: int, *, is_wider: bool) -> Change:
        scope, space = self._scope, self._space
        who, labels = space.values(box, scope.who), space.values(box, scope.labels)
        by, purposes = space.values(box, scope.by), space.values(box, scope.purposes)
        to = tuple(dict.fromkeys(recipients_called(one, scope.books) for one in space.values(box, scope.to)))
        days, conditions = self._spans(space.values(box, scope.days)), self._conditions(box)
        people = [person_called(one, scope.books) for one in who]
        way = f" by {either([WAYS[one] for one in by])}" if len(by) < len(scope.by.values) else ""
        way += f" for {either(purposes)}" if len(purposes) < len(scope.purposes.values) else ""
        every = len(labels) == len(scope.labels.values)
        sentence = (_SAID.get((what, is_wider)) or _DEMANDED[is_wider]).format(
            papers="any paper" if every else f"{both([capital(label) for label in labels])} papers",
            who=names_in_words(people, "people"),
            to=names_in_words(to, "recipients") + way,
            demand=what,
        )
        spans = both([text for span in days if (text := span_in_words(*span, on=self._on))])
        sentence += f", {spans}" if spans else ""
        sentence += f", when {both(conditions)}" if conditions else ""
        return Change(
            what=what,
            is_wider=is_wider,
            who=who,
            to=to,
            labels=labels,
            by=tuple(one.value for one in by),
            purposes=purposes,
            days=days,
            conditions=conditions,
            sentence=capital(sentence) + ".",
        )

    def _spans(self, days: tuple[date, ...]) -> tuple[tuple[date, date | None], ...]:
        """Days next to each other, as one span."""
        spans: list[tuple[date, date | None]] = []
        every = self._scope.days.values
        for day in days:
            last = self._scope.last_day(day)
            if spans and every.index(day) and spans[-1][1] == self._scope.last_day(every[every.index(day) - 1]):
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((day, last))
        return tuple(spans)

    def _conditions(self, box: int) -> tuple[str, ...]:
        """What must be known, or not be, beyond what the folder says."""
        found: list[str] = []
        for name, axis in self._scope.facts.items():
            values = self._space.values(box, axis)
            is_as_the_folder_says = name == VERIFIED and Truth.YES in values
            if len(values) < len(Truth) and not is_as_the_folder_says:
                found.append(known_in_words(name, values))
        return tuple(found)


_SAID = {
    (SEND, True): "{who} may now send {papers} to {to}",
    (SEND, False): "{who} may no longer send {papers} to {to}",
    (PART, True): "{papers} from {who} to {to} may now go although another recipient is refused",
    (PART, False): "{papers} from {who} to {to} may no longer go when another recipient is refused",
    (SEALED, True): "{who} may now send, sealed by themselves so that nobody looks inside, {papers} to {to}",
    (SEALED, False): "{who} may no longer send, sealed by themselves, {papers} to {to}",
}
_DEMANDED = {
    True: "{papers} from {who} to {to}: {demand} is no longer asked for",
    False: "{papers} from {who} to {to}: {demand} is now asked for",
}


def _covers(demand: str, other: str) -> bool:
    """Whether who is asked for `demand` is asked for `other` too: itself, or a shorter delay."""
    if demand.startswith(words.DELAY) and other.startswith(words.DELAY):
        waits, waited = (Duration.of(one.removeprefix(words.DELAY)).seconds for one in (demand, other))
        return waits >= waited
    return demand == other


def _lets_part(rule: Rule) -> bool:
    return rule.verb is Verb.ALLOW and rule.mixed is Mixed.LAWFUL_PART


def _lets_sealed(rule: Rule) -> bool:
    return rule.verb is Verb.ALLOW and rule.may_be_sender_sealed
