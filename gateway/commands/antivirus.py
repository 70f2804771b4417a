"""Asks the virus scanner of the rules in force how it is, for `doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gateway.commands.office import Office, rules_of_office
from gateway.engine.clock import moment
from gateway.engine.health import antivirus
from gateway.engine.health.checkup import Finding
from gateway.engine.scanning.clamd import Clamd
from gateway.engine.scanning.trial import tried


def look(office: Office) -> Iterable[Finding]:
    """Nothing where the rules name none."""
    table = rules_of_office(office).rulebook.gateway.scan
    if table is None:
        return ()
    version, trial = asyncio.run(tried(Clamd(table.clamd)))
    return antivirus.scanner(table.clamd, version, trial, moment(office.clock.now_ms()))
