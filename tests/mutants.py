"""Does the suite notice when the judge is wrong? Cosmic Ray's mutations of a module, each against the tests about it.

`python -m tests.mutants decide prove [--seconds N] [--all]`, in a copy of the tree: it writes nothing, but a mutant may
do anything. The tests are collected once; every mutant is patched into a forked child, which runs them until one fails.
Left out, because a patch cannot reach them: annotations, decorators, and the fields of a class. Of the eleven ways to
replace one `&` or `|`, two are drawn; `--all` takes every one.
"""

from __future__ import annotations

import ast
import importlib
import os
import random
import resource
import signal
import sys
import time
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

UNIT, PROPERTIES = "tests/unit/judge/test_judge_", "tests/properties/test_judge_"
DECIDING = (
    PROPERTIES + "verdict.py",
    UNIT + "decide.py",
    UNIT + "ruling.py",
    UNIT + "case.py",
    PROPERTIES + "decide.py",
)
TESTS: dict[str, Sequence[str]] = {
    **dict.fromkeys(("decide", "ruling", "nearest", "fulfilment", "case"), DECIDING),
    "sieve": [PROPERTIES + "verdict.py", UNIT + "decide.py"],
    "prove": [UNIT + "prove.py", UNIT + "prooftext.py", UNIT + "oddities.py", UNIT + "stranded.py"],
    "boxes": [UNIT + "boxes.py", UNIT + "prove.py"],
    "permitted": [UNIT + "permitted.py", UNIT + "oddities.py", UNIT + "prove.py", UNIT + "stranded.py"],
    "universe": [UNIT + "universe.py", UNIT + "prove.py", UNIT + "oddities.py"],
    "oddities": [UNIT + "oddities.py", UNIT + "stranded.py"],
    "stranded": [UNIT + "stranded.py", UNIT + "oddities.py"],
}
SLOW = "situation_breaks_it or every_situation or harder or order_of or cedar or z3"
"""By name: tests that take seconds, and find what the others find."""
WAIT_S, CPU_S, MEMORY_BYTES = 60, 25, 2 << 30
EXAMPLES = 25
"""Of each property: enough to notice, few enough to do it a thousand times."""


def main(words: Sequence[str]) -> None:
    """One row a module, then its survivors."""
    seconds = float(words[words.index("--seconds") + 1]) if "--seconds" in words else 600.0
    print("| Module | Mutants | Run | Killed | Survived |\n|---|---|---|---|---|")
    for name in (word for word in words if word in TESTS):
        if pid := os.fork():  # a suite of its own for each: what one patched, the next must not see
            os.waitpid(pid, 0)
        else:
            report(name, seconds, per_place=11 if "--all" in words else 2)
            os._exit(0)


def report(name: str, seconds: float, *, per_place: int) -> None:
    """Run the mutants of one module for at most so long."""
    suite = Suite(name)
    if suite.survives(suite.source):
        mutants, left_out = suite.mutants(per_place)
        ends, survivors, run = time.monotonic() + seconds, [], 0
        for row, operator, mutated in mutants:
            if time.monotonic() > ends:
                break
            run += 1
            if suite.survives(mutated):
                survivors.append((row, operator, changed_line(suite.source, mutated)))
        known = f"{len(mutants)} (of {len(mutants) + left_out})"
        print(f"| `judge/{name}` | {known} | {run} | {run - len(survivors)} | {len(survivors)} |")
        for row, operator, line in sorted(survivors):
            print(f"  {name}.py:{row} {operator}: {line}")
    else:
        print(f"{name}: its tests fail without a mutant")
    sys.stdout.flush()


