"""`sealgate ledger witness`: vouch for other offices' ledgers, and see who vouches for this one.

A witness remembers the last head of each log and signs only what grew from it. It needs no office: any folder will do,
best on another machine. Where it was told at which place a log is published, it follows that log from key to key.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import msgspec

from gateway.commands.audit.learn import learn_keys, witness_folder
from gateway.commands.certificates import server_context
from gateway.commands.glance import glance_at_gateway
from gateway.commands.outsiders import STANDING
from gateway.commands.setting import Setting
from gateway.commands.telling import instant, printable
from gateway.commands.watch import Away, reader
from gateway.doors.witness import WitnessDoor
from gateway.engine.clock import SystemClock, moment
from gateway.engine.outsiders.following import EVERY_S, Following
from gateway.engine.outsiders.vouching import Standing, standing_at
from gateway.engine.outsiders.witness import Witness, keys_by_origin
from gateway.errors import Misconfigured, Tampering, Unreadable
from gateway.keep.witnessed import Witnessed
from gateway.ledger.checkpoint import parse_checkpoint, parse_note, parse_vkey, verify
from gateway.ledger.succession import FILE
from gateway.ship.web import Web

LISTEN = "127.0.0.1:8448"
PATIENCE_S = 5.0
"""With an office that publishes: before the door opens, too."""
_named = click.option(
    "--name", default="", metavar="NAME", help="On the first day, the name to sign under. Default: DOMAIN/witness."
)


class VouchedFor(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a log this witness signs for."""

    key: str
    size: int
    """The last head it saw; 0: none yet."""
    is_learned: bool = False
    """Nobody gave it: a key before it vouches for it."""
    retired_at: int | None = None
    """The last size it counts for; None while it signs."""
    published: str = ""
    """Where the witness looks for new keys of this log."""


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """A witness that is ready."""

    at: str
    key: str


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """A log that is witnessed from now on, and the key its office puts into its rules."""

    origin: str
    key: str
    doubt: str = ""
    """Why the log seems not to be published where it was said to be."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides."""

    key: str
    """What others check our lines with; empty while this folder is no witness."""
    vouches_for: tuple[VouchedFor, ...]
    vouched_by: tuple[Standing, ...]


@click.group()
def witness() -> None:
    """Vouch for other offices' ledgers, and see who vouches for this one."""


@witness.command()
@click.option(
    "--listen", default=LISTEN, show_default=True, metavar="HOST:PORT", help="Where logs come to be witnessed."
)
@_named
@click.option(
    "--every",
    default=EVERY_S,
    show_default=True,
    metavar="SECONDS",
    type=click.IntRange(min=1),
    help="How often to look for new keys of logs that were added with --published.",
)
@click.option("--tls", is_flag=True, help="Show the certificate of the office's doors. Signatures need no TLS.")
@click.option("--json", "as_json", is_flag=True, help="Say where it listens as one JSON object.")
@click.pass_obj
def serve(setting: Setting, listen: str, name: str, every: int, tls: bool, as_json: bool) -> None:
    """Witness heads until SIGTERM, for the logs that were added."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter("a host and a port, such as 127.0.0.1:8448", param_hint="--listen")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="level=%(levelname)s at=%(name)s %(message)s")
    kept, clock = _made(setting, name), SystemClock()
    context = server_context(setting.certs, now=moment(clock.now_ms())) if tls else None
    with kept.alone():
        asyncio.run(_serve(Witness(kept, clock), host.strip("[]"), int(port), context, every, as_json))


witness.add_command(learn_keys)


@witness.command()
@click.argument("vkey")
@click.option(
    "--published",
    default="",
    metavar="URL-OR-FOLDER",
    help="Where its office publishes the ledger: when it rotates its key, the witness follows by itself.",
)
@_named
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def add(setting: Setting, vkey: str, published: str, name: str, as_json: bool) -> None:
    """Vouch for the log whose key is VKEY, from its next head on. Compare the key by telephone first."""
    try:
        origin = parse_vkey(vkey).name
    except Unreadable as why:
        raise click.BadParameter(f"this is no ledger key: {why.cause}", param_hint="VKEY") from why
    kept = _made(setting, name)
    kept.vouch_for(vkey)
    doubt = ""
    if published:
        place = _place(published)
        kept.look_at(origin, place)
        doubt = _doubt(place, vkey)
    ours = Witness(kept, SystemClock()).cosigner.vkey
    if as_json:
        click.echo(msgspec.json.encode(Added(origin=origin, key=ours, doubt=doubt)))
        return
    click.echo(f"From now on heads of {origin} are witnessed here. Its office writes into gateway.toml, under ledger:")
    click.echo(f'witnesses = [{{ at = "ADDRESS OF THIS WITNESS", key = "{ours}" }}]')
    if doubt:
        click.echo(f"Is {printable(published)} where {origin} is published? Today {printable(doubt)}.")
        click.echo("It is looked at again and again all the same; to correct it, add the key again with another place.")


@witness.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(setting: Setting, as_json: bool) -> None:
    """Show whom this witness vouches for, and who vouches for this office's ledger."""
    known = _known(setting)
    click.echo(msgspec.json.encode(known) if as_json else "\n".join(_lines(known)))


