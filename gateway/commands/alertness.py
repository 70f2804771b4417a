"""What an office has ready for an incident: who is contained, which alarms sounded, and an ear for the watch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.commands.office import Office
from gateway.engine.alarms.alarm import STREAM as ALARMS
from gateway.engine.alarms.alarm import Alarms
from gateway.engine.alarms.overhearing import Ear
from gateway.engine.containment.contained import STREAM, Contained, Containments
from gateway.engine.response.containing import OwnersOf
from gateway.keep.accounts import Accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertness:
    """As the ledger has it, and as it grows."""

    containments: Containments
    alarms: Alarms
    ear: Ear
    owners: OwnersOf
    """Whose an SSH key is."""


class Door(Protocol):
    """Where somebody may be inside."""

    def show_out(self, is_barred: Callable[[str, str], bool]) -> None:
        """End at once every session whose person, or the key they came in with, is barred."""
        ...


def alertness_of(office: Office, accounts: Accounts) -> Alertness:
    """Every containment and alarm so far."""
    stopped, sounded = office.archive.story(STREAM), office.archive.story(ALARMS)
    return Alertness(
        containments=Containments(stopped.facts if stopped else ()),
        alarms=Alarms(sounded.facts if sounded else ()),
        ear=Ear(clock=office.clock),
        owners=accounts.owners,
    )


def show_out_of(doors: Sequence[Door], containments: Containments) -> None:
    """From now on, whoever is contained is shown out the moment it counts."""

    def is_barred(person: str, key: str) -> bool:
        return containments.bars(person) is not None or bool(key and containments.bars_key(key))

    def hear(_: Contained) -> None:
        for door in doors:
            door.show_out(is_barred)

    containments.heard_by.append(hear)
