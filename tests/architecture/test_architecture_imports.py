"""STYLE §2: the layers, enforced."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_the_import_contracts_are_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arrows run one way, pure stations touch nothing, siblings are strangers, the verifier stands alone."""
    monkeypatch.chdir(root)

    status = lint_imports(config_filename="pyproject.toml", no_cache=True)

    assert EXIT_STATUS_SUCCESS == status, capsys.readouterr().out
