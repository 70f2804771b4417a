"""`sealgate ledger drill`: what would happen if somebody tampered with this ledger? Done to a copy, and timed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.drill import guards
from gateway.commands.drill.attacks import ATTACKS, Attack
from gateway.commands.drill.clone import Clone, again, clone
from gateway.commands.drill.guards import Guard
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock

FINDING = 1


class Caught(msgspec.Struct, frozen=True, kw_only=True):
    """Who noticed, how fast, and the first thing it said."""

    by: str
    ms: int
    words: str


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One attack and what came of it."""

    attack: str
    what: str
    caught: tuple[Caught, ...]


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """The whole drill."""

    entries: int
    missed: tuple[str, ...]
    """Attacks nobody noticed."""
    attacks: tuple[Tried, ...]


@click.command()
@click.option("--into", type=click.Path(file_okay=False, path_type=Path),
              help="Where the copies go. Default: the system's place for temporary files.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def drill(setting: Setting, into: Path | None, as_json: bool) -> None:
    """Tamper with a copy of this ledger in eight ways, and see who notices. The ledger itself is only read.

    Exit 0 when every attack was caught by somebody, 1 when one was missed.
    """
    setting = Setting(folder=setting.folder.absolute())
    with tempfile.TemporaryDirectory(prefix="sealgate-drill-", dir=into) as scratch:
        done = _drill(setting, Path(scratch))
    click.echo(msgspec.json.encode(done) if as_json else "\n".join(_lines(done)))
    if done.missed:
        raise click.exceptions.Exit(FINDING)


def _drill(setting: Setting, scratch: Path) -> Drilled:
    with opened(setting) as office:
        signer, anchor = office.signer, office.folder_rules.gateway.ledger.anchor
    first = clone(setting, scratch / "first")
    seen = (first.folder / "var" / "ledger" / "checkpoint").read_text("utf-8")
    clock = SystemClock()
    team = (
        guards.start(setting.folder / anchor if anchor else None),
        guards.full_check(clock),
        guards.watcher(signer.vkey, seen, clock),
        guards.another_office(scratch / "witness", signer.vkey, first, clock),
    )
    before = {guard.name: frozenset(guard.look(first)) for guard in team}
    tried: list[Tried] = []
    for attack in ATTACKS:
        victim = again(first, scratch / attack.name)
        attack.do(victim, signer)
        tried.append(_tried(attack, victim, team, before))
        shutil.rmtree(victim.folder)
    with first.opened() as office:
        head = office.records.since(0, 0).head
    missed = tuple(one.attack for one in tried if not one.caught)
    return Drilled(entries=head.size if head else 0, missed=missed, attacks=tuple(tried))


def _tried(attack: Attack, victim: Clone, team: tuple[Guard, ...], before: dict[str, frozenset[str]]) -> Tried:
    caught: list[Caught] = []
    for guard in team:
        began = time.perf_counter()
        found = [words for words in guard.look(victim) if words not in before[guard.name]]
        if found:
            caught.append(Caught(by=guard.name, ms=round(1000 * (time.perf_counter() - began)), words=found[0]))
    return Tried(attack=attack.name, what=attack.words, caught=tuple(caught))


def _lines(done: Drilled) -> Iterator[str]:
    for one in done.attacks:
        yield f"{one.attack:<9} {one.what}"
        for caught in one.caught:
            yield f"          caught by {caught.by:<8} {caught.ms:>7,} ms  {_short(caught.words)}"
        if not one.caught:
            yield "          MISSED"
    yield ""
    count = len(done.attacks)
    yield f"{count - len(done.missed)} of {count} attacks on a copy of {done.entries:,} entries were caught."


def _short(words: str) -> str:
    return words if len(words) <= 100 else words[:99] + "…"
