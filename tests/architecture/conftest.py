"""The house as text and as syntax trees, read once; and a report of what is larger than we like."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOFT_FILE, SOFT_FUNCTION = 150, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file of ours, read and parsed."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its place from the root: `gateway/judge/decide.py`."""
        return self.path.relative_to(ROOT).as_posix()

    def functions(self) -> Iterator[tuple[str, int]]:
        """Each function and its length in lines, from `def` to its last line, docstring left out."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Each call by its dotted name, and the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and (name := _dotted(node.func)):
                yield name, node.lineno


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Every Python file under `folder`, in order."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        found.append(Module(path=path, text=text, tree=ast.parse(text)))
    return tuple(found)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def house() -> tuple[Module, ...]:
    return modules("gateway")


@pytest.fixture(scope="session")
def suite() -> tuple[Module, ...]:
    return modules("tests")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The soft limits of STYLE §3, reported and not enforced."""
    files = [(module.text.count("\n"), module.name) for module in modules("gateway")]
    functions = [
        (lines, f"{module.name} {name}") for module in modules("gateway") for name, lines in module.functions()
    ]
    for what, sizes, soft in (("files", files, SOFT_FILE), ("functions", functions, SOFT_FUNCTION)):
        large = sorted((size for size in sizes if size[0] > soft), reverse=True)
        largest = ", ".join(f"{name} {lines}" for lines, name in large[:3])
        terminalreporter.write_line(f"sizes: {len(large)} of {len(sizes)} {what} over {soft} lines ({largest})")


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return ""
