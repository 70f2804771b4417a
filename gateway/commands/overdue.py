"""How retention stands, for `sealgate doctor`: when it was last run to its end, or why it need not have been."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from gateway.commands.office import Office, rules_of_office
from gateway.engine.clock import day
from gateway.engine.forgetting.retention import schedule_of
from gateway.engine.health.checkup import Finding, fine, regular
from gateway.engine.health.marks import Duty, Marks
from gateway.ledger.entry import read_entry
from gateway.shred.fate import first_day

CHECK, RUN = "retention", "sealgate retention run"
HOURS = 36
"""It is run every night, at some time of it."""


def findings(office: Office) -> Iterator[Finding]:
    """One: nothing can be due yet, it was run lately, or it was not."""
    rulebook = rules_of_office(office).rulebook
    zone, now_ms = ZoneInfo(rulebook.gateway.office.zone), office.clock.now_ms()
    mark = Marks(office.setting.var / "marks").last(Duty.RETENTION)
    oldest = office.records.since(0, 1).leaves
    since = day(read_entry(oldest[0].entry).time_ms if oldest else now_ms, zone)
    first = first_day(schedule_of(rulebook.retention), since)
    if first is None:
        yield fine(CHECK, "No rule lets go of anything: all is kept.")
    elif mark is None and day(now_ms, zone) <= first + timedelta(days=1):
        yield fine(CHECK, f"Nothing can be due before {first:%-d %B %Y}.")
    else:
        yield regular(CHECK, ("What is due", "destroyed"), mark.at_ms if mark else None, now_ms, hours=HOURS, mend=RUN)
