"""The rule folder as one value: read, checked and compiled whole, or not at all.

`read` takes the texts of the files and returns a `Rulebook` or every problem it found. A folder with a problem never
loads (P8); the caller keeps the last good one. The digest names the set in every ledger entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from gateway.judge import checks, entrance, words
from gateway.judge.lookalike import Lookalikes
from gateway.judge.problems import Problem
from gateway.judge.reading import Reader, domain_key
from gateway.judge.rules import Rule, Verb
from gateway.judge.ruling import Ruling, rulings
from gateway.judge.shapes import (
    Agreement,
    AllowTable,
    Expect,
    ForbidTable,
    Gaps,
    LabelsFile,
    Narrowing,
    RequireTable,
    SpottingTable,
    TransfersFile,
    Verified,
)
from gateway.judge.sieve import Sieve, Situation, compile_rules
from gateway.judge.stationshapes import GatewayFile, MetadataFile, ProtectionFile, RetentionFile, RoutesFile
from gateway.transfer import Address, Recipient, Way

_STAFF, _STRANGERS, _NOBODY = frozenset({words.STAFF}), frozenset({words.STRANGERS}), frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """How far somebody may go."""

    id: str
    may_handle: str
    powers: tuple[str, ...]
    sign_in: tuple[str, ...] = ()
    """The ways it allows; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of ours. Everything they hold counts to `until`, that day included."""

    address: str
    name: str
    roles: tuple[str, ...]
    powers: frozenset[str]
    until: date
    also: tuple[str, ...]
    sign_in: tuple[str, ...] = entrance.WAYS
    """The ways their roles leave them at the file door."""
    unit: str = ""
    """The part of the office they belong to: a supervisor sees what theirs sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Roles by id, and persons by each of their addresses."""

    roles: Mapping[str, Role]
    by_address: Mapping[str, Person]
    everyone: tuple[Person, ...]

    def holding(self, role: str, on: date) -> tuple[Person, ...]:
        """Who holds `role` on a day."""
        return tuple(person for person in self.everyone if role in person.roles and on <= person.until)

    def with_power(self, power: str, on: date) -> tuple[Person, ...]:
        """Who has `power` on a day."""
        return tuple(person for person in self.everyone if power in person.powers and on <= person.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Labels, least first, purposes, and how both are spotted."""

    order: tuple[str, ...]
    purposes: tuple[str, ...]
    spotting: SpottingTable

    def rank(self, label: str) -> int:
        """Its place in the order; higher is more confidential. Raises `ValueError` for what is no label."""
        return self.order.index(label)

    def highest(self, labels: tuple[str, ...]) -> str:
        """The highest of one or more labels."""
        return max(labels, key=self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """An office we exchange papers with."""

    id: str
    name: str
    groups: frozenset[str]
    domains: tuple[str, ...]
    addresses: tuple[str, ...]
    agreement: Agreement | None
    verified: Verified | None
    to: frozenset[str]
    """What a rule's `to` may name it by: its groups, and `partner:ID`."""
    sign_in: tuple[str, ...] = entrance.WAYS
    """The ways it may sign in at the file door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules of an office on one digest."""

    digest: str
    files: tuple[tuple[str, str], ...]
    people: People
    labels: Labels
    partners: Mapping[str, Partner]
    transfers: TransfersFile
    rules: tuple[Rule, ...]
    metadata: MetadataFile
    protection: ProtectionFile
    routes: RoutesFile
    retention: RetentionFile
    gateway: GatewayFile
    expects: tuple[tuple[str, int, Gaps, Expect], ...]
    """Test file, line, its `default`, and the expectation."""
    warnings: tuple[Problem, ...]
    sieve: Sieve
    lookalikes: Lookalikes
    partner_by_address: Mapping[str, Partner]
    partner_by_host: Mapping[str, Partner]
    rule_on: Callable[[Situation], Ruling] = field(init=False, compare=False, repr=False)
    """What the sieve says of a situation, remembered. Made anew with every rulebook: a copy with other rules must
    remember nothing of this one's."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule_on", rulings(self.sieve))

    def person(self, address: str) -> Person | None:
        """The person with this address, or alias; None for anybody else."""
        return self.people.by_address.get(address) or self.people.by_address.get(address.lower())

    def partner_of(self, recipient: Recipient) -> Partner | None:
        """The partner a recipient belongs to: by listed address first, then by its very domain, no subdomains."""
        if recipient.address is None:
            return self.partners.get(recipient.partner)
        host = _host(recipient.address)
        listed = self.partner_by_address.get(f"{recipient.address.local.lower()}@{host}")
        return listed or self.partner_by_host.get(host)

    def groups_of(self, recipient: Recipient) -> frozenset[str]:
        """What a rule's `to` may name this recipient by.

        An unknown address in one of our own domains is in no group: it is no colleague, and certainly no stranger.
        """
        partner = self.partner_of(recipient)
        if partner:
            return partner.to
        if recipient.address is None:
            return _NOBODY
        if self.person(recipient.address.key):
            return _STAFF
        return _NOBODY if _host(recipient.address) in self.gateway.office.domains else _STRANGERS

    def asks(self, fact: str) -> bool:
        """Whether any rule needs this fact, those on trial included."""
        return any(name == fact for name, _, _ in self.sieve.facts)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def _host(address: Address) -> str:
    if address.domain.isascii():
        return address.host.rstrip(".")
    try:
        return domain_key(address.domain)
    except ValueError:
        return address.host


def digest_of(files: Mapping[str, str]) -> str:
    """What `LC_ALL=C sha256sum *.toml | sha256sum` prints in the folder: one line a file, sorted by name."""
    lines = (
        f"{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}  {name}\n"
        for name, text in sorted(files.items())
        if name.endswith(".toml")
    )
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def read(files: Mapping[str, str], *, on: date | None = None) -> Rulebook | tuple[Problem, ...]:
    """The folder as a value, or every problem in it. `files` are named without their folder.

    With a day given, allows that end soon are among the warnings.
    """
    problems: list[Problem] = []
    pages = checks.open_pages(files, problems)
    folder = checks.take_folder(pages, problems, on=on)
    if folder is None:
        return tuple(sorted((p for p in problems if not p.is_warning), key=lambda p: (p.file, p.line, p.column)))
    return _compile(files, folder, tuple(problem for problem in problems if problem.is_warning))


def _compile(files: Mapping[str, str], folder: checks.Folder, warnings: tuple[Problem, ...]) -> Rulebook:
    people = _people(folder)
    partners = {
        key: Partner(
            id=key,
            name=table.name,
            groups=frozenset(table.groups),
            domains=table.domains,
            addresses=table.addresses,
            agreement=table.agreement,
            verified=table.verified,
            to=frozenset((*table.groups, words.PARTNER + key)),
            sign_in=entrance.left_by((table.sign_in,)),
        )
        for key, table in folder.partners.partner.items()
    }
    by_address = {address: partner for partner in partners.values() for address in partner.addresses}
    by_host = {domain: partner for partner in partners.values() for domain in partner.domains}
    rules = _rules(folder.transfers, folder.pages["transfers.toml"])
    return Rulebook(
        digest=digest_of(files),
        files=tuple(sorted(files.items())),
        people=people,
        labels=Labels(order=folder.labels.labels, purposes=folder.labels.purposes, spotting=folder.labels.spotting),
        partners=partners,
        transfers=folder.transfers,
        rules=rules,
        metadata=folder.metadata,
        protection=folder.protection,
        routes=folder.routes,
        retention=folder.retention,
        gateway=folder.gateway,
        expects=folder.expects,
        warnings=warnings,
        sieve=_sieve(folder.labels, people, partners, rules),
        lookalikes=Lookalikes.of(by_host, by_address, folder.transfers.facts.lookalike_distance),
        partner_by_address=by_address,
        partner_by_host=by_host,
    )


def _people(folder: checks.Folder) -> People:
    roles = {
        key: Role(id=key, may_handle=table.may_handle, powers=table.powers, sign_in=table.sign_in)
        for key, table in folder.people.role.items()
    }
    everyone = tuple(
        Person(
            address=address,
            name=table.name,
            roles=table.roles,
            powers=frozenset(power for role in table.roles for power in roles[role].powers),
            until=table.until,
            also=table.also,
            sign_in=entrance.left_by(roles[role].sign_in for role in table.roles),
            unit=table.unit,
        )
        for address, table in folder.people.person.items()
    )
    by_address = {address: person for person in everyone for address in (person.address, *person.also)}
    return People(roles=roles, by_address=by_address, everyone=everyone)


def _sieve(labels: LabelsFile, people: People, partners: Mapping[str, Partner], rules: tuple[Rule, ...]) -> Sieve:
    rank = {label: place for place, label in enumerate(labels.labels)}
    highest = {role.id: rank[role.may_handle] for role in people.roles.values()}
    senders = {person.address: {role: highest[role] for role in person.roles} for person in people.everyone}
    # An outsider has no clearance of ours to respect: the allow's own labels say what may come in.
    outsider = {words.OUTSIDER: len(labels.labels)}
    return compile_rules(
        rules,
        labels=labels.labels,
        purposes=labels.purposes,
        senders={**senders, words.OUTSIDER: outsider},
        recipients=(_STAFF, _STRANGERS, _NOBODY, *(partner.to for partner in partners.values())),
    )


def _rules(transfers: TransfersFile, page: Reader) -> tuple[Rule, ...]:
    tables: list[tuple[Verb, int, AllowTable | Narrowing]] = [
        *((Verb.ALLOW, place, table) for place, table in enumerate(transfers.allow)),
        *((Verb.FORBID, place, table) for place, table in enumerate(transfers.forbid)),
        *((Verb.REQUIRE, place, table) for place, table in enumerate(transfers.require)),
        *((Verb.NEVER, place, table) for place, table in enumerate(transfers.never)),
    ]
    return tuple(_rule(verb, table, page.line((verb.value, place))) for verb, place, table in tables)


def _rule(verb: Verb, table: AllowTable | Narrowing, line: int) -> Rule:
    shared = Rule(
        verb=verb,
        id=table.id,
        because=table.because,
        who=frozenset(table.who),
        to=frozenset(table.to),
        labels=frozenset(table.labels),
        by=frozenset(Way(way) for way in table.by),
        for_=frozenset(table.for_),
        when=table.when,
        line=line,
    )
    match table:
        case AllowTable():
            return replace(
                shared,
                until=table.until,
                owner=table.owner,
                mixed=table.mixed,
                may_be_sender_sealed=table.sender_sealed,
                is_seldom=table.seldom,
                is_watched=table.mode == "watch",
            )
        case ForbidTable():
            return replace(shared, unless=table.unless, say=table.say, is_watched=table.mode == "watch")
        case RequireTable():
            return replace(shared, unless=table.unless, then=table.then, is_watched=table.mode == "watch")
        case _:
            return replace(shared, unless=table.unless)
