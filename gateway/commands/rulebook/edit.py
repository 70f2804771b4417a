"""`sealgate rules edit`: change the rules as `visudo` changes sudoers.

One person at a time edits a copy. When the editor ends, the copy is checked, tested and proved; only what has no fault
takes the folder's place, and nothing is in force until it is published, which is offered at the end. Whatever becomes
of the editor, the terminal or this process: the folder is as it was, or as it was found in order.

Exit codes (DESIGN §8): 0 changed or nothing to do, 1 discarded or refused, 4 it waits for a second signature, 5
somebody else is editing.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.ask import tell
from gateway.commands.rulebook.editdesk import EditDesk, editor_command
from gateway.commands.rulebook.publish import looked_over, publish_set, refusal, second_signer, tell_of_rules
from gateway.commands.rulebook.sets import told
from gateway.commands.rulefolder import read_folder
from gateway.commands.setting import Setting
from gateway.doors.orders import Answer
from gateway.engine.lawmaking.examination import Examination
from gateway.errors import Misconfigured
from gateway.judge.rulebook import Rulebook

DEFAULT_FILE = "transfers.toml"


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--editor", default="", metavar="COMMAND", help="Default: $VISUAL, $EDITOR, or what is installed.")
@click.option("--as", "by", metavar="ADDRESS", default="", help="Who publishes, if it is published at the end.")
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read the password from this file's first line instead of asking.")  # fmt: skip
@second_signer
@click.option("--why", default="", help="The reason, for the ledger.")
@click.option("--publish/--no-publish", "wants_publish", default=None, help="Publish, or do not, without being asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.pass_obj
def edit(
    setting: Setting,
    *,
    files: tuple[str, ...],
    editor: str,
    by: str,
    password_file: Path | None,
    second: str,
    second_password_file: Path | None,
    why: str,
    wants_publish: bool | None,
    as_json: bool,
) -> None:
    """Edit rule files safely: a copy is edited, and only what is in order takes the folder's place.

    FILE: names in rules/, such as people.toml. Default: transfers.toml.
    """
    command = editor_command(editor)
    with EditDesk(setting).taken(_resumes) as desk:
        found = _until_right(setting, desk, command, files or (DEFAULT_FILE,))
        if found is None or found.rulebook is None:
            tell(Answer(is_done=False, sentence="Discarded. Nothing is changed."), as_json=as_json)
            return
        if not desk.is_changed():
            tell(Answer(is_done=True, sentence="Nothing is changed."), as_json=as_json)
            return
        desk.install(found.rulebook)
    answer = Answer(is_done=True, sentence="rules/ is changed, and not in force yet: sealgate rules publish")
    if _publishes(wants_publish):
        by = by or click.prompt("Who publishes (address)", err=True)
        if wants_publish is None and found.needs_two and not second:
            second = click.prompt("Who signs beside them (address; nobody: it waits)", default="", err=True)
        signers = ((by, password_file), (second, second_password_file))
        answer = publish_set(setting, found.rulebook, why=why, signers=signers, is_quiet=True)
    tell_of_rules(answer, as_json=as_json)


def _until_right(setting: Setting, desk: EditDesk, command: list[str], files: tuple[str, ...]) -> Examination | None:
    """The rules as edited, once nothing is wrong with them; None if they were discarded."""
    while True:
        code = desk.edit(command, files)
        found = read_folder(desk.copy)
        if not isinstance(found, Rulebook):
            wrong = "\n".join(map(str, found))
        else:
            examination = looked_over(setting, found)
            if not examination.objections and not code:
                if examination.difference is not None and examination.difference.files:
                    click.echo("\n".join(told(examination.difference)), err=True)
                return examination
            wrong = refusal(examination) if examination.objections else f"The editor ended with {code}."
        click.echo(wrong, err=True)
        if not _agrees("(e)dit again or (d)iscard", "e", "d", default="e"):
            return None


def _resumes() -> bool:
    try:
        return _asked("An edit was cut off here before. (r)esume it or (d)iscard it", "r", "d", default="r") == "r"
    except click.Abort:
        raise Misconfigured("an edit that was cut off lies in var/rules.edit; resume or discard it first") from None


def _publishes(wanted: bool | None) -> bool:
    return _agrees("(p)ublish now or (k)eep for later", "p", "k", default="k") if wanted is None else wanted


def _agrees(question: str, yes: str, no: str, *, default: str) -> bool:
    """Whether the answer is `yes`. Nobody there to answer: no."""
    try:
        return _asked(question, yes, no, default=default) == yes
    except click.Abort:
        click.echo("", err=True)
        return False


def _asked(question: str, *choices: str, default: str) -> str:
    """One of the choices. Raises `click.Abort` if nobody answers, or they press Ctrl-C."""
    one = click.Choice(choices, case_sensitive=False)
    return str(click.prompt(question, type=one, default=default, show_choices=False, err=True)).lower()
