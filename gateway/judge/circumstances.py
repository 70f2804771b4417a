"""The facts of a case: the closed list as one table, and, fact by fact, what makes it yes.

Ruling text: handbook `rules.md` §2. Every function here is pure and answers yes, no or unknown from values somebody
else fetched; `case` computes what the folder decides, `engine.finding` fetches the rest. What cannot be known at a
moment is unknown at that moment, never assumed: a letter has no header at RCPT, a file of 2 GiB is never opened.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.facts import Truth
from gateway.judge.shapes import Agreement, PersonalData, Verified, WorkingHours
from gateway.judge.words import Duration

DAY_MS = 86_400_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEVELS = ("high", "medium", "low")
"""Of personal data, the surest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """One fact of the closed list, for people: when it is yes, who finds out, how long that stands."""

    name: str
    yes_when: str
    source: str
    fresh: str
    unknown_when: str


TABLE: tuple[Circumstance, ...] = (
    Circumstance(
        name="agreement-current",
        yes_when="the day lies within the partner's agreement; no for a stranger",
        source="partners.toml",
        fresh="the day",
        unknown_when="never",
    ),
    Circumstance(
        name="address-verified",
        yes_when="somebody verified the partner less than `verified-for` ago, and its mail servers are still those "
        "noted, where any are; no for a stranger",
        source="partners.toml, DNS",
        fresh="the day; the servers 24 h",
        unknown_when="servers are noted, and DNS does not answer",
    ),
    Circumstance(
        name="first-contact",
        yes_when="nothing of ours was ever shipped to this recipient, or collected by them",
        source="records",
        fresh="now",
        unknown_when="the records cannot be read",
    ),
    Circumstance(
        name="similar-name",
        yes_when="the sender never wrote to them, and a known correspondent at another host is called nearly the same",
        source="records, partners.toml, people.toml",
        fresh="now",
        unknown_when="the records cannot be read",
    ),
    Circumstance(
        name="lookalike-domain",
        yes_when="the address nearly is a partner's",
        source="partners.toml",
        fresh="now",
        unknown_when="the domain cannot be read",
    ),
    Circumstance(
        name="recipient-key-known",
        yes_when="the registrar vouches for a key of the recipient at this instant",
        source="keys",
        fresh="now",
        unknown_when="there is none: it waits for one (P2)",
    ),
    Circumstance(
        name="transport-verified",
        yes_when="the next hop proved the level that is demanded; a pinned box and our own door always do",
        source="ship, at this attempt or the last delivery to the recipient",
        fresh="24 h",
        unknown_when="nothing was delivered there lately at that level",
    ),
    Circumstance(
        name="personal-data-found",
        yes_when="at least `count` identifiers of `level` stand in its texts",
        source="workshop",
        fresh="this digest",
        unknown_when="contents unseen, or a document's text cannot be had (a PDF, a picture)",
    ),
    Circumstance(
        name="hidden-content-found",
        yes_when="a document holds what a reader does not see",
        source="workshop",
        fresh="this digest",
        unknown_when="contents unseen, or a document is held",
    ),
    Circumstance(
        name="virus-found",
        yes_when="the scanner of `gateway.toml` knows a signature in it, as it came or as it leaves",
        source="clamd",
        fresh="this digest",
        unknown_when="the scanner is away, slow, or past its limits: it waits, whatever the rules say",
    ),
    Circumstance(
        name="label-conflict",
        yes_when="tags, header and sensitivity mark name different labels, or one we do not have",
        source="subject, header, name and folder",
        fresh="this digest",
        unknown_when="they are not seen yet",
    ),
    Circumstance(
        name="sender-second-factor",
        yes_when="this sign-in used one",
        source="session",
        fresh="the session",
        unknown_when="never; a password over SMTP is none",
    ),
    Circumstance(
        name="working-hours",
        yes_when="the instant lies within them, in the office's zone",
        source="clock",
        fresh="now",
        unknown_when="never",
    ),
    Circumstance(
        name="many-recipients",
        yes_when="To and Cc together name more addresses outside than `many-recipients`; no for a file",
        source="header",
        fresh="now",
        unknown_when="the header is not seen yet",
    ),
)
"""Every fact a rule may name: first of whom it is for, then of what it is, then of the moment."""


def truth(claim: bool) -> Truth:
    """Yes or no."""
    return Truth.YES if claim else Truth.NO


# ── the recipient ────────────────────────────────────────────────────────────────────────────────────────────────────


def agreement_current(agreement: Agreement | None, on: date) -> Truth:
    """Both days of an agreement are within it."""
    return truth(agreement is not None and agreement.signed <= on <= agreement.until)


def address_verified(verified: Verified | None, verified_for: Duration, on: date) -> Truth:
    """A verification counts from its own day to the day before it is too old."""
    return truth(verified is not None and verified.on <= on < verified_for.after(verified.on))


def as_noted(noted: Collection[str], found: Collection[str] | None) -> Truth:
    """Whether mail goes to no other servers than were noted; `found` is None where DNS does not answer.

    Fewer are still those somebody looked at. None at all is another state of things than was verified.
    """
    if found is None:
        return Truth.UNKNOWN
    return truth(bool(found) and set(found) <= set(noted))


def transport_verified(proved_ms: int | None, now_ms: int) -> Truth:
    """`proved_ms`: when the next hop last proved the level that is demanded now. Nothing proves that it would not."""
    return Truth.YES if proved_ms is not None and 0 <= now_ms - proved_ms < DAY_MS else Truth.UNKNOWN


# ── the content ──────────────────────────────────────────────────────────────────────────────────────────────────────


def personal_data(counts: Collection[tuple[str, int]], above: PersonalData, *, is_all_read: bool) -> Truth:
    """`counts`: how many identifiers of each level were found. What was not read may hold more, never less."""
    wanted = LEVELS[: LEVELS.index(above.level) + 1]
    if sum(count for level, count in counts if level in wanted) >= above.count:
        return Truth.YES
    return truth(False) if is_all_read else Truth.UNKNOWN


def label_conflict(labels: Collection[str], unknown_marks: int) -> Truth:
    """`labels`: what the tags, the header and the marks name. The highest counts all the same."""
    return truth(unknown_marks > 0 or len(set(labels)) > 1)


def many_recipients(outside: int | None, above: int) -> Truth:
    """`outside`: addresses of no colleague in To and Cc; None before the header is seen."""
    return Truth.UNKNOWN if outside is None else truth(outside > above)


# ── the moment ───────────────────────────────────────────────────────────────────────────────────────────────────────


def second_factor(signed_in_by: str) -> Truth:
    """`password+code` used one; so did no chain without a plus."""
    return truth("+" in signed_in_by)


def working_hours(hours: WorkingHours, at: datetime) -> Truth:
    """`at` in the office's zone, whose clock decides: an hour that comes twice in autumn counts twice.

    Hours that end before they begin run past midnight, and belong to the day they began on; equal ones are a whole day.
    """
    clock, today = f"{at:%H:%M}", DAYS[at.weekday()] in hours.days
    if hours.from_ < hours.to:
        return truth(today and hours.from_ <= clock < hours.to)
    yesterday = DAYS[(at - timedelta(days=1)).weekday()] in hours.days
    return truth((today and clock >= hours.from_) or (yesterday and clock < hours.to))
