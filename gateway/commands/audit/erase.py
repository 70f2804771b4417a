"""`sealgate ledger erase`: forget on purpose one class, one person, one matter, the papers of a transfer, or a year.

Whoever may publish rules may approve an erasure, with their password. No gateway may run meanwhile: what it remembers
in memory must go too. What the office's schedule or a legal hold keeps is not erased; that it was refused, and until
when, is an entry like the erasure itself.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway.commands.abbreviated import whole_id
from gateway.commands.ask import FINDING, secret_of, signed
from gateway.commands.assembly import Parts, parts_of
from gateway.commands.disposal import erasure_of
from gateway.commands.office import Office, alone, opened, rules_of_office, writing
from gateway.commands.private import write_private
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.clock import day
from gateway.engine.forgetting.certificate import certificate_of
from gateway.engine.forgetting.erasure import REGISTER, Erased, Erasure, Kept, Request, is_by_schedule
from gateway.engine.forgetting.redacting import names
from gateway.engine.forgetting.retention import schedule_of
from gateway.engine.forgetting.scope import Reach, Scope, ends_ms
from gateway.errors import InUse, Misconfigured
from gateway.facts import Shard
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import CLASSES
from gateway.ledger.merkle import Frontier

PAGE = 4096
SHORTEST_TEXT = 4
"""A shorter text would be found in half of all words."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    is_done: bool
    sentences: tuple[str, ...]
    until: str = ""
    entries: tuple[int, ...] = ()
    """In which the ledger says so."""
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The options every erasure has."""

    setting: Setting
    by: str
    password_file: Path | None
    request: Request
    certificate: Path | None
    is_dry: bool
    as_json: bool


@click.group()
def erase() -> None:
    """Forget on purpose; the ledger says what, when, why and on whose word, and every proof still verifies."""


def ordering(verb: Callable[..., None]) -> Callable[..., None]:
    """The options of a verb that erases; it is called with an `Order`."""

    @click.pass_obj
    @functools.wraps(verb)
    def with_order(setting: Setting, /, **given: Any) -> None:
        order = Order(
            setting=setting,
            by=given["by"],
            password_file=given.pop("password_file"),
            request=Request(
                by=given.pop("by").lower(),
                basis=given.pop("basis"),
                reference=given.pop("reference"),
                answered=given.pop("answered"),
            ),
            certificate=given.pop("certificate"),
            is_dry=given.pop("is_dry"),
            as_json=given.pop("as_json"),
        )
        verb(order, **given)

    decorated: Callable[..., None] = with_order
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be erased."),
        click.option("--certificate", type=click.Path(dir_okay=False, path_type=Path),
                     help="Write the certificate here: a bundle anybody with the ledger's key can verify."),
        click.option("--despite", "answered", multiple=True, metavar="ID",
                     help="A period of retention.toml behind which no statute stands; you answer for that."),
        click.option("--request", "reference", default="", metavar="REF",
                     help="The request's reference in your files. No name: it stays in the ledger."),
        click.option("--basis", required=True, metavar="TEXT", help='The ground: "GDPR Art. 17(1)(b)". No name.'),
    ):  # fmt: skip
        decorated = option(decorated)
    return signed(decorated)


@erase.command("class")
@click.argument("transfer", metavar="ID")
@click.option("--leg", type=click.IntRange(0), required=True, help="Whose copy.")
@click.option("--class", "classes", type=click.Choice(CLASSES), multiple=True, required=True, help="What of it.")
@ordering
def erase_class(order: Order, transfer: str, leg: int, classes: tuple[str, ...]) -> None:
    """Forget some classes of one recipient's copy of transfer ID."""

    def reach(scope: Scope, office: Office) -> Reach:
        try:
            return scope.of_class(whole_id(office, transfer), leg, classes)
        except KeyError:
            raise Misconfigured(f"there is no copy {leg} of {transfer}, or it was forgotten on purpose") from None

    _erase(order, reach)


