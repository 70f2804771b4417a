"""`sealgate ledger report`: the questions that are asked again and again, each a verb."""

from __future__ import annotations

import click

from gateway.commands.verbs import Verbs

PLACES = {
    "accounting": "audit.report:accounting",
    "custody": "audit.report:custody",
    "exceptions": "audit.report:list_exceptions",
    "access": "audit.report:access",
    "weekly": "audit.review:weekly",
    "blast": "audit.review:blast",
    "integrity": "audit.review:integrity",
}


@click.group(cls=Verbs, places=PLACES)
def report() -> None:
    """Answer what auditors ask again and again: disclosures, custody, exceptions, who looked, the weekly review."""
