"""`sealgate restore --drill`: would a restore work today? Tried in a scratch folder, without a network.

Not `sealgate ledger drill`, which tampers with a copy to see who notices. What this one finds goes into the living
ledger (`Consulted`, purpose `drill`, the report's digest) and into `var/drills`; when all was well, `doctor` and the
gauges say so for eight days.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import msgspec

from gateway.commands.ask import consult
from gateway.commands.office import Office, opened
from gateway.commands.safekeeping.backup import target_of
from gateway.commands.safekeeping.placing import Source, place, source_of
from gateway.commands.setting import Setting
from gateway.engine.clock import moment
from gateway.engine.fsck import Kept
from gateway.engine.health.marks import Duty, Mark, Marks
from gateway.engine.safekeeping.belongings import Pack, keys_within_reach
from gateway.engine.safekeeping.drilling import Drilled, Drilling, belongs
from gateway.engine.safekeeping.escrow import contents_of, keyring_of, opened_escrow, vkey_of
from gateway.engine.safekeeping.manifest import MANIFEST
from gateway.errors import Misconfigured, Tampering
from gateway.keep.beside import BlobsBeside
from gateway.keep.private import open_folder, replace_file
from gateway.ledger.checkpoint import parse_checkpoint, parse_note

FINDING = 1
FOLDER = "drills"
"""Below `var/`: a report for each."""


def drilled(setting: Setting, backup: Path | None, keys: Path | None, scratch: Path | None) -> Drilled:
    """Try it; the report, which the ledger knows of. Raises `Failure` if it could not even be tried."""
    escrow = opened_escrow(keys) if keys else None
    with opened(setting) as office, tempfile.TemporaryDirectory(prefix="sealgate-restore-", dir=scratch) as folder:
        report = _tried(office, backup or target_of(office).folder, escrow, Path(folder) / "office")
        now_ms, index_key = office.clock.now_ms(), office.keyring.index_key
    _keep(setting, report, now_ms)
    consult(setting, f"drill {report.digest}", "drill")
    marks = Marks(setting.var / "marks")
    if report.is_whole:
        marks.make(Duty.DRILL, Mark(at_ms=now_ms, size=report.entries))
    if escrow is not None:
        contents = contents_of(escrow.files, index_key)
        marks.make(Duty.OPENED, Mark(at_ms=now_ms, contents=contents))
    return report


def say_drilled(report: Drilled, *, as_json: bool) -> None:
    """Print it; exit 1 if anything was wrong."""
    click.echo(msgspec.json.encode(report) if as_json else "\n".join(_lines(report)))
    if not report.is_whole:
        raise click.exceptions.Exit(FINDING)


def _tried(living: Office, folder: Path, escrow: Pack | None, scratch: Path) -> Drilled:
    keyring, files, vkey = living.keyring, keys_within_reach(living.setting.folder), living.signer.vkey
    if escrow is not None:
        keyring, files = keyring_of(escrow), escrow.files
        if vkey_of(escrow) != vkey:
            raise Misconfigured(f"this is the escrow of {vkey_of(escrow)}, and of no other office")
    source = source_of(folder, vkey, *living.earlier_keys)
    try:
        place(source, scratch, keyring, files, now_ms=living.clock.now_ms())
    except Tampering as why:
        return _report(source, problems=(why.cause,), has_escrow=escrow is not None)
    with opened(Setting(folder=scratch)) as office, closing(office.blobs()) as blobs:
        return _looked_at(living, office, BlobsBeside(blobs, office.records), source, has_escrow=escrow is not None)


def _looked_at(living: Office, office: Office, blobs: BlobsBeside, source: Source, *, has_escrow: bool) -> Drilled:
    kept = Kept(
        records=office.records,
        archive=office.archive,
        keyring=office.keyring,
        blobs=blobs,
        published=office.setting.var / "ledger",
        vkey=living.signer.vkey,
        now_ms=living.clock.now_ms(),
    )
    drilling = Drilling(kept=kept, seed=int.from_bytes(living.clock.random(8), "big"))
    counted, problems = drilling.recompute()
    problems += (*drilling.open_content(), *drilling.judge_again())
    told, head = parse_checkpoint(parse_note(source.backup.manifest.head).text), living.records.since(0, 0).head
    alien = "the living ledger is empty"
    if head is not None:
        alien = belongs(lambda size: living.publication.root_at(size, head), told.size, told.root)
    return _report(
        source,
        problems=(*problems, *((alien,) if alien else ())),
        has_escrow=has_escrow,
        streams=counted.streams,
        drilling=drilling,
        is_of_this_ledger=not alien,
    )


def _report(
    source: Source,
    *,
    problems: tuple[str, ...],
    has_escrow: bool,
    streams: int = 0,
    drilling: Drilling | None = None,
    is_of_this_ledger: bool = False,
) -> Drilled:
    manifest = source.backup.manifest
    return Drilled(
        is_whole=not problems,
        backup=hashlib.sha256((source.backup.folder / MANIFEST).read_bytes()).hexdigest(),
        taken=f"{moment(manifest.at_ms):%Y-%m-%dT%H:%M:%SZ}",
        entries=manifest.size,
        streams=streams,
        blobs_listed=manifest.blobs,
        blobs_opened=drilling.opened if drilling else 0,
        blobs_gone=drilling.gone if drilling else 0,
        judged_again=drilling.judged if drilling else 0,
        judged_unknown=drilling.unknown if drilling else 0,
        is_of_this_ledger=is_of_this_ledger,
        escrow_opened=has_escrow,
        problems=problems,
    )


def _keep(setting: Setting, report: Drilled, now_ms: int) -> None:
    folder = setting.var / FOLDER
    os.close(open_folder(folder, create=True))
    replace_file(folder / f"{moment(now_ms):%Y%m%dT%H%M%SZ}.json", report.text)


def _lines(report: Drilled) -> Iterator[str]:
    yield f"The backup of {report.taken}, {report.entries:,} entries:"
    if report.streams:
        yield f"  streams recomputed      {report.streams:,}, and the tree, the head and its signature"
        yield f"  content opened          {report.blobs_opened:,}; let go of before: {report.blobs_gone:,}"
        yield f"  decisions taken again   {report.judged_again:,}; that nobody can: {report.judged_unknown:,}"
        yield f"  a head of this ledger   {'yes' if report.is_of_this_ledger else 'NO'}"
    yield from (f"WRONG  {one}" for one in report.problems)
    opened_by = "with a custodian's escrow" if report.escrow_opened else "with the keys of this machine"
    yield f"It {'can' if report.is_whole else 'can NOT'} be restored ({opened_by}). Report {report.digest}"
