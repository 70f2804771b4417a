"""`sealgate ledger verify-answer FILE --key KEY`: is this file the answer that the office's ledger gave?

Stands alone, like `verify`: it needs the file, its manifest and the public key, and no office.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
import msgspec

from gateway.commands.telling import instant, printable
from gateway.errors import Failure, Tampering
from gateway.ledger.checkpoint import LARGEST_NOTE
from gateway.ledger.manifest import read
from gateway.ledger.succession import LARGEST, Standing, counting, follow

FINDING, UNDECIDED = 1, 4
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEY_MISSING = "bring the ledger's public key with --key, by a way you trust."


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says, and whether the file is what it speaks of."""

    verdict: str
    words: str
    says: dict[str, object]


@click.command("verify-answer")
@click.argument("file", type=_file)
@click.option(
    "--manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Default: FILE.manifest."
)
@click.option("--key", "keys", metavar="VKEY", multiple=True, help="The ledger's public key, which you bring.")
@click.option(
    "--succession", type=_file, help="The ledger's succession.json: how a newer key follows the one you bring."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_answer(
    file: Path, manifest: Path | None, keys: tuple[str, ...], succession: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Verify that FILE is an answer of the ledger, as its manifest says.

    Exit 0: it is. 1: it is not. 4: undecided, for no key was brought.
    """
    beside = manifest or file.with_name(file.name + ".manifest")
    if not beside.is_file():
        raise click.UsageError(f"there is no {beside}: give its manifest with --manifest")
    found, code = _checked(file, beside, keys, succession)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        click.echo(f"{found.verdict.upper()}: {found.words}")
        for name, value in found.says.items():
            if name != "guarded":
                click.echo(f"  {name:<14} {printable(str(value))}")
    raise click.exceptions.Exit(code)


def _checked(file: Path, beside: Path, keys: tuple[str, ...], succession: Path | None) -> tuple[Vouched, int]:
    if not keys:
        return Vouched(verdict="undecided", words=_KEY_MISSING, says={}), UNDECIDED
    try:
        with beside.open("rb") as note:
            says = _said(note.read(LARGEST_NOTE + 1).decode(), follow(keys, _read(succession)))
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != says.get("file_sha256"):
                raise Tampering("the file is not the one the manifest speaks of")
    except (Failure, UnicodeDecodeError) as why:
        return Vouched(verdict="false", words=str(getattr(why, "cause", "the manifest is no text")), says={}), FINDING
    at = says.get("at")
    shown: dict[str, object] = {**says, "at": instant(at) if isinstance(at, int) else ""}
    return Vouched(verdict="true", words="this is what the ledger answered.", says=shown), 0


def _said(untrusted: str, standing: Standing) -> dict[str, object]:
    """What the manifest says, signed by a key that counted when the ledger was as long as it says."""
    as_of = read(untrusted, tuple(standing)).get("as_of")
    size = as_of.get("size") if isinstance(as_of, dict) else None
    return dict(read(untrusted, counting(standing, size if isinstance(size, int) else 0)))


def _read(succession: Path | None) -> bytes | None:
    if succession is None:
        return None
    with succession.open("rb") as file:
        return file.read(LARGEST + 1)
