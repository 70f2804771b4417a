"""`sealgate ledger watch PLACE`: look at a published ledger again and again, from another machine.

It stands alone, like `verify`: it needs the folder or address where the ledger is published and the public key, and
imports neither engine nor storage nor doors. What it saw last it keeps in a file of its own; that memory is what makes
it worth having, so keep it where the office cannot reach it.
"""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.telling import instant, printable
from gateway.errors import Failure, Unreadable
from gateway.ledger.audit import Severity
from gateway.ledger.checkpoint import parse_vkey
from gateway.ledger.cosignature import parse_witness_key
from gateway.ledger.tiles import LONGEST_ENTRY, WIDTH, Read
from gateway.ledger.watching import Look, Watcher

FINDING, UNDECIDED, ENVIRONMENT = 1, 4, 5
LARGEST = WIDTH * (LONGEST_ENTRY + 2)
PATIENCE_S = 20.0


class Away(Failure):
    """The place cannot be read now."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One finding."""

    severity: str
    where: str
    words: str


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """One witness's word."""

    by: str
    size: int
    at_s: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One look."""

    is_sound: bool
    is_signed: bool
    origin: str
    size: int
    entries: int
    open_intents: int
    last: str
    vouched: tuple[Vouched, ...]
    findings: tuple[Found, ...]


@click.command()
@click.argument("place", metavar="URL-OR-FOLDER")
@click.option("--key", "keys", metavar="VKEY", multiple=True, help="The ledger's public key, which you bring.")
@click.option("--witness", "witnesses", metavar="VKEY", multiple=True, help="A witness you trust to vouch for it.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Remember here what was seen.")
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option(
    "--every", default=60, show_default=True, metavar="SECONDS", type=click.IntRange(min=1), help="How often."
)
@click.option("--heads", "heads_only", is_flag=True, help="Heads and proofs only: read no entries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a look.")
def watch(
    place: str, keys: tuple[str, ...], witnesses: tuple[str, ...], state: Path | None, once: bool, every: int,
    heads_only: bool, as_json: bool,
) -> None:  # fmt: skip
    """See that a published ledger only grows, has no gap, is alive, and is vouched for.

    Exit 0: sound. 1: it was changed, cut or rolled back. 4: undecided, no key was brought. 5: it cannot be reached.
    Without --once it looks until it is stopped, or finds something wrong.
    """
    _check(keys, witnesses)
    try:
        watcher = Watcher(keys=keys, witnesses=witnesses, seen=_remembered(state))
    except Unreadable as why:
        raise click.UsageError(f"{state} is not what this command wrote: {why.cause}") from why
    pause = threading.Event()
    while True:
        try:
            look = watcher.look(reader(place), _now_ms(), heads_only=heads_only)
        except Away as why:
            click.echo(f"sealgate: {why.cause}", err=True)
            if once:
                raise click.exceptions.Exit(ENVIRONMENT) from why
        else:
            click.echo(msgspec.json.encode(_seen(look)) if as_json else "\n".join(_lines(look, bool(keys))))
            if not look.is_sound:
                raise click.exceptions.Exit(FINDING)
            if state is not None and look.is_signed:
                _remember(state, look.note)
            if once:
                raise click.exceptions.Exit(0 if look.is_signed else UNDECIDED)
        pause.wait(every)


def _check(keys: tuple[str, ...], witnesses: tuple[str, ...]) -> None:
    for given, parse, hint in ((keys, parse_vkey, "--key"), (witnesses, parse_witness_key, "--witness")):
        for key in given:
            try:
                parse(key)
            except Unreadable as why:
                raise click.BadParameter(f"this is no such key: {why.cause}", param_hint=hint) from why


def _now_ms() -> int:
    """This machine's clock: a tool that stands alone has no engine to ask for the time."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def reader(place: str) -> Read:
    """Reads the files of a published ledger in a folder or at a web address. Raises `Away`, also when it is used."""
    if place.startswith(("http:", "https:")):
        return lambda name: _fetched(f"{place.rstrip('/')}/{name}")
    folder = Path(place)
    if not folder.is_dir():
        raise Away(f"{place} is neither a folder nor a web address")
    return lambda name: _read(folder / name)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except (FileNotFoundError, NotADirectoryError) as why:
        raise LookupError(f"{path.name} is missing") from why
    except OSError as why:
        raise Away(f"{path} cannot be read: {why.strerror}") from why


def _fetched(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            return bytes(answer.read(LARGEST))
    except urllib.error.HTTPError as why:
        if why.code in (404, 410):
            raise LookupError(f"{address} is missing") from why
        raise Away(f"{address} answers {why.code}") from why
    except (OSError, ValueError) as why:
        raise Away(f"{address} cannot be reached: {why}") from why


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _remembered(state: Path | None) -> str:
    try:
        return state.read_text("utf-8") if state is not None else ""
    except FileNotFoundError:
        return ""


def _remember(state: Path, note: str) -> None:
    """The last sound head, as the office signed it: enough to show later that it says something else now."""
    draft = state.with_name(state.name + ".new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _seen(look: Look) -> Seen:
    return Seen(
        is_sound=look.is_sound,
        is_signed=look.is_signed,
        origin=look.head.origin if look.head else "",
        size=look.head.size if look.head else 0,
        entries=look.entries,
        open_intents=look.open_intents,
        last=instant(look.last_ms) if look.last_ms else "",
        vouched=tuple(Vouched(by=by, size=size, at_s=at_s) for by, (size, at_s) in look.vouched.items()),
        findings=tuple(Found(severity=one.severity, where=one.where, words=one.words) for one in look.sights),
    )


def _lines(look: Look, has_key: bool) -> Iterator[str]:
    for one in look.sights:
        yield f"{'WRONG' if one.severity is Severity.FAILED else 'look '}  {one.where}: {printable(one.words)}"
    if look.head is None:
        yield "There is no head to look at."
        return
    sound = "SOUND" if has_key else "UNDECIDED (bring the ledger's key with --key)"
    yield f"{sound if look.is_sound else 'NOT SOUND'}: {printable(look.head.origin)}, {look.head.size:,} entries."
    if look.last_ms:
        yield f"  last written {instant(look.last_ms)}; {look.open_intents:,} intents are open."
    for by, (size, at_s) in look.vouched.items():
        yield f"  {printable(by)} vouches for {size:,} entries, {instant(at_s * 1000)}."
