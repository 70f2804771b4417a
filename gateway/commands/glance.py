"""The few things a command must read of the rule files without the judge: whose office it is, who works there.

Deliberately lenient: `init` glances before there is a rule set, and a password can be changed while a rule file is
broken. Nothing is ever decided on a glance; `gateway.judge.rulebook` reads strictly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from gateway.errors import Misconfigured
from gateway.judge import entrance

Shape = TypeVar("Shape")


class Office(msgspec.Struct, frozen=True):
    """The `office` line of `gateway.toml`."""

    domains: tuple[str, ...]


class Log(msgspec.Struct, frozen=True):
    """The `ledger` line of `gateway.toml`."""

    origin: str
    unsigned: str = "operator"


class Door(msgspec.Struct, frozen=True):
    """One line of `[door]`."""

    listen: tuple[str, ...]


class Gateway(msgspec.Struct, frozen=True):
    """`gateway.toml`, as far as a glance goes."""

    office: Office
    ledger: Log
    door: dict[str, Door]

    def ports(self) -> dict[str, int]:
        """The port of each door. The submission door's first listener is `submissions`: TLS from the first byte."""
        ports: dict[str, int] = {}
        for name, door in self.door.items():
            names = ("submissions", "submission") if name == "submission" else (name,)
            ports |= {each: int(place.rpartition(":")[2]) for each, place in zip(names, door.listen, strict=False)}
        return ports


class _Role(msgspec.Struct, frozen=True, rename="kebab"):
    sign_in: tuple[str, ...] | str = ()


class _Person(msgspec.Struct, frozen=True):
    name: str = ""
    roles: tuple[str, ...] | str = ()


class _People(msgspec.Struct, frozen=True):
    person: dict[str, _Person]
    role: dict[str, _Role] = {}


class _Partner(msgspec.Struct, frozen=True, rename="kebab"):
    name: str = ""
    sign_in: tuple[str, ...] | str = ()


class _Partners(msgspec.Struct, frozen=True):
    partner: dict[str, _Partner] = {}


class Route(msgspec.Struct, frozen=True):
    """One `[[route]]`, as far as a glance goes."""

    id: str
    partner: str
    at: str
    user: str = ""
    credential: str = ""


class _Routes(msgspec.Struct, frozen=True):
    route: tuple[Route, ...] = ()


def glance_at_gateway(rules: Mapping[str, str]) -> Gateway:
    """`gateway.toml` of these rule files. Raises `Misconfigured`."""
    return _read("gateway.toml", rules, Gateway)


def glance_at_people(rules: Mapping[str, str]) -> dict[str, str]:
    """Everybody in `people.toml`: address for comparison, and name. Raises `Misconfigured`."""
    people = _read("people.toml", rules, _People).person
    return {address.lower(): person.name for address, person in people.items()}


def glance_at_sign_in(rules: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The ways to sign in that the rules leave everybody, by address or `partner:ID`. Raises as above."""
    people = _read("people.toml", rules, _People)
    said = {role: _listed(table.sign_in) for role, table in people.role.items()}
    left = {
        address.lower(): entrance.left_by(said.get(role, ()) for role in _listed(person.roles))
        for address, person in people.person.items()
    }
    partners = _read("partners.toml", rules, _Partners).partner if "partners.toml" in rules else {}
    return left | {
        f"partner:{one}".lower(): entrance.left_by((_listed(table.sign_in),)) for one, table in partners.items()
    }


def glance_at_routes(rules: Mapping[str, str]) -> tuple[Route, ...]:
    """The routes of `routes.toml`, in their order. Raises as above."""
    return _read("routes.toml", rules, _Routes).route


def glance_at_partners(rules: Mapping[str, str]) -> dict[str, str]:
    """Every partner in `partners.toml`: what its account is called, `partner:ID`, and its name. Raises as above."""
    partners = _read("partners.toml", rules, _Partners).partner
    return {f"partner:{one}".lower(): partner.name for one, partner in partners.items()}


def rules_in(folder: Path) -> dict[str, str]:
    """The rule files in `folder`, name and text. Raises `Misconfigured`."""
    try:
        return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError) as why:
        raise Misconfigured(f"the rules in {folder} cannot be read") from why


def _listed(said: tuple[str, ...] | str) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said


def _read(name: str, rules: Mapping[str, str], shape: type[Shape]) -> Shape:
    if name not in rules:
        raise Misconfigured(f"there is no rules/{name} here: is this an office folder? (--office DIR)")
    try:
        return msgspec.toml.decode(rules[name], type=shape)
    except msgspec.DecodeError as why:
        raise Misconfigured(f"rules/{name}: {why}") from why
