"""What an office keeps in mind of what it erased, and where its backups are told of it."""

from __future__ import annotations

from gateway.commands.office import Office, rules_of_office
from gateway.engine.safekeeping.disposals import Disposals
from gateway.engine.safekeeping.layout import Target


def disposals_of(office: Office) -> Disposals:
    """The office's own, beside the backups that the rules in force name, if they name any."""
    table = rules_of_office(office).rulebook.gateway.backup
    return Disposals(
        var=office.setting.var,
        keyring=office.keyring,
        entropy=office.clock.random,
        target=Target(office.setting.folder / table.to) if table else None,
    )
