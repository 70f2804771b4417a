"""`sealgate keys`: recipients' OpenPGP keys, and whose word stands behind each.

A key in the ring is a candidate. Only a person who may vouch makes it usable, and says how they know.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway.commands.ask import ask, secret_of, signed, tell
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.doors.orders import Admit, Revoke
from gateway.engine.clock import moment
from gateway.engine.keyholders import STREAM, Keyholders
from gateway.facts import Standing
from gateway.seal.floor import Vouched
from gateway.seal.registrar import Registrar
from gateway.transfer import Address

LARGEST = 1024 * 1024


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key for one address."""

    address: str
    fingerprint: str
    standing: str
    how: str
    by: str
    usable_until: str
    """Empty: it is not used now."""
    why_not: tuple[str, ...]


@click.group()
def keys() -> None:
    """Show, admit and revoke recipients' keys."""


@keys.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--verified", default="", metavar="HOW", help="How you made sure it is theirs. Without it: a candidate.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def import_key(setting: Setting, file: Path, verified: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Admit the certificate in FILE for the addresses it carries."""
    with file.open("rb") as certificate:
        untrusted = certificate.read(LARGEST + 1)
    order = Admit(by=by, secret_password=secret_of(by, password_file), certificate=untrusted, how=verified)
    tell(ask(setting, order), as_json=as_json)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_keys(setting: Setting, as_json: bool) -> None:
    """List every key that was ever admitted, and whether it would be used now."""
    with opened(setting) as office:
        story = office.archive.story(STREAM)
        holders = Keyholders(story.facts if story else ())
        registrar, now_ms = Registrar(office.setting.var / "gnupg"), office.clock.now_ms()
        found = []
        for fact in holders.standings():
            address = Address.of(fact.address)
            vouched = registrar.vouch(address, now_ms, holders.admitted(address))
            is_used = isinstance(vouched, Vouched) and vouched.fingerprint == fact.fingerprint
            reasons = () if isinstance(vouched, Vouched) else vouched.reasons
            found.append(
                Key(
                    address=fact.address,
                    fingerprint=fact.fingerprint,
                    standing=fact.standing,
                    how=fact.how,
                    by=fact.by,
                    usable_until=f"{moment(vouched.until_ms):%Y-%m-%d}"
                    if isinstance(vouched, Vouched) and is_used
                    else "",
                    why_not=tuple(reason.code for reason in reasons if reason.get("fingerprint") == fact.fingerprint),
                )
            )
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif not found:
        click.echo("No keys. Admit one with: sealgate keys import FILE --verified HOW --as YOU")
    for key in () if as_json else found:
        state = f"used until {key.usable_until}" if key.usable_until else " ".join(key.why_not) or "not used"
        click.echo(f"{key.address:<32} {key.fingerprint}  {key.standing:<9} {state}")
        if key.standing == Standing.VERIFIED:
            click.echo(f"{'':<32} {key.how} ({key.by})")


@keys.command()
@click.argument("fingerprint")
@click.option("--why", default="", help="The reason, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def revoke(setting: Setting, fingerprint: str, why: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Never use the key FINGERPRINT again. Mail to its owner waits until another is verified."""
    wanted = fingerprint.replace(" ", "").upper()
    order = Revoke(by=by, secret_password=secret_of(by, password_file), why=why, fingerprint=wanted)
    tell(ask(setting, order), as_json=as_json)