@erase.command("payload")
@click.argument("transfer", metavar="ID")
@ordering
def erase_payload(order: Order, transfer: str) -> None:
    """Forget the papers of transfer ID; every entry keeps its values."""
    _erase(order, lambda scope, office: scope.of_payload(whole_id(office, transfer)))


@erase.command("matter")
@click.argument("transfer", metavar="ID")
@ordering
def erase_matter(order: Order, transfer: str) -> None:
    """Forget transfer ID whole: who, whom, what and why; that there was one stays."""
    _erase(order, lambda scope, office: scope.of_matter(whole_id(office, transfer)))


@erase.command("person")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option("--also", multiple=True, metavar="TEXT", help="A further text that must go, such as a full name.")
@ordering
def erase_person(order: Order, addresses: tuple[str, ...], also: tuple[str, ...]) -> None:
    """Forget somebody everywhere: in every entry, fact, index, paper and ring of keys."""
    addresses = tuple(address.strip().lower() for address in addresses)
    for address in addresses:
        if not address.strip("@") or "@" not in address.strip("@"):
            raise click.BadParameter(f"{address!r} is no address", param_hint="ADDRESS")
    for text in also:
        if len(text.strip()) < SHORTEST_TEXT:
            raise click.BadParameter(f"at least {SHORTEST_TEXT} characters, or too much would go", param_hint="--also")
    if order.request.by in addresses:
        raise click.UsageError("nobody approves their own erasure")

    def reach(scope: Scope, office: Office) -> Reach:
        in_force = office.in_force
        named = [name for name, text in in_force.files if names(text, addresses)] if in_force else []
        if named:
            where = ", ".join(named)
            raise Misconfigured(f"they stand in the rules in force ({where}): take them out and publish first")
        return scope.of_person(addresses, also)

    _erase(order, reach)


@erase.command("year")
@click.argument("year", type=click.IntRange(1970, 9998))
@ordering
def erase_year(order: Order, year: int) -> None:
    """Forget every value of all that ended in YEAR or before; the entries stay, and with them every proof."""

    def reach(scope: Scope, office: Office) -> Reach:
        if year >= day(office.clock.now_ms(), office.zone).year:
            raise Misconfigured(f"{year} has not ended")
        return scope.of_year(year, office.clock.random(16))

    _erase(order, reach, year=year)


