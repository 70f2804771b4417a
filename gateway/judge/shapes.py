"""The shapes of the files the judge itself reads: people, labels, partners, transfers and their tests.

A key that is not here is refused. `Annotated[str, of("role")]` says which vocabulary a text must come from; `reading`
checks it where it stands, so that a misspelt word is reported at its own line and column.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.facts import Mixed, Outcome
from gateway.judge.words import Duration


def of(vocabulary: str) -> Meta:
    """The text must come from this vocabulary. The word before a colon is what a problem calls it."""
    return Meta(title=vocabulary)


Id = Annotated[str, of("id")]
AddressText = Annotated[str, of("address")]
DomainText = Annotated[str, of("domain")]
Role = Annotated[str, of("role")]
Who = Annotated[str, of("role:who")]
"""A role, or `outsider`."""
Label = Annotated[str, of("label")]
Purpose = Annotated[str, of("purpose")]
PersonText = Annotated[str, of("person")]
PartnerText = Annotated[str, of("partner")]
Group = Annotated[str, of("group")]
To = Annotated[str, of("group:to")]
"""A group, `staff`, `strangers` or `partner:ID`."""
FactText = Annotated[str, of("fact")]
Demand = Annotated[str, of("demand")]
By = Annotated[str, of("way")]
Power = Annotated[str, of("power")]
SignIn = Annotated[str, of("way to sign in")]


def _key(field: str) -> str:
    """`for_` is written `for`, `may_handle` is written `may-handle`."""
    return field.rstrip("_").replace("_", "-")


class Shape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_key):
    """What every table of a rule file has in common: frozen, hyphens in its keys, unknown keys refused."""


# ── people.toml ──────────────────────────────────────────────────────────────────────────────────────────────────────


class RoleTable(Shape, frozen=True, kw_only=True):
    """`[role]`: how far a role may go, and how one signs in to the file door with it. Left out: in any way."""

    may_handle: Label
    powers: tuple[Power, ...] = ()
    sign_in: tuple[SignIn, ...] = ()


class PersonTable(Shape, frozen=True, kw_only=True):
    """`[person]`, by address."""

    name: str
    roles: tuple[Role, ...]
    until: datetime.date
    also: tuple[AddressText, ...] = ()
    unit: str = ""


class PeopleFile(Shape, frozen=True, kw_only=True):
    """people.toml"""

    role: dict[Id, RoleTable]
    person: dict[AddressText, PersonTable]


# ── labels.toml ──────────────────────────────────────────────────────────────────────────────────────────────────────


class SpottingTable(Shape, frozen=True, kw_only=True):
    """How a label and a purpose are seen."""

    unlabelled: Label
    unstated: Purpose
    incoming: Label
    subject: dict[str, Label] = field(default_factory=dict)
    folder: dict[str, Label] = field(default_factory=dict)
    purpose: dict[str, Purpose] = field(default_factory=dict)
    guid: dict[str, Label] = field(default_factory=dict)
    header: str = "X-Sealgate-Label"


class LabelsFile(Shape, frozen=True, kw_only=True):
    """labels.toml; labels stand least first."""

    labels: tuple[Id, ...]
    purposes: tuple[Id, ...]
    spotting: SpottingTable


# ── partners.toml ────────────────────────────────────────────────────────────────────────────────────────────────────


class Agreement(Shape, frozen=True, kw_only=True):
    """What allows us to write; both days are included."""

    kind: str
    signed: datetime.date
    until: datetime.date


class Verified(Shape, frozen=True, kw_only=True):
    """Who made sure that the address is theirs."""

    on: datetime.date
    by: PersonText
    how: str
    mx: tuple[DomainText, ...] = ()


class PartnerTable(Shape, frozen=True, kw_only=True):
    """`[partner.ID]`"""

    name: str
    groups: tuple[Group, ...]
    domains: tuple[DomainText, ...] = ()
    addresses: tuple[AddressText, ...] = ()
    agreement: Agreement | None = None
    verified: Verified | None = None
    sign_in: tuple[SignIn, ...] = ()


class PartnersFile(Shape, frozen=True, kw_only=True):
    """partners.toml"""

    groups: tuple[Id, ...]
    partner: dict[Id, PartnerTable] = field(default_factory=dict)


# ── transfers.toml ───────────────────────────────────────────────────────────────────────────────────────────────────


class Narrowing(Shape, frozen=True, kw_only=True):
    """What `forbid`, `require` and `never` share."""

    id: Id
    because: str
    who: tuple[Who, ...] = ()
    to: tuple[To, ...] = ()
    labels: tuple[Label, ...] = ()
    by: tuple[By, ...] = ()
    for_: tuple[Purpose, ...] = ()
    when: tuple[FactText, ...] = ()
    unless: tuple[FactText, ...] = ()


class AllowTable(Shape, frozen=True, kw_only=True):
    """`[[allow]]`: the only verb that widens."""

    id: Id
    because: str
    who: tuple[Who, ...]
    to: tuple[To, ...]
    labels: tuple[Label, ...]
    by: tuple[By, ...]
    until: datetime.date
    owner: PersonText
    for_: tuple[Purpose, ...] = ()
    when: tuple[FactText, ...] = ()
    mixed: Mixed = Mixed.ALL_OR_NOTHING
    mode: Literal["live", "watch"] = "live"
    seldom: bool = False
    sender_sealed: bool = False


class ForbidTable(Narrowing, frozen=True):
    """`[[forbid]]`"""

    say: str = ""
    mode: Literal["live", "watch"] = "live"


class RequireTable(Narrowing, frozen=True, kw_only=True):
    """`[[require]]`"""

    then: tuple[Demand, ...]
    mode: Literal["live", "watch"] = "live"


class NeverTable(Narrowing, frozen=True):
    """`[[never]]`: has no `mode`; a standing order is not tried out."""


class PersonalData(Shape, frozen=True, kw_only=True):
    """When `personal-data-found` is yes."""

    level: Literal["high", "medium", "low"] = "high"
    count: int = 1


class WorkingHours(Shape, frozen=True, kw_only=True):
    """When `working-hours` is yes, in the office's zone."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    from_: Annotated[str, of("time")] = "08:00"
    to: Annotated[str, of("time")] = "18:00"


