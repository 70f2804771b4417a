"""The machine's clock put forward, for verbs that run in the test's own process."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.commands.retention.verb import retention
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, day
from tests.audited import Past

MONTH = 31
_machine_ms = SystemClock.now_ms


def passes(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """It is so many days later."""
    monkeypatch.setattr(SystemClock, "now_ms", lambda clock: _machine_ms(clock) + days * 86_400_000)


def today() -> date:
    return day(SystemClock().now_ms())


def in_days(days: int) -> str:
    return (day(_machine_ms(SystemClock())) + timedelta(days)).isoformat()


def asked(past: Past, *words: str) -> Result:
    return CliRunner().invoke(retention, list(words), obj=Setting(folder=past.folder), catch_exceptions=False)


def told(past: Past, *words: str) -> Any:
    result = asked(past, *words, "--json")
    assert 0 == result.exit_code, result.output
    return json.loads(result.stdout)
