"""STYLE §1 and §4: a file is named for the thing inside, and a unit test for the file it tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

PATTERNS = re.compile(r"(utils?|common|helpers?|core|managers?|services?|base|impl|misc)(\.py)?")


def test_no_file_is_named_for_a_pattern(house: Any, root: Path) -> None:
    """There is no `utils`, `common`, `helpers`, `core`, `manager` or `service`, as file or as folder."""
    parts = {part for module in house for part in module.path.relative_to(root).parts}

    assert set() == {part for part in parts if PATTERNS.fullmatch(part)}


def test_every_unit_test_mirrors_a_module(root: Path) -> None:
    """`unit/judge/test_judge_decide.py` (or `test_decide.py`) is about `gateway/judge/decide.py`, which exists."""
    unit = root / "tests" / "unit"
    orphans = []
    for test in sorted(unit.rglob("test_*.py")):
        folder = test.parent.relative_to(unit)
        name = test.stem.removeprefix("test_")
        short = name.removeprefix("_".join(folder.parts) + "_")
        if not any(_exists(root / "gateway" / folder / stem) for stem in (name, short)):
            orphans.append(test.relative_to(root).as_posix())

    assert [] == orphans


def test_every_test_says_what_it_shows(suite: Any) -> None:
    """The docstring of a test states the behaviour in one sentence."""
    silent = [
        f"{module.name} {node.name}"
        for module in suite
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert [] == silent


def test_a_package_file_holds_no_logic(house: Any) -> None:
    """An `__init__.py` holds a docstring, types, a Protocol or an ordered tuple; never a function of its own."""
    busy = [
        f"{module.name} {node.name}"
        for module in house
        if module.path.name == "__init__.py"
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert [] == busy


def test_every_module_says_what_it_is(house: Any) -> None:
    """The module docstring says what this is, promises and does not do."""
    assert [] == [module.name for module in house if not ast.get_docstring(module.tree)]


def _exists(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