class FactsTable(Shape, frozen=True, kw_only=True):
    """`[facts]`: where facts turn from no to yes."""

    verified_for: Duration = Duration(count=2, unit="y")
    many_recipients: int = 20
    lookalike_distance: int = 1
    personal_data: PersonalData = PersonalData()
    working_hours: WorkingHours = WorkingHours()


class BreakGlass(Shape, frozen=True, kw_only=True):
    """`[break-glass]`"""

    review: Duration = Duration(count=3, unit="d")


class HalfLife(Shape, frozen=True, kw_only=True):
    """`[half-life]`: what happens to an `allow` nobody uses."""

    warn: Duration = Duration(count=60, unit="d")
    watch: Duration = Duration(count=90, unit="d")
    remove: Duration = Duration(count=120, unit="d")


class TransfersFile(Shape, frozen=True, kw_only=True):
    """transfers.toml"""

    allow: tuple[AllowTable, ...] = ()
    forbid: tuple[ForbidTable, ...] = ()
    require: tuple[RequireTable, ...] = ()
    never: tuple[NeverTable, ...] = ()
    facts: FactsTable = FactsTable()
    break_glass: BreakGlass = BreakGlass()
    half_life: HalfLife = HalfLife()


# ── *.test.toml ──────────────────────────────────────────────────────────────────────────────────────────────────────


class NearestTable(Shape, frozen=True, kw_only=True):
    """The nearest miss that is expected."""

    rule: str
    missing: tuple[str, ...]


class Gaps(Shape, frozen=True, kw_only=True):
    """`default`: fills what an `[[expect]]` leaves out."""

    from_: AddressText | None = None
    to: str | None = None
    label: Label | None = None
    by: By | None = None
    for_: Purpose | None = None
    on: datetime.date | None = None
    facts: dict[FactText, bool | Literal["unknown"]] = field(default_factory=dict)


class Expect(Shape, frozen=True, kw_only=True):
    """`[[expect]]`: one case and what the rules must answer. What is left out is not compared."""

    that: str
    outcome: Outcome
    from_: AddressText | None = None
    to: str | None = None
    label: Label | None = None
    by: By | None = None
    for_: Purpose | None = None
    on: datetime.date | None = None
    facts: dict[FactText, bool | Literal["unknown"]] = field(default_factory=dict)
    rules: tuple[str, ...] | None = None
    unknown: tuple[str, ...] | None = None
    then: tuple[Demand, ...] | None = None
    nearest: NearestTable | None = None


class TestFile(Shape, frozen=True, kw_only=True):
    """*.test.toml"""

    __test__ = False  # not a test, whatever pytest thinks of the name

    default: Gaps = Gaps()
    expect: tuple[Expect, ...] = ()