async def _serve(
    witness: Witness, host: str, port: int, tls: ssl.SSLContext | None, every: int, as_json: bool
) -> None:  # fmt: skip
    stop, loop, door = asyncio.Event(), asyncio.get_running_loop(), WitnessDoor(witness)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    following = Following(kept=witness.kept, web=Web(patience_s=PATIENCE_S))
    await following.turn()  # a log may have rotated its key while nobody was here
    try:
        bound = await door.listen(host, port, tls=tls)
    except OSError as why:
        raise Misconfigured(f"{host}:{port} cannot be listened on: {why.strerror}") from why
    if as_json:
        click.echo(msgspec.json.encode(Listening(at=f"{host}:{bound}", key=witness.cosigner.vkey)))
    else:
        click.echo(f"{'witness':<12} {host}:{bound}  {witness.cosigner.vkey}")
        click.echo("Ready. Stop with Ctrl-C or SIGTERM.")
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(every):
                await stop.wait()
        if not stop.is_set():
            await following.turn()
    await door.close()


def _place(given: str) -> str:
    """An address as it is; a folder in full, for the witness may be started elsewhere."""
    if any(sign in given for sign in "\r\n"):
        raise click.BadParameter("an address or a folder is one line", param_hint="--published")
    return given if given.startswith(("http:", "https:")) else str(Path(given).absolute())


def _doubt(place: str, vkey: str) -> str:
    """Why a log that signs with this key seems not to be published at a place; empty if a head of its lies there."""
    try:
        note = reader(place.removesuffix(f"/{FILE}"))("checkpoint").decode("utf-8", "replace")
        signers = verify(note, [vkey]).signers
    except LookupError:
        return "no head of a ledger lies there"
    except (Away, Unreadable, Tampering) as why:
        return why.cause
    return "" if signers else "the head that lies there is not signed with this key"


def _made(setting: Setting, name: str) -> Witnessed:
    """The witness in this folder, made if need be."""
    folder = witness_folder(setting)
    if folder.is_dir() and (kept := Witnessed(folder)).name:
        if name and name != kept.name:
            raise Misconfigured(f"this witness signs as {kept.name}; a new name needs a folder of its own")
        return kept
    setting.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = name or f"{_domain(setting)}/witness"
    if not name or any(sign.isspace() or sign == "+" for sign in name):
        raise click.BadParameter("a name has no space and no plus", param_hint="--name")
    return Witnessed.made(folder, name=name, entropy=SystemClock().random)


def _domain(setting: Setting) -> str:
    gateway = setting.rules / "gateway.toml"
    if not gateway.is_file():
        raise click.UsageError("this folder is no office: give the witness a name with --name")
    return glance_at_gateway({"gateway.toml": gateway.read_text("utf-8")}).office.domains[0]


def _known(setting: Setting) -> Known:
    standing = standing_at(setting.var / STANDING)
    if not witness_folder(setting).is_dir():
        return Known(key="", vouches_for=(), vouched_by=standing)
    kept = Witnessed(witness_folder(setting))
    logs = tuple(_vouched_for(kept))
    return Known(key=Witness(kept, SystemClock()).cosigner.vkey, vouches_for=logs, vouched_by=standing)


def _vouched_for(kept: Witnessed) -> Iterator[VouchedFor]:
    given, places = kept.logs(), kept.published()
    for origin, keys in keys_by_origin(kept).items():
        size, place = _size(kept.head(origin)), places.get(origin, "")
        for key, last in keys.items():
            yield VouchedFor(key=key, size=size, is_learned=key not in given, retired_at=last, published=place)


def _size(note: str | None) -> int:
    return parse_checkpoint(parse_note(note).text).size if note else 0


def _lines(known: Known) -> Iterator[str]:
    yield f"This witness signs with  {known.key}" if known.key else "This folder is no witness yet."
    for log in known.vouches_for:
        seen = f"{log.size:,} entries" if log.size else "no head seen yet"
        learned = "; learned from the key before it" if log.is_learned else ""
        retired = "" if log.retired_at is None else f"; retired after {log.retired_at:,}"
        yield f"  vouches for {log.key}  {seen}{learned}{retired}"
    for place in dict.fromkeys(log.published for log in known.vouches_for if log.published):
        yield f"  follows new keys from {printable(place)}"
    if not known.vouched_by:
        yield "Nobody vouches for this office's ledger: name witnesses in gateway.toml, under ledger."
        return
    yield "This office's ledger is vouched for"
    for one in known.vouched_by:
        when = f"{one.size:,} entries at {instant(one.vouched_ms)}" if one.vouched_ms else "never yet"
        yield f"  by {one.at}  {when}" + (f"  NOT NOW: {printable(one.trouble)}" if one.trouble else "")
