"""Prometheus' own judgement of the alerts we ship."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ALERTS = Path(__file__).parents[2] / "systemd"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"),
]


@pytest.mark.parametrize(("verb", "name"), [("check", "sealgate.rules.yml"), ("test", "sealgate.rules.test.yml")])
def test_promtool_accepts_the_alerts(verb: str, name: str) -> None:
    """They parse; each is silent while all is well, and says what is wrong and what to run when it is not."""
    result = subprocess.run(
        ["promtool", verb, "rules", name], cwd=ALERTS, capture_output=True, text=True, timeout=60, check=False
    )

    assert 0 == result.returncode, result.stdout + result.stderr
