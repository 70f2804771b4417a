"""The sample office's rules: what `sealgate init` lays out and the README shows."""

from __future__ import annotations

from pathlib import Path

from gateway.commands.glance import rules_in
from gateway.errors import Misconfigured

_PACKAGE = Path(__file__).parents[1]


def sample_rules() -> dict[str, str]:
    """Every rule file of the sample office, name and text, in the order of the names."""
    installed, checkout = _PACKAGE / "sample" / "rules", _PACKAGE.parent / "rules"
    folder = installed if installed.is_dir() else checkout
    rules = rules_in(folder)
    if not rules:
        raise Misconfigured("the sample rules are missing from this installation: install sealgate again")
    return rules
