"""What an import contract cannot see: who may make what, and what nobody calls."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

MAKERS = {
    "Parcel": r"gateway/seal/.*",  # only seal makes one, so ship can only carry what was sealed
    "Receipt": r"gateway/engine/scribe\.py",  # only the scribe gives one, so nothing unwritten is acknowledged
}

BANNED = {
    r"(datetime\.)?datetime\.(now|utcnow|today)|(datetime\.)?date\.today|time\.time(_ns)?": r"gateway/engine/clock\.py",
    r"asyncio\.(create_task|ensure_future|shield)|loop\.create_task": None,
    r"(pickle|marshal|shelve)\..*|eval|exec|os\.system|os\.popen": None,
}


@pytest.mark.parametrize("noun", MAKERS)
def test_only_its_maker_makes(noun: str, house: Any) -> None:
    """A type that is evidence is made where the thing it is evidence of happens, and nowhere else."""
    strays = [
        f"{module.name}:{line}"
        for module in house
        if not re.fullmatch(MAKERS[noun], module.name)
        for name, line in module.calls()
        if name.rpartition(".")[2] == noun
    ]

    assert [] == strays


@pytest.mark.parametrize("banned", BANNED)
def test_nobody_calls_what_is_banned(banned: str, house: Any) -> None:
    """Time comes as a value, tasks live in groups, nothing read can run code."""
    allowed = BANNED[banned]
    strays = [
        f"{module.name}:{line} {name}"
        for module in house
        if allowed is None or not re.fullmatch(allowed, module.name)
        for name, line in module.calls()
        if re.fullmatch(banned, name)
    ]

    assert [] == strays


def test_no_command_goes_through_a_shell(house: Any) -> None:
    """No call passes `shell=` anything but False."""
    strays = [
        f"{module.name}:{node.lineno}"
        for module in house
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
    ]

    assert [] == strays
