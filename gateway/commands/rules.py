"""`sealgate rules`: who may send what to whom.

Exit codes (DESIGN §8): 0 fine or send, 1 a missed expectation or a block, 3 rules invalid, 4 hold.
"""

from __future__ import annotations

import click

from gateway.commands.verbs import Verbs

PLACES = {
    "edit": "rulebook.edit:edit",
    "check": "rulebook.check:check",
    "test": "rulebook.check:test",
    "prove": "rulebook.prove:prove_rules",
    "diff": "rulebook.diff:diff",
    "who-can": "rulebook.whocan:who_can",
    "explain": "rulebook.explain:explain_",
    "replay": "rulebook.replay:replay",
    "publish": "rulebook.publish:publish",
    "proposals": "rulebook.proposals:proposals",
    "sign": "rulebook.proposals:sign",
    "withdraw": "rulebook.proposals:withdraw",
    "rollback": "rulebook.rollback:rollback",
    "status": "rulebook.status:status",
    "list": "rulebook.show:list_",
    "show": "rulebook.show:show",
    "schema": "rulebook.schema:schema",
}


@click.group(cls=Verbs, places=PLACES)
def rules() -> None:
    """Check, test, explain and publish who may send what to whom."""
