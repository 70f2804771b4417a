"""`sealgate`: the operator's verbs on one office folder.

Exit codes: 0 fine · 1 a finding (denied, test missed, proof failed) · 2 usage · 3 rules invalid · 4 could not decide ·
5 environment. Results go to stdout, everything else to stderr; a failure is one sentence, never a traceback.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.setting import Setting
from gateway.commands.verbs import Verbs
from gateway.errors import Failure, RulesInvalid

RULES_INVALID, ENVIRONMENT = 3, 5

VERBS = {
    "init": "init:init",
    "serve": "serve:serve",
    "demo": "demo.verb:demo",
    "people": "people:people",
    "keys": "keys:keys",
    "rules": "rules:rules",
    "held": "held:held",
    "contain": "incident.verbs:contain",
    "review": "reviews:review",
    "ledger": "ledger:ledger",
    "retention": "retention.verb:retention",
    "backup": "safekeeping.backup:backup",
    "restore": "safekeeping.restore:restore",
    "doctor": "doctor:doctor",
    "install": "install:install",
    "part": "part:part",
}


class Voyage(Verbs):
    """The verbs, and our failures turned into one sentence."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb. Exit 3: the rules do not load. 5: this machine, this office or a peer could not do it."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            click.echo(f"sealgate: {failure.cause}", err=True)
            code = RULES_INVALID if isinstance(failure, RulesInvalid) else ENVIRONMENT
            raise click.exceptions.Exit(code) from failure


@click.group(name="sealgate", cls=Voyage, places=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
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


def main() -> None:
    """The installed command."""
    sealgate(prog_name="sealgate")


if __name__ == "__main__":
    main()
