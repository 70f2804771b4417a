"""Waiting for a scanner: whoever judges is woken once, when it answers again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gateway.engine.policy import InForce
from gateway.engine.scanning.answer import Answer, Clean, Unscanned, Why
from gateway.engine.scanning.awaiting import Awaiting
from gateway.engine.scanning.examination import Examination
from tests.unit.engine.engine_world import rules

SCANNED = ("gateway.toml", "[door]", 'scan = { clamd = "/run/clamav/clamd.ctl" }\n[door]')


class Switched:
    """A scanner with a switch."""

    def __init__(self) -> None:
        self.is_on = False
        self.asked = 0

    async def version(self) -> str | Unscanned:
        self.asked += 1
        return "ClamAV 0" if self.is_on else Unscanned(Why.AWAY)

    async def scan(self, untrusted: AsyncIterator[bytes]) -> Answer:
        return Clean()


def waiting(switched: Switched, *changes: tuple[str, str, str]) -> tuple[Awaiting, list[str]]:
    """The chore, and how often it has woken anybody."""
    woken: list[str] = []
    examination = Examination(rules=InForce(rules(*changes)), scanner_at=lambda place: switched)
    return Awaiting(examination=examination, look=lambda: woken.append("look")), woken


def test_who_is_there_is_not_asked_whether() -> None:
    """Nothing to do while all is well: no question every few seconds."""
    switched = Switched()
    chore, woken = waiting(switched, SCANNED)

    asyncio.run(chore.turn())

    assert (0, []) == (switched.asked, woken)


def test_back_again_everybody_is_woken_once() -> None:
    """Away it is asked at every turn; at its first answer all that waits is looked at, and then no more."""
    switched = Switched()
    chore, woken = waiting(switched, SCANNED)
    chore.examination.is_away = True

    for is_on in (False, False, True, True):
        switched.is_on = is_on
        asyncio.run(chore.turn())

    assert (3, ["look"]) == (switched.asked, woken)


def test_rules_that_name_none_any_more_end_the_wait() -> None:
    """What waited for a scanner the office has given up is looked at under the rules it has now."""
    switched = Switched()
    chore, woken = waiting(switched)
    chore.examination.is_away = True

    asyncio.run(chore.turn())

    assert (0, ["look"]) == (switched.asked, woken)
