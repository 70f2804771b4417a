"""`sealgate backup`: a copy of the whole office on other storage, while it runs; and its keys for custodians, apart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import msgspec

from gateway.commands.office import Office, opened, rules_of_office
from gateway.commands.private import write_private
from gateway.commands.safekeeping.progress import progress
from gateway.commands.safekeeping.snapshot import Copier
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, moment
from gateway.engine.health.marks import Duty, Mark, Marks
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.keyholders import Keyholders
from gateway.engine.safekeeping.disposals import Disposals
from gateway.engine.safekeeping.escrow import Custodians, contents_now, packed
from gateway.engine.safekeeping.layout import Target
from gateway.engine.safekeeping.making import Made, Making
from gateway.engine.safekeeping.manifest import Backup, opened_backup
from gateway.engine.safekeeping.restoring import require_inside
from gateway.errors import Failure, Misconfigured
from gateway.judge.stationshapes import BackupTable
from gateway.keep.copying import keys_in, leave_keys
from gateway.keep.files import FileBlobs
from gateway.keep.keyring import SEED
from gateway.keep.reading import SqliteReading
from gateway.seal.registrar import Registrar

FINDING = 1


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made."""

    folder: str
    at: str
    entries: int
    blobs: int
    blob_bytes: int
    copied: int
    copied_bytes: int
    missing: int
    removed: tuple[str, ...]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that lies there; `problem` says what is wrong with its manifest."""

    folder: str
    at: str = ""
    entries: int = 0
    blobs: int = 0
    bytes: int = 0
    problem: str = ""


class Escrowed(msgspec.Struct, frozen=True, kw_only=True):
    """A custodian's copy of the keys."""

    custodian: str
    fingerprint: str
    file: str


@click.group(invoke_without_command=True)
@click.option("--to", type=click.Path(file_okay=False, path_type=Path),
              help="A folder on other storage, instead of the one that gateway.toml names.")  # fmt: skip
