"""`sealgate ledger prove ID`: a bundle that proves what happened, to whoever has the ledger's public key."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click
import msgspec

from gateway.commands.asking import asked, asking, reason, told
from gateway.commands.office import Office, alone
from gateway.commands.setting import Setting
from gateway.engine.evidence import MOST_ENTRIES, bundle_of
from gateway.errors import Misconfigured
from gateway.ledger.leaf import CLASSES
from gateway.transfer import Digest

PATIENCE_S = 5.0
"""How long to wait for a running gateway to publish what is to be proved; it does so every second."""


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that was written to a file."""

    file: str
    sha256: str
    entries: tuple[int, ...]
    ledger_key: str


@click.command()
@click.argument("transfer", metavar="ID")
@click.option("--leg", type=click.IntRange(0), help="Only this recipient's copy. Default: all.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the bundle here, not to stdout.")
@click.option("--hide", multiple=True, type=click.Choice(CLASSES), help="Disclose nothing of this class.")
@click.option("--json", "as_json", is_flag=True, help="With --out: print one JSON object.")
@asking
@click.pass_obj
def prove(
    setting: Setting, transfer: str, leg: int | None, out: Path | None, hide: tuple[str, ...], as_json: bool,
    why: str, asker: str,
) -> None:  # fmt: skip
    """Write a bundle that proves what happened to transfer ID, to whoever has the ledger's public key."""
    if out is None and (as_json or sys.stdout.isatty()):
        raise click.UsageError("a bundle is binary: give --out FILE, or send stdout to a file")
    about = "" if leg is None else f"/{leg}"
    with asked(setting, f"prove {transfer}{about} hide={','.join(hide)}", reason(why, asker)) as office:
        entries = tuple(one for one in told(office, transfer)[1] if leg in (None, one.entry.leg))
        if not entries:
            raise click.UsageError(f"{transfer} has no leg {leg}")
        if len(entries) > MOST_ENTRIES:
            raise click.UsageError(f"a bundle holds {MOST_ENTRIES} entries: prove one recipient's copy, with --leg")
        _cover(setting, office, entries[-1].index)
        vkey = office.signer.vkey
        bundle = bundle_of(entries, office.publication, vkey, hide=hide)
    if out is None:
        sys.stdout.buffer.write(bundle)
        return
    _write_private(out, bundle)
    proved = Proved(
        file=str(out), sha256=Digest.of(bundle).sha256, entries=tuple(one.index for one in entries), ledger_key=vkey
    )
    if as_json:
        click.echo(msgspec.json.encode(proved))
    else:
        click.echo(f"{out}: proof of {len(entries)} entries. Check it with\nsealgate ledger verify {out} --key {vkey}")


def _cover(setting: Setting, office: Office, index: int) -> None:
    """Bring the published ledger up to `index`, or wait until the gateway that runs has done so."""
    patience = time.monotonic() + PATIENCE_S
    while office.publication.size() <= index:
        head = office.records.since(0, 0).head
        try:
            with alone(setting):
                if head is not None:
                    office.publication.publish(head)
        except Misconfigured:  # a gateway runs
            if time.monotonic() > patience:
                return  # proving says so
            time.sleep(0.1)


def _write_private(path: Path, content: bytes) -> None:
    """It discloses personal data: for this user alone."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
    except OSError as why:
        raise Misconfigured(f"{path} cannot be written: {why.strerror}") from why
