"""`sealgate ledger recover`: an older copy of the ledger was put back, and nothing is signed until somebody decided.

There is no reset. Without an option it says what is missing. With one, two people who may publish sign:

    --from MIRROR    the published entries are fetched back from a copy, and the same history goes on
    --new-origin     nobody has them: a new ledger begins, and its first entry says what was lost
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.audit.twofold import require_two, signed_twice
from gateway.commands.office import (
    DEFAULT_RECORDS,
    Office,
    alone,
    anchors_of,
    opened,
    own_head,
    publish_first,
    rules_of_office,
    writing,
)
from gateway.commands.outsiders import consult_witnesses
from gateway.commands.setting import Setting
from gateway.commands.watch import reader
from gateway.engine.clock import day
from gateway.engine.entries import Write
from gateway.engine.outsiders.anchors import Anchor, Anchors
from gateway.engine.outsiders.recovery import Missing, Refilled, missing, refill
from gateway.errors import Misconfigured, RolledBack
from gateway.facts import Consulted
from gateway.keep.private import sync_folder
from gateway.ledger.checkpoint import Signer
from gateway.ledger.statement import genesis_statement

FINDING = 1


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How the ledger stands, or what was brought back."""

    is_whole: bool
    kept: int
    anchored: int
    where: str
    refilled: int = 0
    stopped: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@click.command()
