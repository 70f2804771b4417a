"""`sealgate ledger rotate-key`: another key signs the ledger, vouched for by the one before it.

In two steps, so that everybody who checks this ledger has time to learn the new key. Between them both keys sign each
head. No gateway may run meanwhile: a scribe that runs signs as it was started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from gateway.commands.audit.twofold import require_two, signed_twice
from gateway.commands.office import Office, alone, opened, rules_of_office, writing
from gateway.commands.outsiders import consult_witnesses
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock
from gateway.engine.outsiders.handover import Handover
from gateway.engine.scribe import Scribe
from gateway.errors import Misconfigured
from gateway.keep.successor import Successor
from gateway.ledger.checkpoint import parse_vkey
from gateway.ledger.succession import FILE as SUCCESSION


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """Which key signs, and where the ledger says so."""

    is_finished: bool
    old: str
    new: str
    entry: int
    """The index at which the one vouches for the other, or signs its last head."""
    proof: str
    """The file that proves it to whoever trusts the old key."""


@click.command("rotate-key")
@click.option("--finish", is_flag=True, help="The new key signs alone; the old one's seed is destroyed.")
@signed_twice
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def rotate_key(
    setting: Setting, finish: bool, by: str, password_file: Path | None, second: str,
    second_password_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Begin to sign the ledger with a new key beside the old one; with --finish, with the new one alone.

    Two people who may publish sign this. Stop the gateway first. A key that was stolen is not mended by this: see
    `sealgate ledger recover --new-origin`.
    """
    setting = Setting(folder=setting.folder.absolute())
    require_two(setting, (by, password_file), (second, second_password_file))
    with alone(setting):
        rotated = _finish(setting) if finish else _begin(setting)
    click.echo(msgspec.json.encode(rotated) if as_json else "\n".join(_lines(rotated)))


def _begin(setting: Setting) -> Rotated:
    Successor(setting.keys).settle()
    Successor(setting.keys).begin(SystemClock().random)
    with _handing_over(setting) as (handover, place):
        return Rotated(is_finished=False, old=handover.old, new=handover.new, entry=handover.vouch(), proof=place)


def _finish(setting: Setting) -> Rotated:
    if Successor(setting.keys).settle():
        raise Misconfigured("the new key signs alone already: a crash had only kept the last files from being tidied")
    if Successor(setting.keys).seed() is None:
        raise Misconfigured("no new key has been begun; begin with: sealgate ledger rotate-key")
    with _handing_over(setting) as (handover, place):
        handover.vouch()  # a beginning that was cut short is gone through first
        done = Rotated(is_finished=True, old=handover.old, new=handover.new, entry=handover.retire(), proof=place)
    Successor(setting.keys).take_over()
    return done


@contextmanager
def _handing_over(setting: Setting) -> Iterator[tuple[Handover, str]]:
    """The ledger, opened to write these entries, signed by both; then its new head is noted as an anchor."""
    with opened(setting, is_writing=True) as office:
        new = office.signer.successor
        if new is None:
            raise Misconfigured("the ledger's seed cannot be read here: rotate it where it is kept")
        rules = rules_of_office(office)
        asyncio.run(consult_witnesses(office, rules))
        with writing(office, rules) as scribe:
            yield _handover(office, scribe, new.vkey), str(setting.var / "ledger" / SUCCESSION)


def _handover(office: Office, scribe: Scribe, new: str) -> Handover:
    return Handover(
        records=office.records, publication=office.publication, scribe=scribe, old=office.signer.vkey, new=new
    )


def _lines(rotated: Rotated) -> Iterator[str]:
    if rotated.is_finished:
        yield f"The ledger is signed with {rotated.new} alone."
        yield f"The key before it signed its last head in entry {rotated.entry}; its seed is destroyed."
        yield f"Whoever trusts the old key can follow to the new one: {rotated.proof} proves it."
        yield "Start the gateway again, and renew the escrow: sealgate backup escrow"
        return
    yield "From the gateway's next start on a second key signs every head, beside the first:"
    yield f"  {rotated.new}"
    yield f"The first key vouches for it in entry {rotated.entry}; {rotated.proof} proves it. Now, in this order:"
    yield "  1. Start the gateway, and renew the escrow: sealgate backup escrow"
    yield "  2. Give the new key to your auditors. A witness that knows where you publish follows by itself; send the"
    yield f"     file to others: sealgate ledger witness learn {parse_vkey(rotated.new).name} {SUCCESSION}"
    yield "  3. When they have it, stop the gateway: sealgate ledger rotate-key --finish"