@erase.command()
@click.option("--certificate", type=click.Path(dir_okay=False, path_type=Path), help="Write the certificate here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def finish(setting: Setting, certificate: Path | None, as_json: bool) -> None:
    """Finish an erasure that a crash interrupted. It was approved when it was begun."""
    with _at_work(setting) as (office, _, erasure):
        done = erasure.finish()
        told = _told(office, done, certificate) if done else Told(is_done=True, sentences=("Nothing was left to do.",))
    _say(told, as_json=as_json)


def must_be_finished(office: Office) -> None:
    """Raises `Misconfigured` while an erasure is half done: a gateway would remember again what is to be forgotten.

    What the schedule let go, the gateway's own scribe finishes before anybody comes in.
    """
    sealed = office.records.register(REGISTER)
    if sealed is not None and not is_by_schedule(sealed, office.keyring):
        raise Misconfigured("an erasure was begun and is not finished; finish it with: sealgate ledger erase finish")


# ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────


def _erase(order: Order, reach_of: Callable[[Scope, Office], Reach], *, year: int | None = None) -> None:
    secret_password = "" if order.is_dry else secret_of(order.by, order.password_file)
    with _at_work(order.setting) as (office, parts, erasure):
        if not order.is_dry:
            _must_approve(parts, order.by, secret_password)
        scope = Scope(office.records, Attestations(office.records, office.archive, office.keyring), office.zone)
        reach = reach_of(scope, office)
        if order.is_dry:
            told = _would(reach)
        else:
            on = day(office.clock.now_ms(), office.zone)
            shard = _shard(office, year) if year else None
            schedule = schedule_of(parts.rules.rulebook.retention)
            done = erasure.order(reach, order.request, schedule, on=on, shard=shard)
            told = _told(office, done, order.certificate)
    _say(told, as_json=order.as_json)


@contextmanager
def _at_work(setting: Setting) -> Iterator[tuple[Office, Parts, Erasure]]:
    """The office, open for writing, with what an erasure needs. Raises `Misconfigured` while a gateway runs."""
    try:
        with (
            alone(setting),
            opened(setting, is_writing=True) as office,
            closing(office.blobs()) as blobs,
            ThreadPoolExecutor(2) as disk,
            writing(office, rules := rules_of_office(office)) as scribe,
        ):
            yield office, parts_of(office, rules, scribe, disk), erasure_of(office, scribe, blobs)
    except InUse as why:
        raise Misconfigured(
            f"{setting.folder} is in use: stop the gateway for an erasure, for what it remembers must go too"
        ) from why


def _must_approve(parts: Parts, by: str, secret_password: str) -> None:
    """Raises `Misconfigured` unless this is somebody who may approve an erasure."""
    party = asyncio.run(parts.signing_in.with_password(by, secret_password, "erase"))
    person = parts.rules.rulebook.person(party.person) if party else None
    if person is None:
        raise Misconfigured("Name and password do not fit anybody who may sign orders (--as ADDRESS).")
    if "publish" not in person.powers:
        raise Misconfigured(f"{person.name} may not approve an erasure; whoever may publish rules may.")


def _shard(office: Office, year: int) -> Shard:
    """The ledger up to a year's end: its size and root then."""
    frontier, head = Frontier(), office.records.since(0, 0).head
    end_ms = ends_ms(year)
    size = head.size if head else 0
    while frontier.size < size:
        leaves = office.records.since(frontier.size, min(PAGE, size - frontier.size)).leaves
        inside = [leaf.hash for leaf in leaves if read_entry(leaf.entry).time_ms < end_ms]
        frontier = frontier.extend(inside)
        if len(inside) < len(leaves):
            break
    return Shard(origin=office.signer.name, size=frontier.size, root=frontier.root().hex())


def _told(office: Office, done: Erased | Kept, certificate: Path | None) -> Told:
    head = office.records.since(0, 0).head
    if head is not None:
        office.publication.publish(head)
    if isinstance(done, Kept):
        until = done.until.isoformat() if done.until else ""
        return Told(is_done=False, sentences=done.sentences, until=until, entries=done.entries)
    if certificate is not None:
        attestations = Attestations(office.records, office.archive, office.keyring)
        vkey = office.signer.vkey
        write_private(certificate, certificate_of(done, attestations, office.publication, vkey))
    pairs = f"{len(done.done)} {'pair' if len(done.done) == 1 else 'pairs'} of entries"
    return Told(
        is_done=True,
        sentences=(f"Erased. {pairs} in the ledger say so.", *(f"What remains: {one}." for one in done.remains)),
        entries=tuple(sorted((*done.ordered, *done.done))),
        certificate=str(certificate) if certificate else "",
    )


def _would(reach: Reach) -> Told:
    plan = reach.plan
    boxes = sum(len(piece.classes) for piece in plan.pieces)
    return Told(
        is_done=True,
        sentences=(
            f"Would erase {boxes} boxes of {len(plan.pieces)} entries, {len(plan.forgotten)} streams and keys, "
            f"{len(plan.blobs)} papers and {len(plan.certificates)} certificates; nothing was changed.",
            *(f"{one} is still under way." for one in reach.open),
        ),
    )


def _say(told: Told, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(told))
    else:
        click.echo("\n".join(told.sentences), err=not told.is_done)
        if told.certificate:
            click.echo(f"Certificate: {told.certificate}. Check it with: sealgate ledger verify")
    if not told.is_done:
        raise click.exceptions.Exit(FINDING)
