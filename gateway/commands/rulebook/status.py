"""`sealgate rules status`: what is in force since when, whether the folder says the same, and what waits.

Exit codes (DESIGN §8): 0 the folder is what is in force, 1 it was edited, 3 it does not load, 4 a proposal waits.
"""

from __future__ import annotations

import json
from functools import partial

import click

from gateway.commands.office import Office, opened
from gateway.commands.rulebook.publish import WAITS
from gateway.commands.rulebook.sets import in_force
from gateway.commands.rulefolder import glance, read_folder
from gateway.commands.setting import Setting
from gateway.engine.clock import moment
from gateway.engine.lawmaking.rulewatch import FolderState, RuleWatch, Standing, folder_state
from gateway.engine.policy import InForce

GONE = "is in the ledger and lies in var/proposals no more; propose it again, or withdraw it"
EXITS = {Standing.PUBLISHED: 0, Standing.EDITED: 1, Standing.BROKEN: 3}


@click.command("status")
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
@click.pass_obj
@click.pass_context
def status(context: click.Context, setting: Setting, is_json: bool) -> None:
    """Which rules are in force since when, by whom, and whether the folder says the same."""
    with opened(setting) as office:
        state = folder_state(in_force(office).digest, office.folder.found)
        found = _as_json(office, state)
        lines = _lines(office, state)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if is_json else "\n".join(lines))
    waits = found["proposals"] and state.standing is not Standing.BROKEN
    context.exit(WAITS if waits else EXITS[state.standing])


def watch_of(office: Office, rules: InForce) -> RuleWatch:
    """What looks at the folder while the gateway runs; it was read once when the office was opened."""
    folder = office.setting.rules
    watch = RuleWatch(rules=rules, read=partial(read_folder, folder), glance=partial(glance, folder))
    watch.begin(office.folder.mark, office.folder.found)
    return watch


def _lines(office: Office, state: FolderState) -> list[str]:
    last = office.rule_sets[-1]
    since = f"{moment(last.at_ms, office.zone):%Y-%m-%d %H:%M}"
    lines = [f"in force   {state.in_force}  since {since}, signed by {' and '.join(last.published.signers)}"]
    lines.append(f"folder     {state.folder or 'does not load'}")
    lines += [f"           {problem}" for problem in state.problems]
    lines += [f"proposal   {one.id}  signed by {one.by}, waits for another" for one in office.proposals.all()]
    lines += [f"proposal   {one.id}  {GONE}" for one in office.missing_proposals]
    lines.append(state.banner or "The folder is what is in force.")
    return lines


def _as_json(office: Office, state: FolderState) -> dict[str, object]:
    last = office.rule_sets[-1]
    return {
        "standing": state.standing,
        "in_force": state.in_force,
        "since": f"{moment(last.at_ms).isoformat(timespec='seconds')}",
        "entry": last.entry,
        "signers": list(last.published.signers),
        "folder": state.folder or None,
        "problems": [str(problem) for problem in state.problems],
        "proposals": [one.id for one in office.proposals.all()],
        "missing_proposals": [one.id for one in office.missing_proposals],
        "published": [
            {"digest": one.digest, "at": moment(one.at_ms).isoformat(timespec="seconds"), "why": one.published.why,
             "signers": list(one.published.signers)}
            for one in office.rule_sets
        ],
    }  # fmt: skip
