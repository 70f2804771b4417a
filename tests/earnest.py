"""A trial office as a real one: who has not signed in sees nobody's particulars."""

from __future__ import annotations

from pathlib import Path

TRIAL = ', unsigned = "auditor"'


def in_earnest(folder: Path) -> None:
    """Take out what `init --loopback` gives whoever tries an office; before its rules are published."""
    gateway = folder / "rules" / "gateway.toml"
    said = gateway.read_text("utf-8")
    if TRIAL not in said:
        raise AssertionError("a trial office says that it is one")
    gateway.write_text(said.replace(TRIAL, ""), "utf-8")
