"""`sealgate people add-key | remove-key | totp | add-partner | host-key`: what people and partners sign in to the file
door with, and what the door proves itself with.

A secret that is made here is printed once and kept only where it must be compared: a password as its argon2id hash.
"""

from __future__ import annotations

import base64
from pathlib import Path

import click
import msgspec
import pyotp

from gateway.commands.glance import glance_at_gateway, glance_at_partners, glance_at_people, rules_in
from gateway.commands.hostkey import make_host_key
from gateway.commands.passwords import RANDOM_BYTES, readable_password
from gateway.commands.setting import Setting
from gateway.doors.sftp.credentials import read_shown
from gateway.engine.admission import PublicKey
from gateway.engine.clock import SystemClock
from gateway.errors import Misconfigured
from gateway.keep.accounts import Account, Accounts
from gateway.keep.keyline import LONGEST_LINE, VERIFY, KeyLine, read_line

SECRET_BYTES = 20
MOST_KEYS = 32
"""Of one person."""

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_key_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("add-key")
@click.argument("address")
@click.argument("file", type=_key_file)
@click.option("--verify-required", is_flag=True, help="A security key must ask for a PIN or a finger, each time.")
@_json
@click.pass_obj
def add_key(setting: Setting, address: str, file: Path, verify_required: bool, as_json: bool) -> None:
    """Let ADDRESS (or partner:ID) sign in with the public key in FILE."""
    known(setting, address)
    line = _file_key(Accounts(setting.accounts), address, _key_in(file), must_verify=verify_required)
    _say(as_json, f"{address} can sign in with {line.fingerprint}.", address=address.lower(), key=line.fingerprint)


@click.command("remove-key")
@click.argument("address")
@click.argument("fingerprint")
@_json
@click.pass_obj
def remove_key(setting: Setting, address: str, fingerprint: str, as_json: bool) -> None:
    """Take the key with FINGERPRINT (SHA256:...) from ADDRESS."""

    def without(account: Account) -> Account:
        kept = tuple(line for line in account.ssh_keys if _fingerprint(line) != fingerprint)
        if kept == account.ssh_keys:
            raise Misconfigured(f"{address} has no key with the fingerprint {fingerprint}")
        return msgspec.structs.replace(account, ssh_keys=kept)

    Accounts(setting.accounts).change(address, without)
    _say(as_json, f"{address} can no longer sign in with {fingerprint}.", address=address.lower(), key=fingerprint)


@click.command()
@click.argument("address")
@click.option("--off", is_flag=True, help="Ask for no code any more.")
@_json
@click.pass_obj
def totp(setting: Setting, address: str, off: bool, as_json: bool) -> None:
    """Ask ADDRESS for a one-time code behind every key and password; prints the secret once.

    Whoever had a secret gets a new one: the old one counts no more.
    """
    known(setting, address)
    secret = "" if off else base64.b32encode(SystemClock().random(SECRET_BYTES)).decode("ascii")
    Accounts(setting.accounts).change(
        address, lambda account: msgspec.structs.replace(account, secret_totp=secret, last_step=0)
    )
    if off:
        _say(as_json, f"{address} signs in without a code.", address=address.lower())
        return
    office = glance_at_gateway(rules_in(setting.rules)).office.domains[0]
    address_for_apps = pyotp.TOTP(secret, name=address.lower(), issuer=office).provisioning_uri()
    said = f"For the app of {address}, shown once:\n  {address_for_apps}\n  by hand: {secret}"
    _say(as_json, said, address=address.lower(), secret=secret, otpauth=address_for_apps)


@click.command("add-partner")
@click.argument("partner", metavar="ID")
@click.option("--key", "file", type=_key_file, help="They sign in with this public key, instead of a password.")
@_json
@click.pass_obj
def add_partner(setting: Setting, partner: str, file: Path | None, as_json: bool) -> None:
    """Give the partner ID an account on the file door: a password, printed once, or a key."""
    name = f"partner:{partner.removeprefix('partner:')}".lower()
    known(setting, name)
    accounts = Accounts(setting.accounts)
    if accounts.of(name):
        raise Misconfigured(f"{name} has an account; change it with: sealgate people set-password, add-key or totp")
    if file:
        line = _file_key(accounts, name, _key_in(file))
        _say(as_json, f"{name} can sign in with {line.fingerprint}.", address=name, key=line.fingerprint)
        return
    password = readable_password(SystemClock().random(RANDOM_BYTES))
    accounts.set_password(name, password)
    _say(as_json, f"{name} signs in with this password, shown once:\n  {password}", address=name, password=password)


@click.command("host-key")
@_json
@click.pass_obj
def host_key(setting: Setting, as_json: bool) -> None:
    """Make the file door's host key, for an office that has none; never replaces one."""
    try:
        fingerprint = make_host_key(setting.host_key).get_fingerprint()
    except FileExistsError as why:
        raise Misconfigured(f"{why.filename} is there; a new key would lock out everybody who trusts it") from why
    except OSError as why:
        raise Misconfigured(f"{why.filename} cannot be written: {why.strerror}") from why
    _say(as_json, f"The file door's host key is {fingerprint}.", key=fingerprint)


def known(setting: Setting, address: str) -> None:
    """Raises `Misconfigured` unless this is somebody in the rules, or `partner:ID`."""
    rules, address = rules_in(setting.rules), address.lower()
    if address.startswith("partner:"):
        if address not in glance_at_partners(rules):
            raise Misconfigured(f"{address} is nobody in rules/partners.toml: add the partner there first")
    elif address not in glance_at_people(rules):
        raise Misconfigured(f"{address} is nobody in rules/people.toml: add the person there first")


def _key_in(file: Path) -> KeyLine:
    """The one public key in a file. Raises `Misconfigured`."""
    with file.open("rb") as opened:
        content = opened.read(LONGEST_LINE + 1)
    text = content.decode("utf-8", "replace").strip()
    if "PRIVATE KEY" in text:
        raise Misconfigured(f"{file} is a private key, and whoever gave it away must make a new one; we need the .pub")
    line = read_line(text)
    # The door's own eyes: what it would not look at must not be filed as if it counted.
    if line is None or not isinstance(read_shown(line.blob), PublicKey):
        raise Misconfigured(
            f"{file} is not one public key of a kind we take: ed25519, ECDSA P-256, RSA from 3072 bits, or a security "
            f"key of these; of the options before a key only {VERIFY} is known"
        )
    return line


def _file_key(accounts: Accounts, address: str, line: KeyLine, *, must_verify: bool = False) -> KeyLine:
    must_verify = must_verify or line.must_verify
    if must_verify and not line.kind.startswith("sk-"):
        raise Misconfigured(f"only a security key can be {VERIFY}; this is {line.kind}")
    filed = KeyLine(kind=line.kind, blob=line.blob, comment=line.comment, must_verify=must_verify)

    def with_key(account: Account) -> Account:
        others = tuple(one for one in account.ssh_keys if _fingerprint(one) != filed.fingerprint)
        if len(others) >= MOST_KEYS:
            raise Misconfigured(f"{address} has {MOST_KEYS} keys; take one away first")
        return msgspec.structs.replace(account, ssh_keys=(*others, str(filed)))

    accounts.change(address, with_key)
    return filed


def _fingerprint(line: str) -> str:
    read = read_line(line)
    return read.fingerprint if read else ""


def _say(as_json: bool, said: str, **told: str) -> None:
    click.echo(msgspec.json.encode(told) if as_json else said)
