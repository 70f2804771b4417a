"""How an answer of the ledger is handed out: a table on the screen, CSV, JSON, JSONL, or a page to print.

Rows stream: no number of them is too many. With `--out FILE` there is `FILE.manifest` beside it, signed by the ledger's
key: what was asked, by whom, as of which ledger, how many rows, and the digest of their true values.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.commands.asking import Asking
from gateway.commands.audit.page import Heading, page
from gateway.commands.office import Office
from gateway.commands.private import private_file
from gateway.commands.sheet import guarded, line_of
from gateway.commands.telling import instant, printable
from gateway.errors import Misconfigured
from gateway.ledger.manifest import MOST_GUARDED, Manifest

FORMS = ("json", "jsonl", "csv", "html")
WIDEST = 32
"""Letters of a column; longer values go over several lines."""
NOBODY = "the machine\u2019s user"
MOST_ON_SCREEN = 500
"""A table's columns are as wide as its widest cells, so that it must be known whole; longer ones print as lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the answer is to look like, and where it goes."""

    name: str = ""
    """One of `FORMS`; empty for a person at a screen."""
    out: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An answer: rows of one shape, and what it is an answer to."""

    title: str
    question: str
    asking: Asking
    shape: type[msgspec.Struct]
    rows: Iterable[msgspec.Struct]
    notes: tuple[str, ...] = ()
    """What a reader must know beside the rows; for people."""
    on_screen: Callable[[Iterable[msgspec.Struct]], Iterator[str]] | None = None
    """Lines instead of a table, for a shape that has its own."""
    hidden: tuple[str, ...] = ()
    """Columns that stay off the screen, where anybody may look over a shoulder."""


@dataclass(slots=True)
class _Tally:
    """What passes by on its way out."""

    count: int = 0
    values: hashlib._Hash = field(default_factory=hashlib.sha256)
    guarded: list[tuple[int, str, str]] = field(default_factory=list)

    def of(self, rows: Iterable[msgspec.Struct]) -> Iterator[msgspec.Struct]:
        """The rows, counted and hashed."""
        for row in rows:
            self.count += 1
            self.values.update(msgspec.json.encode(row) + b"\n")
            yield row


def formed(verb: Callable[..., None]) -> Callable[..., None]:
    """The options for how an answer is handed out; the verb is called with `form`."""

    @wraps(verb)
    def with_form(*words: object, out: Path | None, **named: object) -> None:
        chosen = [name for name in FORMS if named.pop(f"as_{name}")]
        if len(chosen) > 1:
            raise click.UsageError("one of --json, --jsonl, --csv and --html")
        if out is not None and not chosen:
            raise click.UsageError("--out needs one of --json, --jsonl, --csv and --html")
        verb(*words, form=Form(name=chosen[0] if chosen else "", out=out), **named)

    decorated: Callable[..., None] = with_form
    for option in (
        click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="Write it here, and FILE.manifest, signed, beside it."),
        click.option("--html", "as_html", is_flag=True, help="Print a page for a printer, complete in itself."),
        click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet."),
        click.option("--jsonl", "as_jsonl", is_flag=True, help="Print one JSON object a line."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON array."),
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated


def hand_out(office: Office, sheet: Sheet, form: Form) -> str:
    """Print the answer, or write it and its manifest; the digest of its true values."""
    tally = _Tally()
    lines = _lines(office, sheet, form, tally)
    if form.out is None:
        for line in lines:
            click.echo(line, nl=False)
        return tally.values.hexdigest()
    digest = hashlib.sha256()
    with private_file(form.out) as file:
        for line in lines:
            digest.update(line.encode())
            file.write(line.encode())
    manifest = _manifest(office, sheet, form, tally, digest.hexdigest())
    beside = form.out.with_name(form.out.name + ".manifest")
    with private_file(beside) as file:
        file.write(manifest.signed(office.signer).encode())
    click.echo(f"{form.out}: {tally.count} rows. Vouched for in {beside}.", err=True)
    return tally.values.hexdigest()


def _lines(office: Office, sheet: Sheet, form: Form, tally: _Tally) -> Iterator[str]:
    rows = tally.of(sheet.rows)
    match form.name:
        case "json":
            return as_json(rows)
        case "jsonl":
            return (msgspec.json.encode(row).decode() + "\n" for row in rows)
        case "csv":
            return _as_csv(sheet.shape, rows, tally)
        case "html":
            return page(_heading(office, sheet), sheet.shape.__struct_fields__, (cells_of(row) for row in rows))
        case _:
            return sheet.on_screen(rows) if sheet.on_screen else _on_screen(sheet, rows)


def digest_of(rows: Iterable[msgspec.Struct]) -> str:
    """The digest of rows' true values, as a manifest names it."""
    tally = _Tally()
    for _ in tally.of(rows):
        pass
    return tally.values.hexdigest()


