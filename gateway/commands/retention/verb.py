"""The group `sealgate retention`, each verb loaded when it is called for."""

from __future__ import annotations

import click

from gateway.commands.verbs import Verbs

PLACES = {
    "plan": "retention.plan:plan",
    "run": "retention.run:run",
    "report": "retention.report:report",
    "holds": "retention.holds:holds",
}


@click.group(cls=Verbs, places=PLACES)
def retention() -> None:
    """Show what is due to be destroyed and what must stay, destroy what is due, and account for it."""