class Suite:
    """The tests about one module, collected, and the module to patch."""

    def __init__(self, name: str) -> None:
        from _pytest.config import _prepareconfig
        from _pytest.main import Session

        _hurry_properties()
        arguments = ["-o", "addopts=", "--import-mode=importlib", "-x", "-p", "no:cacheprovider", "-p", "no:terminal"]
        arguments += [
            "--hypothesis-seed=1",
            "--hypothesis-profile=mutants",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]
        self.config: Any = _prepareconfig([*arguments, "-m", "not slow", "-k", f"not ({SLOW})", *TESTS[name]])
        self.config._do_configure()
        self.session = Session.from_config(self.config)
        self.config.hook.pytest_sessionstart(session=self.session)
        with _silence():
            self.config.hook.pytest_collection(session=self.session)
        self.module: Any = importlib.import_module(f"gateway.judge.{name}")
        self.source = Path(self.module.__file__).read_text()

    def mutants(self, per_place: int) -> tuple[list[tuple[int, str, str]], int]:
        """Line, operator and source of each mutant, in random order but always the same; and how many are left out."""
        from cosmic_ray.ast import ast_nodes, get_ast  # type: ignore[import-not-found]
        from cosmic_ray.mutating import mutate_code  # type: ignore[import-not-found]
        from cosmic_ray.plugins import get_operator, operator_names  # type: ignore[import-not-found]

        tree, declared = get_ast(self.source), declarations(self.source)
        found: list[tuple[int, str, int]] = []
        places: dict[tuple[int, int], list[tuple[int, str, int]]] = {}
        left_out = 0
        # Those that need to be told names, or do nothing, are not for a whole module.
        for operator in sorted(set(operator_names()) - {"core/NoOp", "core/VariableInserter", "core/VariableReplacer"}):
            mutates = get_operator(operator)().mutation_positions
            positions = [place for node in ast_nodes(tree) for place in mutates(node)]
            for occurrence, (start, _) in enumerate(positions):
                spec = (start[0], operator, occurrence)
                if any(first <= start <= last for first, last in declared):
                    left_out += 1
                elif "ReplaceBinaryOperator" in operator:
                    places.setdefault(start, []).append(spec)
                else:
                    found.append(spec)
        dice = random.Random(1)
        for each in places.values():
            found += dice.sample(each, min(per_place, len(each)))
        dice.shuffle(found)
        made = [
            (row, operator, mutate_code(self.source, get_operator(operator)(), occurrence))
            for row, operator, occurrence in found
        ]
        return [(row, operator, text) for row, operator, text in made if text and text != self.source], left_out

    def survives(self, mutated: str) -> bool:
        """Whether all tests pass with the module so changed. Whatever takes too long is noticed too."""
        pid = os.fork()
        if not pid:
            code = 1
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
                code = self._run(mutated)
            finally:
                os._exit(code)
        ends = time.monotonic() + WAIT_S
        while time.monotonic() < ends:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return False

    def _run(self, mutated: str) -> int:
        with _silence():
            patch(self.module, mutated)
            try:
                self.config.hook.pytest_runtestloop(session=self.session)
            except Exception:
                return 1
            return 1 if self.session.testsfailed else 0


def patch(module: Any, source: str) -> None:
    """Give the functions of a module that is in use already the code of another version of it."""
    other: dict[str, Any] = {name: value for name, value in vars(module).items() if name.startswith("__")}
    exec(compile(source, module.__file__, "exec"), other)
    for name, value in other.items():
        was = vars(module).get(name)
        if isinstance(value, types.FunctionType) and isinstance(was, types.FunctionType):
            _patch_function(was, value)
        elif isinstance(value, type) and isinstance(was, type) and value.__module__ == module.__name__:
            for key, method in vars(value).items():
                new, old = _plain(method), _plain(vars(was).get(key))
                if new and old and new.__code__.co_filename == module.__file__:
                    _patch_function(old, new)
        elif not name.startswith("__") and not isinstance(value, type | types.ModuleType) and not callable(value):
            setattr(module, name, value)


def _patch_function(old: types.FunctionType, new: types.FunctionType) -> None:
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def _plain(method: object) -> types.FunctionType | None:
    inner = getattr(method, "__func__", None) or getattr(method, "fget", None) or method
    return inner if isinstance(inner, types.FunctionType) else None


def declarations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where the source declares: annotations, decorators, fields of a class."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        found += [part for name in ("annotation", "returns") if (part := getattr(node, name, None))]
        found += getattr(node, "decorator_list", [])
        if isinstance(node, ast.ClassDef):
            found += [part.value for part in node.body if isinstance(part, ast.AnnAssign) and part.value]
    return [((part.lineno, part.col_offset - 1), (part.end_lineno or 0, part.end_col_offset or 0)) for part in found]


def changed_line(before: str, after: str) -> str:
    """The first line that differs, as it is now."""
    lines = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((new.strip() for old, new in lines if old != new), "")


def _hurry_properties() -> None:
    import hypothesis

    original = hypothesis.settings.__init__

    def capped(self: Any, *given: Any, **named: Any) -> None:
        if (named.get("max_examples") or 0) > EXAMPLES:
            named["max_examples"] = EXAMPLES
        original(self, *given, **named)

    hypothesis.settings.__init__ = capped  # type: ignore[method-assign]
    hypothesis.settings.register_profile(
        "mutants", phases=(hypothesis.Phase.generate,), database=None, deadline=None, max_examples=EXAMPLES
    )


class _silence:
    """Nothing on the terminal while tests run."""

    def __enter__(self) -> None:
        sys.stdout.flush()
        self._kept = os.dup(1), os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.close(nowhere)

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()
        for target, kept in zip((1, 2), self._kept, strict=True):
            os.dup2(kept, target)
            os.close(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
