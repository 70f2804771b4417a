"""`sealgate contain`: stop everything from and to a person, a partner or a key at once, before any rule is changed.

Exit codes (DESIGN §8): 0 done, 1 refused, or a list that is not empty: something is contained, or nobody has looked.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
import msgspec

from gateway.commands.ask import FINDING, ask, secret_of, signed, tell
from gateway.commands.asking import Asker
from gateway.commands.incident.dossier import Dossier, compiled, since_option
from gateway.commands.setting import Setting
from gateway.commands.verbs import Verbs
from gateway.doors.orders import Answer, Contain, Lift, Looked
from gateway.engine.containment.contained import What

PLACES = {
    "person": "incident.verbs:person",
    "account": "incident.verbs:account",
    "partner": "incident.verbs:partner",
    "key": "incident.verbs:key",
    "list": "incident.listing:list_contained",
    "alarms": "incident.listing:list_alarms",
    "looked": "incident.verbs:looked",
    "draft": "incident.dossier:draft",
    "lift": "incident.verbs:lift",
}


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order to contain."""

    is_done: bool
    sentence: str
    id: str = ""
    dossier: Dossier | None = None


@click.group(cls=Verbs, places=PLACES)
def contain() -> None:
    """Stop everything from and to somebody at once, see what could be affected, and lift it again."""


def _stopping(what: What, names: str, words: str) -> click.Command:
    """The verb that contains this."""

    @click.command(what.value, help=words)
    @click.argument("who", metavar=names)
    @click.option("--because", required=True, metavar="TEXT", help="Why, for the ledger and who may lift it.")
    @since_option
    @click.option(
        "--into",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Where list and drafts go. Default: incidents/ID in the office.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @signed
    @click.pass_obj
    def stop(
        setting: Setting, who: str, because: str, since: datetime | None, into: Path | None, as_json: bool, by: str,
        password_file: Path | None,
    ) -> None:  # fmt: skip
        asker = Asker(by=by, secret_password=secret_of(by, password_file))
        order = Contain(by=by, secret_password=asker.secret_password, what=what, who=who, why=because)
        answer = ask(setting, order)
        if not answer.is_done:
            _refuse(answer, as_json=as_json)
        if not as_json:
            click.echo(f"{answer.sentence} ({answer.subjects[0]})")
        found = compiled(setting, answer.subjects[0], since, into, asker)
        if as_json:
            done = Done(is_done=True, sentence=answer.sentence, id=answer.subjects[0], dossier=found)
            click.echo(msgspec.json.encode(done))
        else:
            click.echo("\n".join(found.lines()))

    return stop


person = _stopping(What.PERSON, "ADDRESS", "Stop ADDRESS: no sign-in, nothing from them, nothing to them.")
account = _stopping(
    What.ACCOUNT, "ADDRESS", "Stop the account of ADDRESS: no sign-in, nothing from it; what is for them still comes."
)
partner = _stopping(
    What.PARTNER, "ID", "Stop the partner ID: no sign-in, nothing from it, nothing to any address or box of its."
)
key = _stopping(
    What.KEY,
    "FINGERPRINT",
    "Stop a key: an OpenPGP one is not encrypted to, an SSH one (SHA256:...) opens no door.",
)


def _refuse(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(Done(is_done=False, sentence=answer.sentence)))
    else:
        click.echo(answer.sentence, err=True)
    raise click.exceptions.Exit(FINDING)


@click.command()
@click.argument("containment", metavar="ID")
@click.option("--because", required=True, metavar="TEXT", help="Why, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def lift(setting: Setting, containment: str, because: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Lift the containment ID. What waited is judged again, and goes on where the rules let it.

    Nobody lifts what they contained themselves, unless nobody else is left who may.
    """
    order = Lift(by=by, secret_password=secret_of(by, password_file), containment=containment, why=because)
    tell(ask(setting, order), as_json=as_json)


@click.command()
@click.argument("alarm", metavar="ALARM")
@click.option("--because", required=True, metavar="TEXT", help="What you found, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def looked(setting: Setting, alarm: str, because: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Say that you have looked at ALARM, and what you found. What the watch had paused for it goes on."""
    order = Looked(by=by, secret_password=secret_of(by, password_file), alarm=alarm, why=because)
    tell(ask(setting, order), as_json=as_json)
