"""`sealgate ledger fsck`: everything recomputed, on the office's own machine, with its keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import click
import msgspec

from gateway.commands.audit.spreading import spread_over
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.fsck import Kept, Report
from gateway.engine.fsck import fsck as check_everything
from gateway.engine.health.marks import Duty, Mark, Marks
from gateway.keep.beside import BlobsBeside
from gateway.ledger.audit import Severity

FINDING = 1
PROGRESS_EVERY = 5_000
WHOLE = "The ledger is whole."
NOT_WHOLE = "The ledger is NOT whole. Stop sending, and keep this machine as it is until somebody has looked."


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """Something `fsck` found."""

    severity: str
    where: str
    words: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What `fsck` counted and found."""

    is_whole: bool
    size: int
    published: int
    streams: int
    open_transfers: int
    forgotten: int
    blobs: int
    orphans: int
    findings: tuple[Flaw, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def fsck(setting: Setting, as_json: bool) -> None:
    """Recompute everything: tree, signatures, published tiles, facts, commitments, index and content.

    May run while the gateway does. Exit 0 when the ledger is whole, 1 when anything is not as it must be.
    """
    with opened(setting) as office, closing(office.blobs()) as blobs:
        kept = Kept(
            records=office.records,
            archive=office.archive,
            keyring=office.keyring,
            blobs=BlobsBeside(blobs, office.records),
            published=setting.var / "ledger",
            vkey=office.signer.vkey,
            earlier=office.earlier_keys,
            now_ms=office.clock.now_ms(),
            spread=spread_over(setting.folder),
        )
        report = check_everything(kept, progress)
        if report.is_whole:
            Marks(setting.var / "marks").make(Duty.VERIFIED, Mark(at_ms=office.clock.now_ms(), size=report.size))
    if as_json:
        click.echo(msgspec.json.encode(_checked(report)))
    else:
        click.echo("\n".join(_lines(report)))
    if not report.is_whole:
        raise click.exceptions.Exit(FINDING)


def progress(what: str, done: int, of: int) -> None:
    """Say now and then how far it is."""
    if done % PROGRESS_EVERY == 0:
        click.echo(f"{what}: {done:,} of {of:,}", err=True)


def _checked(report: Report) -> Checked:
    return Checked(
        is_whole=report.is_whole,
        size=report.size,
        published=report.published,
        streams=report.streams,
        open_transfers=report.open_transfers,
        forgotten=report.forgotten,
        blobs=report.blobs,
        orphans=report.orphans,
        findings=tuple(Flaw(severity=one.severity, where=one.where, words=one.words) for one in report.findings),
    )


def _lines(report: Report) -> Iterator[str]:
    for one in report.findings:
        yield f"{'WRONG' if one.severity is Severity.FAILED else 'look '}  {one.where}: {one.words}"
    yield WHOLE if report.is_whole else NOT_WHOLE
    yield f"{report.size:,} entries, {report.published:,} of them published."
    yield f"{report.streams:,} streams were opened; {report.forgotten:,} streams or classes are erased."
    yield f"{report.open_transfers:,} transfers are open, {report.blobs:,} blobs were read."
    yield f"{report.orphans:,} blobs are named by no fact."
