"""The rehearsal, from the first act to the last or to the first that was not as promised, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import msgspec

from gateway.commands.demo.cast import NotAsItShould
from gateway.commands.demo.programme import Programme, Step
from gateway.commands.demo.scanner import Scanner
from gateway.commands.demo.stage import Stage, stage
from gateway.commands.demo.unplug.breaking import ACTS
from gateway.commands.demo.unplug.conditions import Conditions, NameServer
from gateway.commands.demo.unplug.office import Rehearsal
from gateway.commands.demo.unplug.parts import PARTS
from gateway.commands.demo.unplug.smalldisk import SmallDisk, again_where_one_may_mount
from gateway.errors import Misconfigured

ALL = "all"
WRONG = (NotAsItShould, OSError, ValueError, LookupError)
DNS = 5353
"""Above the base port."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What was broken, what was promised, and what was seen."""

    part: str
    breaks: str
    happens: str
    mended: str
    is_played: bool
    ok: bool
    evidence: tuple[str, ...]


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    ok: bool
    seconds: float
    rows: tuple[Row, ...]


def rehearse(which: str, *, is_quiet: bool) -> Played:
    """Break one part, or all in turn, and tell it. When this returns, no process, folder or mount is left.

    Raises `Misconfigured` when what the one part needs is not here; of all, that one is left out and said so.
    """
    if which in (ALL, "disk"):
        again_where_one_may_mount()
    chosen = tuple(PARTS) if which == ALL else (which,)
    programme, began, rows = Programme(is_quiet=is_quiet), time.monotonic(), list[Row]()
    programme.opens("Sealgate on loopback: each part of a throw-away office is broken for real, then mended.")
    with stage() as here, _rehearsal(here, chosen) as (rehearsal, missing):
        if which in missing:
            raise Misconfigured(missing[which])
        for number, part in enumerate(chosen, 1):
            rows.append(_acted(part, rehearsal, missing.get(part, "")))
            programme.tells(number, Step(title=_title(rows[-1]), ok=rows[-1].ok, evidence=rows[-1].evidence))
            if not rows[-1].ok:
                break
    is_fine = all(row.ok for row in rows)
    played = Played(ok=is_fine, seconds=round(time.monotonic() - began, 1), rows=tuple(rows))
    programme.ends(played, unplayed=len(chosen) - len(rows))
    return played


def _title(row: Row) -> str:
    return f"{row.breaks}: {row.happens}; {row.mended}" if row.is_played else f"{row.breaks}: not played"


@contextmanager
def _rehearsal(here: Stage, chosen: Sequence[str]) -> Iterator[tuple[Rehearsal, dict[str, str]]]:
    """The office, open, and by part why it cannot be broken here."""
    rehearsal = Rehearsal(
        stage=here,
        conditions=Conditions(here.folder / "weather", NameServer(here.office.base + DNS)),
        scanner=Scanner(here.folder / "s"),
        disk=SmallDisk(here.office.folder),
    )
    missing: dict[str, str] = {}
    with ExitStack() as cleared:
        cleared.callback(rehearsal.disk.leaves)
        cleared.callback(rehearsal.scanner.stops)
        cleared.callback(rehearsal.conditions.names.stops)
        cleared.callback(rehearsal.strangers_leave)
        cleared.callback(here.office.closes)
        if "antivirus" in chosen and not rehearsal.scanner.is_installed():
            missing["antivirus"] = "clamd is not installed (Debian: apt install clamav-daemon)"
        if "disk" in chosen and not rehearsal.disk.mounts():
            missing["disk"] = "this machine lets nobody but root mount the small disk that is filled here"
        if not set(chosen) <= missing.keys():
            try:
                rehearsal.begins(is_scanned="antivirus" in chosen and "antivirus" not in missing)
            except NotAsItShould as why:
                raise Misconfigured(f"the office of the rehearsal does not work: {why}") from why
        yield rehearsal, missing


def _acted(name: str, rehearsal: Rehearsal, missing: str) -> Row:
    """One act. Whatever goes wrong in it is its evidence."""
    part = PARTS[name]
    row = Row(
        part=name,
        breaks=part.breaks,
        happens=part.happens,
        mended=part.mended,
        is_played=not missing,
        ok=True,
        evidence=(missing,) if missing else (),
    )
    if missing:
        return row
    evidence: list[str] = []
    try:
        evidence.extend(ACTS[name](rehearsal))
        evidence.append(rehearsal.nothing_is_lost_or_leaked())
    except WRONG as why:
        wrong = (*evidence, str(why) or type(why).__name__)
        return msgspec.structs.replace(row, ok=False, evidence=wrong)
    return msgspec.structs.replace(row, evidence=tuple(evidence))
