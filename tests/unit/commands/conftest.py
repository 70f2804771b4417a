"""What the tests of the auditor's commands share: an office with a past."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.audited import Past, laid_out
from tests.unit.commands.rule_office import RuleOffice


@pytest.fixture(scope="session")
def laid_out_once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture
def past(laid_out_once: Past, tmp_path: Path) -> Past:
    """A copy of its own for each test."""
    folder = tmp_path / "office"
    shutil.copytree(laid_out_once.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
    return replace(laid_out_once, folder=folder)


@pytest.fixture(scope="session")
def rule_office_once(tmp_path_factory: pytest.TempPathFactory) -> RuleOffice:
    return RuleOffice.laid_out(tmp_path_factory.mktemp("ruled") / "office")


@pytest.fixture
def ruled(rule_office_once: RuleOffice, tmp_path: Path) -> RuleOffice:
    """An office of its own for each test, as `init` laid it out."""
    return rule_office_once.copied(tmp_path / "office")
