"""The caretaker's chore of telling owners what will be destroyed, put together from an office's concrete parts."""

from __future__ import annotations

from gateway.commands.assembly import Parts
from gateway.commands.holdings import looker_of
from gateway.commands.office import Office
from gateway.engine.forgetting.forewarning import Forewarning


def warning_of(office: Office, parts: Parts) -> Forewarning:
    """By the rules in force at each turn."""
    return Forewarning(
        rules=parts.rules,
        looker=looker_of(office, parts.blobs),
        archive=office.archive,
        scribe=parts.scribe,
        notes=parts.notes,
        clock=office.clock,
        secret_key=office.keyring.index_key,
        began_ms=office.clock.now_ms(),
    )
