"""`sealgate init DIR`: an office's first day.

Lays out `rules/` (the sample office), `certs/` (a development CA, the doors' certificate and host key), `var/` (the
keys, and an account for each person in the rules) and what an editor wants (`schemas/`, `tombi.toml`), then publishes
the rules as the first set. All of it, or nothing: on failure the folder is as it was. What it prints, it prints once:
of a password only the argon2id hash is kept.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from gateway.commands.authority import THIS_MACHINE, Pair, issue, make_authority, office_names
from gateway.commands.glance import glance_at_gateway, glance_at_people
from gateway.commands.hostkey import make_host_key
from gateway.commands.loopback import HIGHEST_BASE, LOWEST_BASE, on_loopback
from gateway.commands.passwords import RANDOM_BYTES, readable_password
from gateway.commands.rulebook.schema import lay_out_schemas
from gateway.commands.sample import as_of, sample_rules
from gateway.commands.setting import Setting
from gateway.engine.clock import Clock, SystemClock, day, moment
from gateway.errors import Misconfigured
from gateway.keep.accounts import Accounts
from gateway.keep.keyring import Keyring
from gateway.ledger.checkpoint import Signer

OUTSIDE_HOST_KEY = "outside_ssh_host_ed25519_key"


class Account(msgspec.Struct, frozen=True):
    """What a person signs in with, shown once."""

    address: str
    password: str


class Outside(msgspec.Struct, frozen=True):
    """For a mail server, and a partner's `sshd`, on this machine that play the outside world."""

    cert: str
    key: str
    ssh_host_key: str
    """What the partner's server proves itself with: the routes pin it."""


class FirstDay(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is needed to sign in, to trust the doors and to verify the ledger."""

    accounts: tuple[Account, ...]
    ca: str
    ledger_key: str
    ports: dict[str, int]
    ssh_host_key: str
    """The fingerprint, for whoever connects to the file door for the first time."""
    outside: Outside | None = None


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--loopback",
    "base",
    metavar="BASE",
    type=click.IntRange(LOWEST_BASE, HIGHEST_BASE),
    help="Listen on 127.0.0.1 only, at BASE + the standard ports; the outside is at BASE + 2525, for files 2222.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def init(folder: Path, base: int | None, as_json: bool) -> None:
    """Lay out a new office in DIR: rules, certificates, keys and first accounts."""
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty: a new office needs a folder of its own")
    from gateway.commands.office import publish_first  # the whole gateway, which no other step needs

    first_day = lay_out(folder, base=base, clock=SystemClock(), publish=publish_first)
    if as_json:
        click.echo(msgspec.json.encode(first_day))
    else:
        click.echo(_worded(first_day, folder), nl=False)


def lay_out(folder: Path, *, base: int | None, clock: Clock, publish: Callable[[Path], object]) -> FirstDay:
    """Make an office in `folder`, which is empty or absent; `publish` puts its rules in force.

    Raises what went wrong, `Misconfigured` for most of it, and leaves nothing behind.
    """
    rules = as_of(day(clock.now_ms()), sample_rules())
    setting = Setting(folder=folder.absolute())
    with _all_or_nothing(setting.folder):
        setting.certs.mkdir(mode=0o755)
        host_key = make_host_key(setting.host_key).get_fingerprint()
        if base is not None:
            box_key = make_host_key(setting.certs / OUTSIDE_HOST_KEY).get_fingerprint()
            rules = on_loopback(rules, base, user=pwd.getpwuid(os.geteuid()).pw_name, host_key=box_key)
        gateway = glance_at_gateway(rules)
        _write_rules(setting.rules, rules)
        lay_out_schemas(setting.folder)
        ca, outside = _certify(setting.certs, gateway.office.domains, clock, is_loopback=base is not None)
        setting.var.mkdir(mode=0o700)
        keyring = Keyring.create(setting.keys, entropy=clock.random)
        accounts = _open_accounts(setting, glance_at_people(rules), clock)
        publish(setting.folder)
    return FirstDay(
        accounts=accounts,
        ca=str(ca.cert),
        ledger_key=Signer(gateway.ledger.origin, keyring.ledger_seed).vkey,
        ports=gateway.ports(),
        ssh_host_key=host_key,
        outside=outside,
    )


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[None]:
    was_there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise Misconfigured(f"no office can be made in {folder}: {why.strerror}") from why
    try:
        yield
    except BaseException as why:
        _empty(folder)
        if not was_there:
            folder.rmdir()
        if isinstance(why, OSError):
            raise Misconfigured(f"no office can be made in {folder}: {why.strerror}") from why
        raise


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _write_rules(folder: Path, rules: Mapping[str, str]) -> None:
    folder.mkdir(mode=0o755)
    for name, text in rules.items():
        path = folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o644)  # rules others can write are refused, whatever the umask was


def _certify(folder: Path, domains: tuple[str, ...], clock: Clock, *, is_loopback: bool) -> tuple[Pair, Outside | None]:
    """The CA, and on loopback what the outside needs; the doors' own pair is made beside them."""
    now = moment(clock.now_ms())
    ca = make_authority(folder, domains, now=now)
    issue(folder, "gateway", office_names(domains), now=now)
    if not is_loopback:
        return ca, None
    pair = issue(folder, "outside", THIS_MACHINE, now=now)
    return ca, Outside(cert=str(pair.cert), key=str(pair.key), ssh_host_key=str(folder / OUTSIDE_HOST_KEY))


def _open_accounts(setting: Setting, people: Iterable[str], clock: Clock) -> tuple[Account, ...]:
    shown = tuple(Account(person, readable_password(clock.random(RANDOM_BYTES))) for person in people)
    accounts = Accounts(setting.accounts)
    for account in shown:
        accounts.set_password(account.address, account.password)
    return shown


def _worded(first_day: FirstDay, folder: Path) -> str:
    accounts = "\n".join(f"  {account.address:<24} {account.password}" for account in first_day.accounts)
    ports = "\n".join(f"  {door:<24} {port}" for door, port in first_day.ports.items())
    return (
        f"A new office in {folder}. Write these down; the passwords are not shown again.\n\n"
        f"Accounts\n{accounts}\n\nDoors\n{ports}\n\n"
        f"Mail programs must trust    {first_day.ca}\n"
        f"File door shows the key     {first_day.ssh_host_key}\n"
        f"Auditors verify with        {first_day.ledger_key}\n"
        f"{_outside(first_day)}\n"
        f"Next: sealgate --office {folder} serve\n"
    )


def _outside(first_day: FirstDay) -> str:
    """How somebody on this machine can play the world."""
    outside = first_day.outside
    if outside is None:
        return ""
    return f"Outside, mail shows         {outside.cert}\nOutside, an sshd shows      {outside.ssh_host_key}\n"
