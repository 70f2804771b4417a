"""The closed vocabularies of the rule files: facts, demands, powers, and the durations written as `90d`.

What is not listed here cannot be said in a rule. Adding a word means adding what determines it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

COMPUTED = ("agreement-current", "address-verified", "lookalike-domain", "many-recipients")
"""Facts the folder and the given values decide."""
FACTS = (
    *COMPUTED,
    "first-contact",
    "similar-name",
    "recipient-key-known",
    "transport-verified",
    "personal-data-found",
    "hidden-content-found",
    "virus-found",
    "label-conflict",
    "sender-second-factor",
    "working-hours",
)
YES_IN_TESTS = ("recipient-key-known", "transport-verified", "sender-second-factor", "working-hours")
"""What an `[[expect]]` takes as yes unless it says otherwise; computed facts are computed, all others are no."""

DEMANDS = (
    "encrypt-to-recipient",
    "verified-transport",
    "strip-metadata",
    "proof-of-collection",
    "sealed-by-sender",
    "three-readers",
    "companion-digest",
)
"""Bind scrub and seal."""
DEMANDS_TO_WAIT_FOR = ("second-factor", "confirmation-by-sender")
APPROVAL = "approval-by "
DELAY = "delay "

POWERS = ("publish", "break-glass", "vouch", "audit", "inspect", "supervise")

OUTSIDER = "outsider"
STAFF = "staff"
STRANGERS = "strangers"
PARTNER = "partner:"
GATEWAY_NOTE = "gateway-note"
"""The built-in rule under which the gateway writes to its own people, and to a partner's verified address on file."""

DURATION = re.compile(r"([1-9][0-9]{0,5})(mo|[mhdwy])", re.ASCII)
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "mo": 2_629_800, "y": 31_557_600}
_MONTHS = {"mo": 1, "y": 12}
_LAST_DAY = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A span as an admin writes it: `5m 4h 90d 26w 6mo 10y`; `m` is minutes, `mo` months."""

    count: int
    unit: str

    @classmethod
    def of(cls, text: str) -> Duration:
        """Read `90d`. Raises `ValueError` on anything else."""
        found = DURATION.fullmatch(text)
        if not found:
            raise ValueError('not a duration such as "90d"')
        return cls(count=int(found[1]), unit=found[2])

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def seconds(self) -> int:
        """Its length; a year counts 365.25 days, a month a twelfth of that."""
        return self.count * _SECONDS[self.unit]

    def after(self, day: date) -> date:
        """The last day within this span of `day`; years and months by the calendar, where a day that a month does not
        have becomes its last: 29 February the 28th."""
        if self.unit in _MONTHS:
            year, month = divmod(day.year * 12 + day.month - 1 + self.count * _MONTHS[self.unit], 12)
            if year > _LAST_DAY.year:
                return _LAST_DAY
            return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
        try:
            return day + timedelta(seconds=self.seconds)
        except OverflowError:
            return _LAST_DAY


@lru_cache(maxsize=256)
def delay_seconds(demand: str) -> int:
    """How long `delay 15m` waits; read once for each, for it is asked with every decision."""
    return Duration.of(demand.removeprefix(DELAY)).seconds


def waits(demand: str) -> bool:
    """True for a demand that somebody, or time, must fulfil before the leg may go."""
    return demand in DEMANDS_TO_WAIT_FOR or demand.startswith((APPROVAL, DELAY))
