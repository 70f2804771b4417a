"""How safe the office is, for `sealgate doctor`: its backups, whether one was tried, and who has its keys."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gateway.commands.office import Office, rules_of_office
from gateway.engine.health import checkup
from gateway.engine.health.checkup import Finding
from gateway.engine.health.marks import Duty, Marks
from gateway.engine.safekeeping.escrow import contents_now
from gateway.engine.safekeeping.restoring import mark_of
from gateway.judge.stationshapes import BackupTable
from gateway.keep.keyring import SEED

BACKUP_HOURS, DRILL_HOURS = 26, 8 * 24
MAKE, TRY, ESCROW = "sealgate backup", "sealgate restore --drill", "sealgate backup escrow DIR"
NAME_CUSTODIANS = "editor rules/gateway.toml && sealgate rules publish"


def findings(office: Office) -> Iterator[Finding]:
    """Backup, drill, escrow; and first of all whether this office was restored and is not settled."""
    if mark_of(office.setting.var) is not None:
        sentence = "This office was restored from a backup, and signs nothing until somebody outside was asked."
        yield checkup.wrong("restored", sentence, "sealgate restore --settle")
    gateway = rules_of_office(office).rulebook.gateway
    if gateway.backup is None:
        # An office on trial has nobody's papers; a real one without backups is one broken disk from its end.
        grade = checkup.note if gateway.ledger.unsigned == "auditor" else checkup.wrong
        yield grade("backup", "gateway.toml names no place for backups.", NAME_CUSTODIANS)
    else:
        yield from kept(office, gateway.backup)


def kept(office: Office, table: BackupTable) -> Iterator[Finding]:
    """Whether what the rules ask for was done, and lately."""
    marks, now_ms = Marks(office.setting.var / "marks"), office.clock.now_ms()
    made, tried = marks.last(Duty.BACKUP), marks.last(Duty.DRILL)
    done = ("A backup", "made")
    yield checkup.regular("backup", done, made.at_ms if made else None, now_ms, hours=BACKUP_HOURS, mend=MAKE)
    done = ("A restore", "tried")
    yield checkup.regular("drill", done, tried.at_ms if tried else None, now_ms, hours=DRILL_HOURS, mend=TRY)
    yield escrow(office, table, marks)


def escrow(office: Office, table: BackupTable, marks: Marks) -> Finding:
    """Whether the keys would outlive this machine, as far as anybody here can know."""
    sealed, opened = marks.last(Duty.ESCROW), marks.last(Duty.OPENED)
    if len(set(table.custodians)) < 2:
        return checkup.wrong("escrow", "gateway.toml names no two custodians for the office's keys.", NAME_CUSTODIANS)
    if sealed is None:
        sentence = "The office's keys were never sealed to the custodians: without them no backup opens elsewhere."
        return checkup.wrong("escrow", sentence, ESCROW)
    is_comparable = os.access(office.setting.keys / SEED, os.R_OK)
    if is_comparable and sealed.contents != contents_now(office.setting.folder, office.keyring.index_key):
        return checkup.wrong("escrow", "Keys or credentials changed since the escrow was written.", ESCROW)
    if opened is None or opened.contents != sealed.contents:
        sentence = "No custodian has opened the newest escrow in a drill: nobody knows whether it can be."
        return checkup.wrong("escrow", sentence, f"{TRY} --keys ESCROW")
    return checkup.fine("escrow", f"{len(table.custodians)} custodians have the keys; one of them was tried.")
