"""`sealgate ledger prove`: evidence for whoever has the ledger's public key and nothing else of ours.

Of a transfer: what happened to it, with exactly the values one chooses to show. Of somebody and some days: that nothing
else went to them. As a bundle any verifier reads, or as one HTML page that verifies itself offline.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import click
import msgspec

from gateway.commands.asking import Asker, asked, asking, must_open, reason, told
from gateway.commands.audit.certificate902 import CERTIFICATE, certificate_902
from gateway.commands.audit.courtpage import court_page
from gateway.commands.office import Office, alone
from gateway.commands.private import write_private
from gateway.commands.setting import Setting
from gateway.engine.evidence import MOST_ENTRIES, Choice, bundle_of
from gateway.engine.outsiders.stamping import Stamp, stamp_over
from gateway.engine.questions.absence import Answering
from gateway.errors import Misconfigured
from gateway.ledger.absence import MOST_DAYS
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.proof import Evidence, parse_bundle
from gateway.transfer import Digest

PATIENCE_S = 5.0
"""How long to wait for a running gateway to publish what is to be proved; it does so every second."""
DAY = click.DateTime(["%Y-%m-%d"])
VERIFIER = "verify.html"


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """What was written to files."""

    file: str
    """The bundle; empty if only a page was asked for."""
    sha256: str
    entries: tuple[int, ...]
    ledger_key: str
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where it goes."""

    out: Path | None
    html: Path | None
    as_json: bool

    def check(self) -> None:
        """Raises `UsageError` where a bundle would end on a screen."""
        if self.out is None and self.html is None and (self.as_json or sys.stdout.isatty()):
            raise click.UsageError("a bundle is binary: give --out FILE, or send stdout to a file")

    def write(self, bundle: bytes, vkey: str, *, title: str) -> None:
        """Write what was asked for, and say so."""
        if self.html is not None:
            write_private(self.html, court_page(bundle, title=title))
        if self.out is not None:
            write_private(self.out, bundle)
        elif self.html is None:
            sys.stdout.buffer.write(bundle)
            return
        entries = tuple(proof.index for proof in parse_bundle(bundle).proofs)
        proved = Proved(
            file=str(self.out or ""),
            sha256=Digest.of(bundle).sha256,
            entries=entries,
            ledger_key=vkey,
            html=str(self.html or ""),
        )
        click.echo(msgspec.json.encode(proved) if self.as_json else "\n".join(_said(proved)))


def _said(proved: Proved) -> Iterator[str]:
    count = f"proof of {len(proved.entries)} {'entry' if len(proved.entries) == 1 else 'entries'}"
    if proved.file:
        yield f"{proved.file}: {count}. Check it with"
        yield f"sealgate ledger verify {proved.file} --key {proved.ledger_key}"
    if proved.html:
        yield f"{proved.html}: {count}. Open it in a browser, and type the ledger's key:"
        yield proved.ledger_key


def fields_named(_context: click.Context, _parameter: click.Parameter, given: str) -> tuple[str, ...]:
    """The fields somebody named, `class.field`, each once. What no entry has is a slip, not a field without a value."""
    names = tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    known = {f"{cls}.{field}" for classes in FIELDS.values() for cls, fields in classes.items() for field in fields}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"there is no field {name!r}; there are {', '.join(sorted(known))}")
    return names


