"""`sealgate people`: who may sign in, and the passwords they do it with; `proofs` has what else they do it with.

Who a person is and what they may do stands in `rules/people.toml`; here is only how they prove to be that person. A
password is read from a prompt or a file, never from the command line, where every user of the machine could see it.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway.commands.glance import glance_at_partners, glance_at_people, glance_at_sign_in, rules_in
from gateway.commands.proofs import add_key, add_partner, host_key, known, remove_key, totp
from gateway.commands.routekey import route_key
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.judge import entrance
from gateway.keep.accounts import LONGEST_PASSWORD, Account, Accounts


class Standing(msgspec.Struct, frozen=True):
    """One person as `list` shows them."""

    address: str
    name: str
    in_rules: bool
    has_password: bool
    ssh_keys: int
    has_code: bool
    sign_in: tuple[str, ...]
    """What the rules let them sign in to the file door with."""

    @property
    def means(self) -> set[str]:
        """What they could sign in with; a certificate needs nothing on file here."""
        first = {"certificate"} | ({"password"} if self.has_password else set()) | ({"key"} if self.ssh_keys else set())
        return {one + entrance.CODE for one in first} if self.has_code else first


@click.group()
def people() -> None:
    """Show who may sign in, and change what they do it with."""


for _verb in (add_key, remove_key, totp, add_partner, host_key, route_key):
    people.add_command(_verb)


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_people(setting: Setting, as_json: bool) -> None:
    """List all people in the rules, and whoever else has an account."""
    rules, accounts = rules_in(setting.rules), Accounts(setting.accounts)
    staff = glance_at_people(rules)
    everybody = sorted({*staff, *accounts.people()})
    names = staff | (glance_at_partners(rules) if "partners.toml" in rules else {})
    ways = glance_at_sign_in(rules)
    standings = [
        _standing(address, names.get(address), accounts.of(address) or Account(), ways.get(address, entrance.WAYS))
        for address in everybody
    ]
    if as_json:
        click.echo(msgspec.json.encode(standings))
    else:
        click.echo("\n".join(_worded(standing) for standing in standings))


@people.command("set-password")
@click.argument("address")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the password from this file's first line instead of asking.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def set_password(setting: Setting, address: str, password_file: Path | None, as_json: bool) -> None:
    """Give ADDRESS (or partner:ID) a new password."""
    known(setting, address)
    secret_password = _first_line(password_file) if password_file else _ask(address)
    if not 0 < len(secret_password) <= LONGEST_PASSWORD:
        raise click.UsageError(f"a password has 1 to {LONGEST_PASSWORD} characters")
    Accounts(setting.accounts).set_password(address, secret_password)
    click.echo(msgspec.json.encode({"address": address.lower()}) if as_json else f"{address} has a new password.")


def _standing(address: str, name: str | None, account: Account, ways: tuple[str, ...]) -> Standing:
    return Standing(
        address=address,
        name=name or "",
        in_rules=name is not None,
        has_password=bool(account.password),
        ssh_keys=len(account.ssh_keys),
        has_code=bool(account.secret_totp),
        sign_in=ways,
    )


def _worded(standing: Standing) -> str:
    means = [
        *(["password"] if standing.has_password else []),
        *([f"{standing.ssh_keys} SSH keys"] if standing.ssh_keys else []),
        *(["one-time code"] if standing.has_code else []),
    ]
    return f"{standing.address:<28} {standing.name:<20} {', '.join(means) or 'no way to sign in'}{_note(standing)}"


def _note(standing: Standing) -> str:
    if not standing.in_rules:
        return "  (not in the rules: cannot sign in)"
    if standing.sign_in == entrance.WAYS:
        return ""
    asked = " or ".join(_least(standing.sign_in))
    can = "" if standing.means & set(standing.sign_in) - {"certificate"} else ", and has nothing of it on file"
    return f"  (files: signs in with {asked}{can})"


def _least(ways: tuple[str, ...]) -> list[str]:
    """Without those that are another one with a code behind it."""
    return [way for way in ways if not way.endswith(entrance.CODE) or way.removesuffix(entrance.CODE) not in ways]


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8").split("\n", 1)[0].removesuffix("\r")
    except (OSError, UnicodeDecodeError) as why:
        raise Misconfigured(f"the password file {path} cannot be read as text") from why


def _ask(address: str) -> str:
    return str(click.prompt(f"New password for {address}", hide_input=True, confirmation_prompt=True, err=True))
