"""What in the rules ends by itself, when, who can renew it, and the line that says so.

Rules, people, agreements, verifications, exceptions for metadata, host keys, legal holds: each is written with its last
day, and on the day after something stops working. What is already over stays in the list as long as it stands in the
rules: it is to be renewed or taken out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.judge.places import Path, Places
from gateway.judge.reading import address_key
from gateway.judge.rulebook import Partner, Rulebook

VOUCH, PUBLISH = "vouch", "publish"

_CALLED = {
    "rule": "the rule '{}'",
    "person": "the account of {}",
    "agreement": "the agreement with {}",
    "verification": "the verification of {}",
    "metadata": "the exception for metadata '{}'",
    "host-key": "the last host key of the route '{}'",
    "hold": "the legal hold '{}'",
    "key": "the key of {}",
    "certificate": "the certificate {}",
    "review": "the time to sign off everybody's rights in {}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One thing that ends."""

    last: date
    """The last day on which it counts."""
    kind: str
    """One of `_CALLED`."""
    what: str
    owners: tuple[str, ...]
    """The addresses of who can renew it."""
    mend: str
    """A place as `file:line`, or a command."""

    @property
    def called(self) -> str:
        """What people call it."""
        return _CALLED[self.kind].format(self.what)

    @property
    def name(self) -> str:
        """What tells it from every other, for as long as it ends on that day."""
        return f"{self.kind} {self.what} {self.last.isoformat()}"

    def days_left(self, today: date) -> int:
        """0 on its last day; negative afterwards."""
        return (self.last - today).days


def expiries(rulebook: Rulebook, today: date) -> tuple[Expiry, ...]:
    """Everything in a rulebook that ends, the soonest first."""
    lines = _Lines(rulebook)
    found = [
        *_rules(rulebook, lines),
        *_people(rulebook, lines, today),
        *_partners(rulebook, lines, today),
        *_stations(rulebook, lines, today),
    ]
    return in_order(found)


def in_order(found: list[Expiry]) -> tuple[Expiry, ...]:
    """The soonest first."""
    return tuple(sorted(found, key=lambda one: (one.last, one.kind, one.what)))


def with_power(rulebook: Rulebook, power: str, today: date) -> tuple[str, ...]:
    """The addresses of everybody with a power today."""
    return tuple(person.address for person in rulebook.people.with_power(power, today))


class _Lines:
    """Where things stand in the files; each is read once, when something in it ends."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._files = dict(rulebook.files)
        self._places: dict[str, Places] = {}

    def of(self, file: str, path: Path) -> str:
        """`rules/file:line`."""
        if file not in self._places:
            self._places[file] = Places(self._files[file].replace("\r\n", "\n"))
        return f"rules/{file}:{self._places[file].of(path)[0]}"


def _rules(rulebook: Rulebook, lines: _Lines) -> Iterator[Expiry]:
    for number, allow in enumerate(rulebook.transfers.allow):
        place = lines.of("transfers.toml", ("allow", number, "until"))
        yield Expiry(last=allow.until, kind="rule", what=allow.id, owners=(allow.owner,), mend=place)


def _people(rulebook: Rulebook, lines: _Lines, today: date) -> Iterator[Expiry]:
    owners = with_power(rulebook, PUBLISH, today)
    written = _addresses_as_written(rulebook)
    for person in rulebook.people.everyone:
        place = lines.of("people.toml", ("person", written[person.address], "until"))
        yield Expiry(last=person.until, kind="person", what=person.name, owners=owners, mend=place)


def _addresses_as_written(rulebook: Rulebook) -> dict[str, str]:
    """Addresses are compared in lower case, and found again as somebody wrote them."""
    written = tomllib.loads(dict(rulebook.files)["people.toml"])["person"]
    return {address_key(key): key for key in written}


def _partners(rulebook: Rulebook, lines: _Lines, today: date) -> Iterator[Expiry]:
    owners = with_power(rulebook, VOUCH, today)
    for partner in rulebook.partners.values():
        yield from _of_partner(rulebook, partner, lines, owners)


def _of_partner(rulebook: Rulebook, partner: Partner, lines: _Lines, owners: tuple[str, ...]) -> Iterator[Expiry]:
    path: Path = ("partner", partner.id)
    if partner.agreement is not None:
        place = lines.of("partners.toml", (*path, "agreement", "until"))
        last = partner.agreement.until
        yield Expiry(last=last, kind="agreement", what=partner.name, owners=owners, mend=place)
    if partner.verified is not None:
        place = lines.of("partners.toml", (*path, "verified", "on"))
        first_day_without = rulebook.transfers.facts.verified_for.after(partner.verified.on)
        last = first_day_without - timedelta(days=1)
        yield Expiry(last=last, kind="verification", what=partner.name, owners=owners, mend=place)


def _stations(rulebook: Rulebook, lines: _Lines, today: date) -> Iterator[Expiry]:
    for number, kept in enumerate(rulebook.metadata.allow):
        place = lines.of("metadata.toml", ("allow", number, "until"))
        yield Expiry(last=kept.until, kind="metadata", what=kept.id, owners=(kept.owner,), mend=place)
    for number, hold in enumerate(rulebook.retention.hold):
        place = lines.of("retention.toml", ("hold", number, "until"))
        yield Expiry(last=hold.until, kind="hold", what=hold.id, owners=(hold.owner,), mend=place)
    owners = with_power(rulebook, PUBLISH, today)
    for number, route in enumerate(rulebook.routes.route):
        ends = [key.until for key in route.host_keys if not isinstance(key, str)]
        if ends and len(ends) == len(route.host_keys):  # one that is pinned for good needs no other
            place = lines.of("routes.toml", ("route", number, "host-keys"))
            yield Expiry(last=max(ends), kind="host-key", what=route.id, owners=owners, mend=place)