@click.option("--first", "is_first", is_flag=True,
              help="Begin in an empty folder, though backups were made elsewhere before.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def backup(context: click.Context, to: Path | None, is_first: bool, as_json: bool) -> None:
    """Copy the office to other storage, sealed, while the gateway runs; without a verb, do it now.

    The office's own keys are never in it: they go to custodians, once and whenever they change, with `escrow`.
    """
    if context.invoked_subcommand is not None:
        return
    setting = Setting(folder=context.obj.folder.absolute())
    done = back_up(setting, to, is_first=is_first)
    told = Told(
        folder=str(done.folder),
        at=_at(done.manifest.at_ms),
        entries=done.manifest.size,
        blobs=done.manifest.blobs,
        blob_bytes=done.manifest.blob_bytes,
        copied=done.copied,
        copied_bytes=done.copied_bytes,
        missing=done.manifest.missing,
        removed=done.removed,
    )
    click.echo(msgspec.json.encode(told) if as_json else "\n".join(_lines(told)))


@backup.command("list")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="As of `backup`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_backups(setting: Setting, to: Path | None, as_json: bool) -> None:
    """List the backups there are, oldest first. Exit 1 if one's manifest is not what this office signed."""
    with opened(setting) as office:
        keys = (office.signer.vkey, *office.earlier_keys)
        shown = [_shown(folder, *keys) for folder in target_of(office, to).backups()]
    if as_json:
        click.echo(msgspec.json.encode(shown))
    for one in () if as_json else shown:
        held = f"{one.entries:,} entries, {one.blobs:,} blobs, {one.bytes:,} bytes"
        click.echo(f"{one.folder}  {one.problem or held}")
    if not as_json and not shown:
        click.echo("There is none.")
    if any(one.problem for one in shown):
        raise click.exceptions.Exit(FINDING)


@backup.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def escrow(setting: Setting, folder: Path, as_json: bool) -> None:
    """Seal the office's keys to each custodian's own key, as a file in DIR for each.

    Give every custodian theirs, to keep elsewhere, and keep none beside the backups. Then try one: sealgate restore
    --drill --keys FILE, on their machine or with their key at hand.
    """
    setting = Setting(folder=setting.folder.absolute())
    with opened(setting) as office:
        written = _escrow(setting, office, folder)
    if as_json:
        click.echo(msgspec.json.encode(written))
    for one in () if as_json else written:
        click.echo(f"{one.custodian}: {one.file}")


def back_up(setting: Setting, to: Path | None, *, is_first: bool) -> Made:
    """Make one, and mark that it ended well. Raises `Failure`."""
    marks = Marks(setting.var / "marks")
    clock, copier = SystemClock(), Copier(setting, progress)
    with opened(setting) as office:
        target, table, places = target_of(office, to), table_of(office), places_of(office)
        vkey, keyring = office.signer.vkey, office.keyring
        largest = office.folder_rules.gateway.limits.message_bytes
        is_first = is_first or marks.last(Duty.BACKUP) is None
        target.require(vkey, *office.earlier_keys, is_first=is_first)
        with (
            closing(office.blobs()) as blobs,
            closing(FileBlobs(target.blobs, largest_bytes=largest)) as store,
            copier.copied() as copy,
            closing(SqliteReading(copy)) as records,
        ):

            def leave() -> None:
                records.close()  # SQLite rewrites the copy only for who is alone with it
                leave_keys(copy)

            done = Making(
                office=setting.folder,
                copy=copy,
                records=records,
                keys=lambda: keys_in(copy),
                leave_keys=leave,
                blobs=blobs,
                store=store,
                target=target,
                places=places,
                keyring=keyring,
                vkey=vkey,
                earlier=office.earlier_keys,
                sign=copier.sign,
                clock=clock,
                disposals=Disposals(var=setting.var, keyring=keyring, entropy=clock.random, target=target),
                keep=table.keep if table else BackupTable(to="").keep,
                progress=progress,
            ).make()
    marks.make(Duty.BACKUP, Mark(at_ms=done.manifest.at_ms, size=done.manifest.size))
    return done


def table_of(office: Office) -> BackupTable | None:
    """What the rules in force say of backups."""
    return rules_of_office(office).rulebook.gateway.backup


def target_of(office: Office, to: Path | None = None) -> Target:
    """Where its backups go. Raises `Misconfigured` if nobody has said."""
    table = table_of(office)
    if to is None and table is None:
        raise Misconfigured(
            "nobody has said where backups go: name a folder with --to DIR, or in rules/gateway.toml: "
            'backup = { to = "/srv/backup/sealgate" }'
        )
    return Target(to.absolute() if to else office.setting.folder / (table.to if table else ""))


def places_of(office: Office) -> tuple[str, str]:
    """Where records and blobs lie, from the office's folder. Raises `Misconfigured` for a place outside."""
    storage = office.folder_rules.gateway.storage
    records, blobs = (place.partition(":")[2] for place in (storage.records, storage.blobs))
    require_inside(records)
    require_inside(blobs)
    return records, blobs


def custodians_of(office: Office) -> Custodians:
    """Who keeps this office's keys. Raises `Misconfigured` if nobody does."""
    table = table_of(office)
    if table is None or not table.custodians:
        raise Misconfigured(
            "nobody keeps this office's keys: name two custodians in rules/gateway.toml: "
            'backup = { to = "/srv/backup/sealgate", custodians = ["ruth@town.test", "notary@law.test"] }'
        )
    story = office.archive.story(KEYS)
    return Custodians(
        addresses=table.custodians,
        registrar=Registrar(office.setting.var / "gnupg"),
        keyholders=Keyholders(story.facts if story else ()),
        clock=office.clock,
    )


def _escrow(setting: Setting, office: Office, folder: Path) -> tuple[Escrowed, ...]:
    if not os.access(setting.keys / SEED, os.R_OK):
        raise Misconfigured(f"{setting.keys / SEED} cannot be read, and the escrow must have it; put it back for this")
    at_ms = office.clock.now_ms()
    sealed = custodians_of(office).seal(packed(setting.folder, office.signer.name, at_ms))
    for one in sealed:
        write_private(folder / one.name, one.armoured)
    contents = contents_now(setting.folder, office.keyring.index_key)
    Marks(setting.var / "marks").make(Duty.ESCROW, Mark(at_ms=at_ms, contents=contents))
    return tuple(
        Escrowed(custodian=one.custodian, fingerprint=one.fingerprint, file=str(folder / one.name)) for one in sealed
    )


def _shown(folder: Path, *vkeys: str) -> Shown:
    try:
        found: Backup = opened_backup(folder, *vkeys)
    except Failure as why:
        return Shown(folder=str(folder), problem=why.cause)
    manifest = found.manifest
    size = manifest.blob_bytes + sum(part.size for part in manifest.parts)
    return Shown(folder=str(folder), at=_at(manifest.at_ms), entries=manifest.size, blobs=manifest.blobs, bytes=size)


def _lines(told: Told) -> Iterator[str]:
    yield f"{told.folder}"
    yield f"{told.entries:,} entries; {told.blobs:,} blobs of {told.blob_bytes:,} bytes, {told.copied:,} of them new."
    if told.removed:
        yield f"Removed: {', '.join(told.removed)}"


def _at(at_ms: int) -> str:
    return f"{moment(at_ms):%Y-%m-%dT%H:%M:%SZ}"
