"""`sealgate`: the operator's verbs on one office folder.

Exit codes: 0 fine · 1 a finding (denied, test missed, proof failed) · 2 usage · 3 rules invalid · 4 could not decide ·
5 environment. Results go to stdout, everything else to stderr; a failure is one sentence, never a traceback.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.demo.verb import demo
from gateway.commands.doctor import doctor
from gateway.commands.held import held
from gateway.commands.init import init
from gateway.commands.install import install
from gateway.commands.keys import keys
from gateway.commands.ledger import ledger
from gateway.commands.office import RulesInvalid
from gateway.commands.people import people
from gateway.commands.reviews import review
from gateway.commands.rules import rules
from gateway.commands.serve import serve
from gateway.commands.setting import Setting
from gateway.errors import Failure

RULES_INVALID, ENVIRONMENT = 3, 5

VERBS: tuple[click.Command, ...] = (
    init,
    serve,
    demo,
    people,
    keys,
    rules,
    held,
    review,
    ledger,
    doctor,
    install,
)


class Voyage(click.Group):
    """A group that lists its verbs in the order of `VERBS` and turns our failures into one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The order of a day's work, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb. Exit 3: the rules do not load. 5: this machine, this office or a peer could not do it."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            click.echo(f"sealgate: {failure.cause}", err=True)
            code = RULES_INVALID if isinstance(failure, RulesInvalid) else ENVIRONMENT
            raise click.exceptions.Exit(code) from failure


@click.group(name="sealgate", cls=Voyage, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--office",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The office folder (rules/ certs/ var/). Default: the current directory.",
)
@click.version_option(package_name="sealgate", prog_name="sealgate")
@click.pass_context
def sealgate(ctx: click.Context, office: Path) -> None:
    """Send confidential mail and files only to whom the rules allow, sealed, and prove it.

    Exit codes: 0 fine, 1 a finding, 2 usage, 3 rules invalid, 4 could not decide, 5 environment.
    """
    ctx.obj = Setting(folder=office)


for _verb in VERBS:
    sealgate.add_command(_verb)


def main() -> None:
    """The installed command."""
    sealgate(prog_name="sealgate")


if __name__ == "__main__":
    main()
