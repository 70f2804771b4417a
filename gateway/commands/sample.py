"""The sample office's rules: what `sealgate init` lays out and the README shows.

Rules end by themselves, and so do the sample's. An office laid out after the first of them has ended gets the same
rules with every date moved: what was in force when they were written is in force, what had lapsed has lapsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from gateway.commands.glance import rules_in
from gateway.errors import Misconfigured

WRITTEN = date(2026, 11, 23)
"""The day on which the sample says what it is meant to say: the `on` of its own expectations."""
FIRST_END = date(2026, 12, 31)

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_PACKAGE = Path(__file__).parents[1]


def sample_rules() -> dict[str, str]:
    """Every rule file of the sample office, name and text, in the order of the names."""
    installed, checkout = _PACKAGE / "sample" / "rules", _PACKAGE.parent / "rules"
    folder = installed if installed.is_dir() else checkout
    rules = rules_in(folder)
    if not rules:
        raise Misconfigured("the sample rules are missing from this installation: install sealgate again")
    return rules


def as_of(today: date, rules: Mapping[str, str]) -> dict[str, str]:
    """The sample as it would have been written today."""
    if today <= FIRST_END:
        return dict(rules)
    later = today - WRITTEN
    return {
        name: _DATE.sub(lambda found: str(date.fromisoformat(found.group()) + later), text)
        for name, text in rules.items()
    }
