"""What somebody usually does: counts in windows, and whom they write to. Bounded, whatever they do.

A value that is folded from signs: in whatever order those of a window come, the counts are the same. Time comes as an
argument; nothing here knows what is unusual.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SLICE_MS = 600_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
RECENT_MS = DAY_MS + HOUR_MS
"""So long single slices are kept; after that, hours."""
MOST_RECIPIENTS = 1_000
MOST_IN_A_ROW = 200

Slot = Callable[[int], object]
"""What part of the week an instant lies in, as the office has it: a kind of day and an hour."""


@dataclass(slots=True)
class Count:
    """How often something happened: by ten minutes lately, by the hour as far back as is remembered."""

    slices: Counter[int] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)

    def add(self, at_ms: int) -> None:
        """Once more."""
        self.slices[at_ms // SLICE_MS] += 1
        self.hours[at_ms // HOUR_MS] += 1

    def forget(self, now_ms: int, past_ms: int) -> None:
        """What is too old to matter."""
        first_slice, first_hour = (now_ms - RECENT_MS) // SLICE_MS, (now_ms - past_ms) // HOUR_MS
        for kept, first in ((self.slices, first_slice), (self.hours, first_hour)):
            for old in [one for one in kept if one < first]:
                del kept[old]

    def lately(self, now_ms: int, span_ms: int) -> int:
        """Within the span that ends now, to ten minutes."""
        first = (now_ms - span_ms) // SLICE_MS + 1
        return sum(count for one, count in self.slices.items() if one >= first)

    def busiest_hour(self, now_ms: int) -> int:
        """The most in any hour that was over an hour ago."""
        return max((count for hour, count in self.hours.items() if (hour + 1) * HOUR_MS <= now_ms - HOUR_MS), default=0)

    def busiest_day(self, now_ms: int) -> int:
        """The most on any day that was over a day ago."""
        days: Counter[int] = Counter()
        for hour, count in self.hours.items():
            days[hour * HOUR_MS // DAY_MS] += count
        return max((count for day, count in days.items() if (day + 1) * DAY_MS <= now_ms - DAY_MS), default=0)

    def days_at(self, now_ms: int, slot: Slot) -> int:
        """On how many earlier days something happened in the slot of now."""
        wanted, before = slot(now_ms), (now_ms - DAY_MS) // HOUR_MS
        days = {hour * HOUR_MS // DAY_MS for hour in self.hours if hour <= before and slot(hour * HOUR_MS) == wanted}
        return len(days)


@dataclass(slots=True)
class Recipients:
    """Whom somebody writes to: when first and when last, within what is remembered."""

    first_ms: dict[str, int] = field(default_factory=dict)
    last_ms: dict[str, int] = field(default_factory=dict)

    def add(self, to: str, at_ms: int) -> None:
        """Once more."""
        self.first_ms[to] = min(at_ms, self.first_ms.get(to, at_ms))
        self.last_ms[to] = max(at_ms, self.last_ms.get(to, at_ms))
        if len(self.last_ms) > MOST_RECIPIENTS:
            self._drop(min(self.last_ms, key=lambda one: (self.last_ms[one], one)))

    def forget(self, now_ms: int, past_ms: int) -> None:
        """Those nobody wrote to for so long: written to again, they are new."""
        for to in [one for one, at_ms in self.last_ms.items() if at_ms < now_ms - past_ms]:
            self._drop(to)

    def new(self, now_ms: int, span_ms: int) -> int:
        """How many were written to within the span, and never before."""
        return sum(1 for at_ms in self.first_ms.values() if at_ms > now_ms - span_ms)

    def _drop(self, to: str) -> None:
        del self.first_ms[to], self.last_ms[to]


@dataclass(slots=True)
class Row:
    """The same thing again and again, with nothing of the other kind in between."""

    times_ms: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_IN_A_ROW))

    def add(self, at_ms: int) -> None:
        """Once more."""
        self.times_ms.append(at_ms)

    def end(self) -> None:
        """Something else came."""
        self.times_ms.clear()

    def lately(self, now_ms: int, span_ms: int) -> int:
        """How many within the span."""
        return sum(1 for at_ms in self.times_ms if at_ms > now_ms - span_ms)


@dataclass(slots=True)
class Habits:
    """All that is counted of one person or partner."""

    sent: Count = field(default_factory=Count)
    collected: Count = field(default_factory=Count)
    recipients: Recipients = field(default_factory=Recipients)
    refusals: Row = field(default_factory=Row)
    wrong: Row = field(default_factory=Row)
    tidied_ms: int = 0

    def tidy(self, now_ms: int, past_ms: int) -> None:
        """Let go of what is too old; at most once an hour, for it looks at everything."""
        if now_ms - self.tidied_ms < HOUR_MS:
            return
        self.tidied_ms = now_ms
        for one in self._forgetful():
            one.forget(now_ms, past_ms)

    def _forgetful(self) -> Iterator[Count | Recipients]:
        yield self.sent
        yield self.collected
        yield self.recipients