def as_json(rows: Iterable[msgspec.Struct]) -> Iterator[str]:
    """One JSON array, a row a line."""
    before = "[\n"
    for row in rows:
        yield before + msgspec.json.encode(row).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def cells_of(row: msgspec.Struct) -> tuple[str, ...]:
    """Its values as text; lists are `;`-joined."""
    return tuple(_cell(value) for value in msgspec.structs.astuple(row))


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return ";".join(str(member) for member in value)
    return "" if value is None else str(value)


def _as_csv(shape: type[msgspec.Struct], rows: Iterable[msgspec.Struct], tally: _Tally) -> Iterator[str]:
    columns = shape.__struct_fields__
    yield line_of(columns)
    for row in rows:
        cells = cells_of(row)
        if len(tally.guarded) < MOST_GUARDED:
            changed = zip(columns, cells, strict=True)
            tally.guarded += [(tally.count, column, cell) for column, cell in changed if guarded(cell) != cell]
        yield line_of(cells)


# ── for people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _on_screen(sheet: Sheet, rows: Iterable[msgspec.Struct]) -> Iterator[str]:
    """A table on a terminal; elsewhere, and when it is long, a block of lines a row."""
    yield f"{printable(sheet.title)}\n"
    yield from (f"  {printable(note)}\n" for note in sheet.notes)
    columns = [name for name in sheet.shape.__struct_fields__ if name not in sheet.hidden]
    count = 0
    waiting: list[dict[str, str]] = []
    for row in rows:
        count += 1
        waiting.append(dict(zip(sheet.shape.__struct_fields__, map(printable, cells_of(row)), strict=True)))
        if not sys.stdout.isatty() or count > MOST_ON_SCREEN:
            yield from (line for one in waiting for line in _block(columns, one))
            waiting.clear()
    if _fits(columns, waiting):
        yield _table(columns, waiting)
    else:
        yield from (line for one in waiting for line in _block(columns, one))
    yield "1 row.\n" if count == 1 else f"{count or 'No'} rows.\n"


def _fits(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> bool:
    """Whether a table of these rows can be read: long values may fold, but not into syllables."""
    used = [name for name in columns if any(row[name] for row in rows)]
    widths = (max(len(_title(name)), *(len(row[name]) for row in rows)) for name in used)
    return bool(used) and sum(min(width, WIDEST) + 2 for width in widths) <= shutil.get_terminal_size().columns


def _block(columns: Sequence[str], row: dict[str, str]) -> Iterator[str]:
    said = [(name, row[name]) for name in columns if row[name]]
    yield "\n"
    yield from (f"  {_title(name):<14} {value}\n" for name, value in said)


def _table(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    used = [name for name in columns if any(row[name] for row in rows)]
    for name in used:
        table.add_column(_title(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in used))  # Text: a value's brackets are no markup
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _title(name: str) -> str:
    return name.replace("_", " ")


def _heading(office: Office, sheet: Sheet) -> Heading:
    head = office.records.since(0, 0).head
    said = (
        ("Office", office.folder_rules.gateway.office.name),
        ("Asked", sheet.question),
        ("By", f"{sheet.asking.asker.by or NOBODY}, as {office.view.role}"),
        ("Why", sheet.asking.why or "no reason given"),
        ("At", instant(office.clock.now_ms())),
        ("Ledger", f"{office.signer.name}, {head.size if head else 0:,} entries"),
    )
    return Heading(title=sheet.title, said=said, notes=sheet.notes, seal=head.note if head else "")


# ── the manifest ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _manifest(office: Office, sheet: Sheet, form: Form, tally: _Tally, file_sha256: str) -> Manifest:
    head = office.records.since(0, 0).head
    if head is None:
        raise Misconfigured("this office has no ledger yet")
    return Manifest(
        query=sheet.question,
        by=sheet.asking.asker.by,
        role=str(office.view.role),
        why=sheet.asking.why,
        at_ms=office.clock.now_ms(),
        origin=office.signer.name,
        size=head.size,
        root=head.root,
        count=tally.count,
        form=form.name,
        file_sha256=file_sha256,
        values_sha256=tally.values.hexdigest(),
        guarded=tuple(tally.guarded),
    )
