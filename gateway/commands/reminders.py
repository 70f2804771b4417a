"""The caretaker's chore of telling people in time, put together from an office's concrete parts."""

from __future__ import annotations

from gateway.commands.assembly import Parts
from gateway.commands.expiring import expiring
from gateway.commands.office import Office
from gateway.commands.uses import usage_of
from gateway.engine import rulesets
from gateway.engine.clock import day
from gateway.engine.lawmaking.reminding import Reminding
from gateway.engine.lawmaking.rights import Right, first_days, rights
from gateway.engine.lawmaking.usage import DAYS
from gateway.judge.rulebook import Rulebook


def reminding_of(office: Office, parts: Parts) -> Reminding:
    """What ends, and what nobody uses, under the rules in force at each turn."""
    return Reminding(
        rules=parts.rules,
        archive=office.archive,
        scribe=parts.scribe,
        notes=parts.notes,
        clock=office.clock,
        index_key=office.keyring.index_key,
        ending=lambda: expiring(office, parts.rules.rulebook),
        rights=lambda: rights_of(office, parts.rules.rulebook),
        began_ms=office.clock.now_ms(),
    )


def rights_of(office: Office, rulebook: Rulebook, days: int = DAYS) -> tuple[Right, ...]:
    """Every allow of a rulebook with its use in the `days` that end today. Blocks; reads the ledger."""
    since = first_days(rulesets.every(office.archive), office.zone)
    usage = usage_of(office, rulebook, days=days)
    return rights(rulebook, usage, since, day(office.clock.now_ms(), office.zone))
