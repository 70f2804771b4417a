"""STYLE §3: trouble lives in the tail, so the tail is limited."""

from __future__ import annotations

from typing import Any

HARD_FILE, HARD_FUNCTION = 400, 50

EXCEPTIONS: dict[str, str] = {
    # "gateway/folder/file.py" or "gateway/folder/file.py function": why splitting it would hide the algorithm
}


def test_no_file_is_over_the_hard_limit(house: Any) -> None:
    """A file of ours has at most 400 lines, unless it stands in the list of exceptions with a reason."""
    sizes = {module.name: module.text.count("\n") for module in house}

    assert {} == {name: lines for name, lines in sizes.items() if lines > HARD_FILE and name not in EXCEPTIONS}


def test_no_function_is_over_the_hard_limit(house: Any) -> None:
    """A function of ours has at most 50 lines, unless it stands in the list of exceptions with a reason."""
    sizes = {f"{module.name} {name}": lines for module in house for name, lines in module.functions()}

    assert {} == {name: lines for name, lines in sizes.items() if lines > HARD_FUNCTION and name not in EXCEPTIONS}


def test_no_exception_outlives_its_reason(house: Any) -> None:
    """What is exempt from a limit still breaks it."""
    large = {module.name for module in house if module.text.count("\n") > HARD_FILE}
    large |= {f"{m.name} {name}" for m in house for name, lines in m.functions() if lines > HARD_FUNCTION}

    assert set() == EXCEPTIONS.keys() - large
