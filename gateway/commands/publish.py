"""`sealgate rules publish`: bring the rules of the folder into force.

Two people who may publish sign it, with their own passwords; rules that miss one of their own expectations are not
published. What was in force stays in force until all of that holds.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.ask import ask, secret_of, signed, tell
from gateway.commands.office import rules_of
from gateway.commands.setting import Setting
from gateway.doors.admin import Answer, Publish
from gateway.judge import expect


@click.command()
@click.option("--second", metavar="ADDRESS", required=True, help="Who signs beside you.")
@click.option("--second-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read their password from this file's first line instead of asking.")  # fmt: skip
@click.option("--why", default="", help="The reason, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def publish(
    setting: Setting,
    *,
    second: str,
    second_password_file: Path | None,
    why: str,
    as_json: bool,
    by: str,
    password_file: Path | None,
) -> None:
    """Bring the rules in the folder into force. Two people sign."""
    rulebook = rules_of(setting)
    misses = expect.run(rulebook)
    if misses:
        said = "\n".join([*(str(miss) for miss in misses), "Rules that miss this are not published."])
        tell(Answer(is_done=False, sentence=said), as_json=as_json)
        return
    order = Publish(
        by=by,
        secret_password=secret_of(by, password_file),
        second=second,
        secret_second_password=secret_of(second, second_password_file),
        files=dict(rulebook.files),
        why=why,
    )
    tell(ask(setting, order), as_json=as_json)
