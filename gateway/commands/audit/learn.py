"""`sealgate ledger witness learn ORIGIN PLACE`: follow a log to the keys that its known keys vouch for, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.setting import Setting
from gateway.commands.telling import printable
from gateway.engine.outsiders.following import Learned, learn, published
from gateway.errors import Misconfigured, Tampering, Unreadable
from gateway.keep.witnessed import Witnessed
from gateway.ship.web import Web

FINDING = 1


class Retired(msgspec.Struct, frozen=True, kw_only=True):
    """A key that counts no further than this size."""

    key: str
    last: int


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """What the witness knows of a log since now."""

    origin: str
    added: tuple[str, ...]
    retired: tuple[Retired, ...]


@click.command("learn")
@click.argument("origin")
@click.argument("place", metavar="URL-OR-FILE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def learn_keys(setting: Setting, origin: str, place: str, as_json: bool) -> None:
    """Learn the keys that the log ORIGIN signs with since it rotated them, from its succession.json.

    URL-OR-FILE is that file, or the folder or address where the ledger is published. It is believed only as far as a
    key vouches for it that this witness holds and that still signs. Harmless beside a witness that serves. Exit 1: it
    is not vouched for; nothing was learned.
    """
    folder = witness_folder(setting)
    if not folder.is_dir():
        raise click.UsageError("this folder is no witness yet: begin with sealgate ledger witness add")
    untrusted = asyncio.run(published(place, Web()))
    if untrusted is None:
        raise Misconfigured(f"there is no succession of keys at {place}: none followed another, or it is not published")
    try:
        learned = learn(Witnessed(folder), origin, untrusted)
    except (Unreadable, Tampering) as why:
        click.echo(f"Refused, nothing was learned: {printable(why.cause)}.", err=True)
        raise click.exceptions.Exit(FINDING) from why
    click.echo(msgspec.json.encode(_taught(origin, learned)) if as_json else "\n".join(_lines(origin, learned)))


def witness_folder(setting: Setting) -> Path:
    """Where the witness of this folder keeps what it knows."""
    return setting.folder.absolute() / "var" / "witness"


def _taught(origin: str, learned: Learned) -> Taught:
    retired = tuple(Retired(key=key, last=last) for key, last in learned.retired)
    return Taught(origin=origin, added=learned.added, retired=retired)


def _lines(origin: str, learned: Learned) -> Iterator[str]:
    if not learned.added and not learned.retired:
        yield f"Nothing new about the keys of {printable(origin)}."
    for key in learned.added:
        yield f"From now on this counts as well:  {printable(key)}"
    for key, last in learned.retired:
        yield f"Retired after {last:,} entries:  {printable(key)}"