@click.option("--from", "mirror", metavar="FOLDER-OR-URL", help="Fetch the lost entries back from this copy.")
@click.option("--new-origin", is_flag=True, help="Begin a new ledger under the origin gateway.toml names now.")
@click.option("--loss", default="", metavar="TEXT", help="What was lost, for the new ledger's first entry.")
@signed_twice
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def recover(
    setting: Setting, mirror: str | None, new_origin: bool, loss: str, by: str, password_file: Path | None, second: str,
    second_password_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say what is missing from a ledger that was rolled back; with --from or --new-origin, bring it to sign again.

    Exit 0: nothing is missing, or it was mended. 1: something is missing.
    """
    setting = Setting(folder=setting.folder.absolute())
    if bool(mirror) and new_origin:
        raise click.UsageError("--from and --new-origin exclude each other")
    if mirror or new_origin:
        require_two(setting, (by, password_file), (second, second_password_file))
    if new_origin:
        if not loss:
            raise click.UsageError("--new-origin needs --loss: the new ledger's first entry says what was lost")
        told = _begin_anew(setting, loss, (by, second))
    elif mirror:
        told = _refill(setting, mirror, f"{by}, {second}")
    else:
        told = _look(setting)
    click.echo(msgspec.json.encode(told) if as_json else "\n".join(_lines(told)))
    if not told.is_whole:
        raise click.exceptions.Exit(FINDING)


def _look(setting: Setting) -> Told:
    with opened(setting) as office:
        rules = rules_of_office(office)
        asyncio.run(consult_witnesses(office, rules))
        head = own_head(office)
        known = anchors_of(office, rules)
        found = missing(head, known.known())
        try:
            known.check(head, lambda size: office.publication.root_at(size, head) if head else b"")
        except RolledBack:
            return _told(found, is_whole=False)
    return _told(found, is_whole=True)


def _refill(setting: Setting, mirror: str, who: str) -> Told:
    with alone(setting), opened(setting, is_writing=True) as office:
        rules = rules_of_office(office)
        asyncio.run(consult_witnesses(office, rules))
        head, known = own_head(office), anchors_of(office, rules).known()
        found = missing(head, known)
        done = refill(
            office.writable,
            office.publication.frontier(head),
            head,
            mirror=reader(mirror),
            vkey=office.signer.vkey,
            anchors=known,
        )
        _write_down(office, f"recover: {done.entries} entries were fetched back from {mirror}", who)
    return _told(found, is_whole=True, done=done)


def _write_down(office: Office, words: str, who: str) -> None:
    """The first new entry says what was done; the boot rule holds for it as for any."""
    with writing(office, rules_of_office(office), is_settling=True) as scribe:
        fact = Consulted(by=who, question=words, why="an older copy was put back", size=scribe.frontier.size)
        scribe.append_now(Write(stream=f"consulted/{day(office.clock.now_ms())}", facts=(fact,)))


# ── a new ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _begin_anew(setting: Setting, loss: str, signers: tuple[str, str]) -> Told:
    """Set the old store aside, whole, and begin one whose genesis names it. Nothing of the old one is destroyed."""
    with alone(setting):
        with opened(setting) as office:
            head = office.records.since(0, 0).head
            if office.folder_rules.gateway.storage.records != f"sqlite:{DEFAULT_RECORDS}":
                raise Misconfigured(f"only records at {DEFAULT_RECORDS} are set aside by this command")
            old = head.note.split("\n", 1)[0] if head else ""
            if not head or old == office.signer.name:
                raise Misconfigured(
                    f'gateway.toml must name a new origin first, such as "{old}/2"; no origin is reused'
                )
            before = missing(head, _anchors_before(setting, office, old))
            text = " ".join(head.note.split("\n", 3)[:3])
        _set_aside(setting, old, before)
    publish_first(
        setting.folder,
        signers=signers,
        why="a new ledger",
        genesis=lambda signer: genesis_statement(
            signer.name, (signer.vkey,), old_head=text, anchor=f"{before.anchored} {before.where}".strip(), loss=loss
        ),
    )
    return _told(before, is_whole=True)


def _anchors_before(setting: Setting, office: Office, origin: str) -> tuple[Anchor, ...]:
    """What is known elsewhere of the old ledger: the same key under its old name."""
    anchor = office.folder_rules.gateway.ledger.anchor
    return Anchors(
        setting.var / "anchors",
        vkey=Signer(origin, office.keyring.ledger_seed).vkey,
        published=setting.var / "ledger",
        elsewhere=setting.folder / anchor if anchor else None,
    ).known()


def _set_aside(setting: Setting, origin: str, before: Missing) -> Path:
    place = setting.var / f"before-{origin.replace('/', '-')}-{before.kept}"
    place.mkdir(mode=0o700)
    for name in (Path(DEFAULT_RECORDS).parent.name, "ledger", "anchors"):
        if (setting.var / name).exists():
            (setting.var / name).rename(place / name)
    sync_folder(setting.var)
    return place


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(found: Missing, *, is_whole: bool, done: Refilled | None = None) -> Told:
    return Told(
        is_whole=is_whole,
        kept=found.kept,
        anchored=found.anchored,
        where=found.where,
        refilled=done.entries if done else 0,
        stopped=done.stopped if done else (),
        gone=done.gone if done else (),
    )


def _lines(told: Told) -> Iterator[str]:
    where = f" ({told.where})" if told.where else ""
    yield f"Here are {told.kept:,} entries; {told.anchored:,} were signed{where}."
    if not told.is_whole:
        place = told.where.removeprefix("noted in ").removesuffix("/checkpoint")
        mirror = place if told.where.endswith("/ledger/checkpoint") else "FOLDER-OR-URL"
        yield "Nothing is signed until that is mended. In this order; two people sign, with --as and --second:"
        yield "  1. Is the true copy still somewhere, on the broken disk, on a standby? Put it back."
        yield f"  2. Has somebody a copy of the published ledger? sealgate ledger recover --from {mirror}"
        yield "  3. Else name a new origin in gateway.toml: sealgate ledger recover --new-origin --loss TEXT"
        return
    if told.refilled:
        yield f"{told.refilled:,} entries were fetched back, and the same history goes on."
        for names, words in (
            (told.stopped, "stop where the backup has them; what became of them stands in the entries"),
            (told.gone, "came after the backup: their entries are all that is left"),
        ):
            if names:
                yield f"{len(names):,} transfers {words}"
                yield from (f"  {name}" for name in names)
    else:
        yield "Nothing is missing."