_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("transfer", metavar="[ID]", default="")
@click.option("--leg", type=click.IntRange(0), help="Only this recipient's copy. Default: all.")
@click.option(
    "--absent", metavar="ADDRESS", default="", help="Prove that nothing else went there; with --from and --to."
)
@click.option("--from", "first", type=DAY, metavar="DATE", help="From this day (UTC) on.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Up to this day (UTC), included.")
@click.option("--out", type=_FILE, help="Write the bundle here, not to stdout.")
@click.option("--html", type=_FILE, help="Write one page here that shows and verifies it, offline, in any browser.")
@click.option("--hide", multiple=True, type=click.Choice(CLASSES), help="Disclose nothing of this class.")
@click.option(
    "--disclose",
    "only",
    metavar="FIELD,...",
    default="",
    callback=fields_named,
    help="Disclose exactly these fields (rcp.addr,obj.name), also that one has no value; nothing else.",
)
@click.option("--certificate-902", "certify", is_flag=True, help="Add a form to certify it to a US federal court.")
@click.option("--json", "as_json", is_flag=True, help="With --out or --html: print one JSON object.")
@asking
@click.pass_obj
def prove(
    setting: Setting, transfer: str, leg: int | None, absent: str, first: datetime | None, last: datetime | None,
    out: Path | None, html: Path | None, hide: tuple[str, ...], only: tuple[str, ...], certify: bool, as_json: bool,
    why: str, asker: Asker,
) -> None:  # fmt: skip
    """Write a bundle that proves what happened to transfer ID, to whoever has the ledger's public key.

    With --absent, that nothing else went to ADDRESS on some days; for auditors, whom the bundle tells the days' keys.
    """
    output = Output(out=out, html=html, as_json=as_json)
    if bool(transfer) == bool(absent) or bool(absent) != bool(first and last):
        raise click.UsageError("give a transfer's ID; or --absent ADDRESS with --from and --to")
    if hide and only:
        raise click.UsageError("--disclose names all that is shown: it excludes --hide")
    output.check()
    if first is not None and last is not None:
        _prove_absence(setting, absent, (first, last), output, why, asker)
    else:
        _prove_transfer(setting, transfer, leg, Choice(hide=hide, only=only), certify, output, why, asker)


def _prove_transfer(
    setting: Setting, transfer: str, leg: int | None, shows: Choice, certify: bool, output: Output, why: str,
    asker: Asker,
) -> None:  # fmt: skip
    about = "" if leg is None else f"/{leg}"
    shown = f"disclose={','.join(shows.only)}" if shows.only else f"hide={','.join(shows.hide)}"
    with asked(setting, f"prove {transfer}{about} {shown}", reason(why, asker)) as office:
        must_open(office, sorted({name.partition(".")[0] for name in shows.only}))
        whole, found = told(office, transfer)
        entries = tuple(one for one in found if leg in (None, one.entry.leg))
        if not entries:
            raise click.UsageError(f"{transfer} has no leg {leg}")
        if len(entries) > MOST_ENTRIES:
            raise click.UsageError(f"a bundle holds {MOST_ENTRIES} entries: prove one recipient's copy, with --leg")
        _cover(setting, office, entries[-1].index)
        vkey = office.signer.vkey
        attach = partial(_beside, office, whole if certify else "")
        stamp = _stamp(office, entries[-1].index)
        bundle = bundle_of(entries, office.publication, vkey, shows=shows, attach=attach, stamp=stamp)
    output.write(bundle, vkey, title=f"Proof of {whole}")


def _prove_absence(
    setting: Setting, address: str, days: tuple[datetime, datetime], output: Output, why: str, asker: Asker
) -> None:
    first, last = (day.date() for day in days)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise click.UsageError(f"--to lies before --from, or more than {MOST_DAYS} days behind it")
    question = f"prove absent={address} from={first} to={last}"
    with asked(setting, question, reason(why, asker)) as office:
        must_open(office, ("rcp",))
        head = office.records.since(0, 0).head
        _cover(setting, office, head.size - 1 if head else 0)
        vkey = office.signer.vkey
        answering = Answering(records=office.records, archive=office.archive, publication=office.publication, vkey=vkey)
        bundle = answering.bundle(address, first, last)
    output.write(bundle, vkey, title=f"What went to {address} from {first} to {last}")


def _beside(office: Office, certified: str, evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    """What checks a bundle, for people without any program of ours; and a form for whoever certifies it to a court."""
    yield VERIFIER, court_page(title="Check a bundle of evidence")
    if certified:
        name = office.folder_rules.gateway.office.name
        yield CERTIFICATE, certificate_902(evidence, transfer=certified, office=name, vkey=office.signer.vkey)


def _stamp(office: Office, index: int) -> Stamp | None:
    """The first stamp an outside authority put on a head with that entry; None if there is none."""
    stamps = office.folder_rules.gateway.ledger.stamps
    if stamps is None:
        return None
    place, roots = office.setting.var / "ledger" / "stamps", office.setting.folder / stamps.roots
    return stamp_over(place, index + 1, vkey=office.signer.vkey, roots=roots)


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
