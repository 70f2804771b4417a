"""The sample office's rules with some text replaced: as a rulebook, and by a program that stands for an editor."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.judge.rulebook import Rulebook, read

TRANSFERS, PEOPLE, PARTNERS = "transfers.toml", "people.toml", "partners.toml"
TEXTS = {
    path.name: path.read_text("utf-8")
    for path in (Path(__file__).parents[1] / "rules").glob("*.toml")
    if ".test." not in path.name  # what the sample must say, changed rules need not
}
Edit = tuple[str, str, str]
"""A file, what it says, and what it is to say instead."""


def texts(*edits: Edit) -> dict[str, str]:
    """The files; each edit changes the first place that reads like this."""
    found = dict(TEXTS)
    for name, old, new in edits:
        assert old in found[name], f"{name} does not say {old!r}"
        found[name] = found[name].replace(old, new, 1)
    return found


def book(*edits: Edit) -> Rulebook:
    """The rulebook."""
    found = read(texts(*edits))
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def editor(folder: Path, *turns: tuple[Edit, ...]) -> str:
    """The command of an editor that makes these edits, one turn each time it is run; after the last, none."""
    program, count = folder / "editor.py", folder / "turns"
    count.write_text("0")
    program.write_text(
        f"from pathlib import Path\n\ncount = Path({str(count)!r})\nturn = int(count.read_text())\n"
        f"count.write_text(str(turn + 1))\n"
        f"for name, old, new in dict(enumerate({turns!r})).get(turn, ()):\n"
        "    path = Path(name)\n    text = path.read_text()\n    assert old in text, old\n"
        "    path.write_text(text.replace(old, new, 1))\n"
    )
    return f"{sys.executable} {program}"


def turns(folder: Path) -> int:
    """How often that editor was run."""
    return int((folder / "turns").read_text())
