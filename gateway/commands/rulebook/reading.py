"""The rule folder, as `rules check`, `test` and `explain` read it: the office's, or another that is given."""

from __future__ import annotations

import json
from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from gateway.commands.rulefolder import read_folder
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, day
from gateway.judge.rulebook import Rulebook

INVALID = 3


def today(rulebook: Rulebook | None) -> date:
    """Today where the office is; in UTC while its rules, or the machine, cannot say where that is."""
    now_ms = SystemClock().now_ms()
    try:
        return day(now_ms, ZoneInfo(rulebook.gateway.office.zone) if rulebook else UTC)
    except (ZoneInfoNotFoundError, ValueError):
        return day(now_ms)


def rules_of(setting: Setting | None) -> Path:
    """Where the office's rules lie."""
    return (setting.folder if setting else Path()) / "rules"


def loaded(context: click.Context, folder: Path | None) -> Rulebook:
    """The rules of that folder, or else of the office; every mistake and exit 3 if they do not load."""
    found = read_folder(folder or rules_of(context.obj))
    if isinstance(found, Rulebook):
        return found
    for problem in found:
        click.echo(str(problem), err=True)
    context.exit(INVALID)


def tell(value: dict[str, object]) -> None:
    """One JSON object, on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
