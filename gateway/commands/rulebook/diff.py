"""`sealgate rules diff`: who gains and who loses, before anything is published.

Exit codes (DESIGN §8): 0 nothing is widened, 1 something is, so that two people must sign, 3 a folder does not load.
"""

from __future__ import annotations

import json
from datetime import datetime

import click

from gateway.commands.office import opened
from gateway.commands.rulebook.sets import FOLDER, IN_FORCE, as_json, rules_named, told
from gateway.commands.setting import Setting
from gateway.engine.clock import day
from gateway.judge.difference import difference

WIDENED = 1


@click.command("diff")
@click.argument("before", metavar="[A]", default=IN_FORCE)
@click.argument("after", metavar="[B]", default=FOLDER)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Changes from this day on (default: today).")
@click.option("--all", "everything", is_flag=True, help="Every line, however many.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
@click.pass_obj
@click.pass_context
def diff(
    context: click.Context,
    setting: Setting,
    *,
    before: str,
    after: str,
    on: datetime | None,
    everything: bool,
    is_json: bool,
) -> None:
    """Who gains and who loses from rules A to rules B, in people and partners.

    A and B: in-force, folder, a path to a folder, or the beginning of a published digest. By default from what is in
    force to what stands in the folder.
    """
    with opened(setting) as office:
        old, new = rules_named(office, before), rules_named(office, after)
        found = difference(old, new, on=on.date() if on else day(office.clock.now_ms(), office.zone))
    if is_json:
        click.echo(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(told(found, everything=everything)))
    context.exit(WIDENED if found.is_widened else 0)
