"""`sealgate ledger`: what happened, and proof of it."""

from __future__ import annotations

import click

from gateway.commands.verbs import Verbs

PLACES = {
    "find": "audit.find:find",
    "show": "audit.show:show",
    "prove": "audit.prove:prove",
    "verify": "verify:verify",
    "verify-answer": "vouched:verify_answer",
    "record": "audit.courier:record",
    "confirm": "audit.courier:confirm",
    "erase": "audit.erase:erase",
    "fsck": "audit.fsck:fsck",
    "watch": "watch:watch",
    "witness": "audit.witness:witness",
    "drill": "drill.verb:drill",
    "recover": "audit.recover:recover",
    "rotate-key": "audit.rotate:rotate_key",
    "report": "audit.reports:report",
}


@click.group(cls=Verbs, places=PLACES)
def ledger() -> None:
    """Search the ledger, prove what it says, check that it is whole."""
