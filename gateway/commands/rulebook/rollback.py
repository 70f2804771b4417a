"""`sealgate rules rollback`: put a set of rules in force again that was before, and the folder with it.

Rolling back is a change like any other: it is tested and proved, what it widens needs a second person, the ledger has
it. Edits in the folder that were never published are not thrown away unless that is said.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.ask import signed
from gateway.commands.office import Office, opened
from gateway.commands.rulebook.publish import publish_set, second_signer, tell_of_rules
from gateway.commands.rulebook.sets import in_force
from gateway.commands.rulebook.writing import write_rules
from gateway.commands.rulefolder import read_folder
from gateway.commands.setting import Setting
from gateway.engine import rulesets
from gateway.errors import Misconfigured
from gateway.judge.rulebook import Rulebook


@click.command()
@click.argument("digest", required=False)
@second_signer
@click.option("--overwrite", is_flag=True, help="Throw away edits in the folder that were never published.")
@click.option("--why", default="", help="The reason, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def rollback(
    setting: Setting,
    *,
    digest: str | None,
    second: str,
    second_password_file: Path | None,
    overwrite: bool,
    why: str,
    as_json: bool,
    by: str,
    password_file: Path | None,
) -> None:
    """Put published rules in force again: those of DIGEST, or those before the last change. The folder follows."""
    with opened(setting) as office:
        now = in_force(office)
        wanted = rulesets.by_digest(office.rule_sets, digest).rulebook() if digest else _before(office, now)
    found = read_folder(setting.rules)
    is_edited = not isinstance(found, Rulebook) or found.digest not in (now.digest, wanted.digest)
    if is_edited and not overwrite:
        raise click.UsageError("rules/ has edits that were never published; to throw them away: --overwrite")
    answer = publish_set(
        setting,
        wanted,
        why=why or f"back to {wanted.digest[:12]}",
        signers=((by, password_file), (second, second_password_file)),
        is_quiet=as_json,
    )
    if answer.is_done or answer.proposal:
        write_rules(setting.rules, dict(wanted.files))
    tell_of_rules(answer, as_json=as_json)


def _before(office: Office, now: Rulebook) -> Rulebook:
    """The set that was in force before the one that is."""
    for one in reversed(office.rule_sets):
        if one.digest != now.digest:
            return one.rulebook()
    raise Misconfigured("there are no rules to go back to: these are the first")
