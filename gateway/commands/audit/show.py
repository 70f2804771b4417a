"""`sealgate ledger show`: the whole story of one transfer, as its entries tell it."""

from __future__ import annotations

import click
import msgspec

from gateway.commands.asking import Asker, asked, asking, reason, told
from gateway.commands.setting import Setting
from gateway.commands.telling import instant
from gateway.commands.verdict import Said, closed, story
from gateway.engine.attested import Attested
from gateway.ledger.leaf import CLASSES, OUTCOMES

ENDS = sorted({outcome for outcomes in OUTCOMES.values() for outcome in outcomes if outcome})
DAY = click.DateTime(["%Y-%m-%d"])
WIDE = 160
"""Columns of a terminal on which a row of `find` is one line; on others it is two."""


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """The story of one transfer."""

    transfer: str
    entries: tuple[Said, ...]


@click.command()
@click.argument("transfer", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@asking
@click.pass_obj
def show(setting: Setting, transfer: str, as_json: bool, why: str, asker: Asker) -> None:
    """Tell the whole story of transfer ID: each fact, its time, its evidence, its place in the ledger."""
    with asked(setting, f"show {transfer}", reason(why, asker)) as office:
        whole, entries = told(office, transfer)
        said = tuple(_said(one) for one in entries)
    if as_json:
        click.echo(msgspec.json.encode(Whole(transfer=whole, entries=said)))
        return
    click.echo(whole)
    for one in said:
        click.echo("\n".join(story(one)))


def _said(one: Attested) -> Said:
    entry = one.entry
    shown = {cls for cls, box in zip(CLASSES, one.classes, strict=True) if box is not None}
    return Said(
        index=one.index,
        at=instant(entry.time_ms),
        kind=entry.kind,
        transfer=one.leaf.stream,
        leg=entry.leg,
        outcome=entry.outcome,
        values=dict(one.values),
        closed=closed(entry.kind, shown),
        intent=entry.intent,
    )
