"""`sealgate people route-key ID`: the key we sign in to a partner's server with.

The private half goes where the delivery looks for what the route calls `credential`; the public half is printed, to be
sent to the partner. There is no taking back what they were told, so a key that is there is never replaced.
"""

from __future__ import annotations

import os
from pathlib import Path

import asyncssh
import click
import msgspec

from gateway.commands.authority import write_new
from gateway.commands.credentials import Credentials
from gateway.commands.glance import Route, glance_at_gateway, glance_at_partners, glance_at_routes, rules_in
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.judge.words import PARTNER
from gateway.keep import private


class Made(msgspec.Struct, frozen=True):
    """What the partner must be told, and where the rest is."""

    partner: str
    route: str
    at: str
    user: str
    credential: str
    key: str
    """The fingerprint."""
    public_key: str
    """The line for their `authorized_keys`."""


@click.command("route-key")
@click.argument("partner", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def route_key(setting: Setting, partner: str, as_json: bool) -> None:
    """Make our key for the server of the partner ID; prints the line to send them, and never replaces one."""
    rules = rules_in(setting.rules)
    route = _route(rules, partner.removeprefix(PARTNER).lower())
    office = glance_at_gateway(rules).office.domains[0]
    made = _make(route, Credentials.beside(setting.var), f"sealgate@{office}")
    if as_json:
        click.echo(msgspec.json.encode(made))
        return
    place = f"{made.user or 'our user'} at {made.at}"
    click.echo(f"Send them this line, for the authorized_keys of {place} ({made.key}):\n{made.public_key}")


def _route(rules: dict[str, str], partner: str) -> Route:
    """The route files for this partner take."""
    if PARTNER + partner not in glance_at_partners(rules):
        raise Misconfigured(f"{partner} is nobody in rules/partners.toml: add the partner there first")
    route = next((one for one in glance_at_routes(rules) if one.partner.lower() == partner), None)
    if route is None:
        raise Misconfigured(f"rules/routes.toml has no route to {partner}: it collects what is for it at our door")
    if not route.credential:
        raise Misconfigured(f'the route "{route.id}" names no credential: write credential = "{route.id}" there first')
    return route


def _make(route: Route, credentials: Credentials, comment: str) -> Made:
    path = credentials.path(route.credential)
    key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
    public = key.export_public_key("openssh")
    try:
        os.close(private.open_folder(path.parent, create=True))
        write_new(path, key.export_private_key("openssh"), mode=0o600)
        _beside(path).unlink(missing_ok=True)
        write_new(_beside(path), public, mode=0o600)
    except FileExistsError as why:
        raise Misconfigured(f"{path} is there, and a partner may count on it; see {_beside(path)}") from why
    except OSError as why:
        raise Misconfigured(f"{path} cannot be written: {why.strerror}") from why
    return Made(
        partner=PARTNER + route.partner,
        route=route.id,
        at=route.at,
        user=route.user,
        credential=str(path),
        key=key.get_fingerprint(),
        public_key=public.decode("ascii").strip(),
    )


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".pub")
