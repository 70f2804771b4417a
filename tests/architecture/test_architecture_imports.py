"""STYLE §2: the layers, enforced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_import_contracts_are_kept(root: Path) -> None:
    """Arrows run one way, pure stations touch nothing, siblings are strangers, the verifier stands alone.

    In a process of its own: import-linter configures logging and silences every logger that already exists.
    """
    command = [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports_command as lint; lint()"]

    linted = subprocess.run([*command, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)

    assert 0 == linted.returncode, linted.stdout + linted.stderr
