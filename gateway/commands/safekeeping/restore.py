"""`sealgate restore`: an office out of a backup and a custodian's escrow; the drill that tries it; what comes after.

Three things, never two of them at once: into a folder of its own (`--into`), into a scratch place to see whether it
would work (`--drill`), and, in the restored office, before anything is signed again (`--settle`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.safekeeping.drill import drilled, say_drilled
from gateway.commands.safekeeping.placing import place, source_of
from gateway.commands.safekeeping.settle import say_settled, settled, state_of
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, moment
from gateway.engine.safekeeping.escrow import earlier_of, keyring_of, opened_escrow, vkey_of
from gateway.errors import Tampering

FINDING = 1


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An office that was put back."""

    folder: str
    backup: str
    at: str
    entries: int
    blobs: int
    erased_again: int
    next: tuple[str, ...]


@click.command()
@click.argument("backup", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="An empty folder for the office.")
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A custodian's escrow: sealed to them, or as gpg --decrypt wrote it.",
)
@click.option(
    "--drill",
    "is_drill",
    is_flag=True,
    help="Only try: into a scratch folder, everything verified, the result written into the ledger.",
)
@click.option(
    "--scratch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --drill: where the scratch folder goes. Default: the system's place for temporary files.",
)
@click.option(
    "--settle",
    "is_settling",
    is_flag=True,
    help="In a restored office: ask outside where its ledger stood last, and park what may have left since.",
)
@click.option("--as", "by", metavar="ADDRESS", default="", help="With --settle: who orders this.")
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Their password.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def restore(
    setting: Setting, *, backup: Path | None, into: Path | None, keys: Path | None, is_drill: bool,
    scratch: Path | None, is_settling: bool, by: str, password_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Put the office of BACKUP (one backup, or a folder of them: then the newest) back into an empty folder.

    Every byte is verified before anything is placed. What was erased since the backup is erased again. The restored
    office signs nothing and sends nothing until --settle has asked outside; what was under way waits for a person.

    Exit 1: the backup is damaged or was changed, a drill found something, or nobody outside could be asked.
    """
    setting = Setting(folder=setting.folder.absolute())
    if sum((into is not None, is_drill, is_settling)) != 1:
        raise click.UsageError("say one of --into DIR, --drill, --settle")
    if is_settling:
        said = settled(setting, by, password_file) if by else state_of(setting)
        say_settled(said, as_json=as_json)
    elif is_drill:
        say_drilled(drilled(setting, backup, keys, scratch), as_json=as_json)
    elif into is not None:
        if backup is None or keys is None:
            raise click.UsageError("a restore needs BACKUP and --keys ESCROW")
        told = _restore(backup, into.absolute(), keys)
        click.echo(msgspec.json.encode(told) if as_json else "\n".join(_lines(told)))


def _restore(folder: Path, into: Path, keys: Path) -> Told:
    if into.exists() and any(into.iterdir()):
        raise click.UsageError(f"{into} is not empty: an office is restored into a folder of its own")
    try:
        escrow = opened_escrow(keys)
        source = source_of(folder, vkey_of(escrow), *earlier_of(escrow))
        erased = place(source, into, keyring_of(escrow), escrow.files, now_ms=SystemClock().now_ms())
    except Tampering as why:
        click.echo(f"sealgate: {why.cause}. Nothing was restored.", err=True)
        raise click.exceptions.Exit(FINDING) from why
    manifest = source.backup.manifest
    here = f"sealgate --office {into}"
    return Told(
        folder=str(into),
        backup=str(source.backup.folder),
        at=f"{moment(manifest.at_ms):%Y-%m-%dT%H:%M:%SZ}",
        entries=manifest.size,
        blobs=manifest.blobs,
        erased_again=erased,
        next=(
            f"{here} restore --settle --as YOU",
            f"{here} held list",
            f"{here} doctor",
        ),
    )


def _lines(told: Told) -> Iterator[str]:
    yield f"{told.folder} is the office of {told.at}: {told.entries:,} entries, {told.blobs:,} blobs."
    if told.erased_again:
        yield f"{told.erased_again} erasures were carried out again."
    yield "It signs nothing yet, and sends nothing. In this order, on this machine alone, with the old one off:"
    yield from (f"  {number}. {command}" for number, command in enumerate(told.next, start=1))
