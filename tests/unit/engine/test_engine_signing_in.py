"""Signing in with a password: right, wrong, unknown, and after the last day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.engine.policy import InForce
from gateway.engine.signing_in import SignIn
from tests.unit.engine.engine_world import DAY, JO, JumpingClock, rules


class Door:
    """Signing in with one password that is right, at a time of our choosing."""

    def __init__(self) -> None:
        self.clock, self.asked = JumpingClock(), list[str]()
        self.sign_in = SignIn(rules=InForce(rules()), clock=self.clock, check=self._check)

    def _check(self, login: str, secret_password: str) -> bool:
        self.asked.append(login)
        return secret_password == "right"

    def name(self, login: str, secret_password: str) -> str:
        party = asyncio.run(self.sign_in.with_password(login, secret_password, "192.0.2.9"))
        return party.person if party else ""


def test_right_is_right_for_whom_the_rules_know() -> None:
    """A person signs in under any case of their address; a right password does not make a person."""
    door = Door()

    assert (JO, JO) == (door.name(JO, "right"), door.name("JO@Town.test", "right"))
    assert "" == door.name("ghost@town.test", "right")


def test_unknown_and_wrong_cost_the_same_check() -> None:
    """Each attempt asks for one password, whoever it is for."""
    door = Door()
    door.name(JO, "wrong")
    door.name("ghost@town.test", "wrong")

    assert [JO, "ghost@town.test"] == door.asked


def test_an_account_ends_with_its_last_day() -> None:
    """On the day itself it counts, the day after it does not."""
    door = Door()
    last = int(datetime(2027, 12, 31, 12, tzinfo=UTC).timestamp()) * 1000
    door.clock.at_ms = last
    assert JO == door.name(JO, "right")
    door.clock.at_ms = last + DAY

    assert "" == door.name(JO, "right")


def test_the_log_names_no_stranger(caplog: pytest.LogCaptureFixture) -> None:
    """What was typed as a name may be a password: the line has the source and nothing else."""
    Door().name("CANARY@town.test", "CANARY")

    assert "source=192.0.2.9" in caplog.text
    assert "CANARY" not in caplog.text
