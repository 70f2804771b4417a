"""`sealgate ledger verify BUNDLE --key KEY`: an auditor's verifier, which stands alone.

It needs the file and the public key, and imports neither engine nor storage nor doors: what it says, it says without
the office. Exit 0: all of it is true. 1: something is false. 4: undecided, because no key was brought.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway.commands.telling import instant
from gateway.commands.verdict import EXIT, check, lines, outcome_of
from gateway.errors import Unreadable
from gateway.ledger.bundle import LARGEST
from gateway.ledger.checkpoint import parse_vkey
from gateway.ledger.stamp import roots_of, stamped_ms
from gateway.ledger.verify import StampCheck


@click.command()
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", metavar="VKEY", multiple=True, help="The ledger's public key, which you bring.")
@click.option(
    "--stamp-roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PEM",
    help="Root certificates of the time-stamp authority, which you bring: its stamp is checked with them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(bundle: Path, keys: tuple[str, ...], stamp_roots: Path | None, as_json: bool) -> None:
    """Verify BUNDLE (or a single .tlog-proof) with the ledger's public key and nothing else.

    Exit 0: all true. 1: something is false. 4: undecided.
    """
    for key in keys:
        try:
            parse_vkey(key)
        except Unreadable as why:
            raise click.BadParameter(f"this is no ledger key: {why.cause}", param_hint="--key") from why
    with bundle.open("rb") as file:
        report = check(file.read(LARGEST + 1), keys, _stamped_by(stamp_roots) if stamp_roots else None)
    if as_json:
        click.echo(msgspec.json.encode(outcome_of(report)))
    else:
        click.echo("\n".join(lines(outcome_of(report), has_key=bool(keys))))
    raise click.exceptions.Exit(EXIT[report.verdict])


def _stamped_by(place: Path) -> StampCheck:
    """Checks a stamp with the roots in this file."""
    try:
        roots = roots_of(place.read_bytes())
    except Unreadable as why:
        raise click.BadParameter(why.cause, param_hint="--stamp-roots") from why

    def stamped(untrusted_token: bytes, content: bytes) -> str:
        at_ms = stamped_ms(untrusted_token, content, roots)
        return f"an authority whose root you brought saw this checkpoint at {instant(at_ms)} by its own clock"

    return stamped


if __name__ == "__main__":
    verify()
