"""The gate of handbook `files.md` §5, at the door of a gateway as it is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.house import House

AUDIT = shutil.which("ssh-audit") or str(Path(sys.executable).with_name("ssh-audit"))

pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(AUDIT).exists(), reason="ssh-audit is not installed"),
]
ALLOWED = {"curve25519-sha256", "curve25519-sha256@libssh.org"}
"""Not post-quantum: what clients from before 2024 need."""


def test_the_running_door_has_no_failure() -> None:
    """No failure, and no warning but that curve25519 is not post-quantum."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.opens()
            command = [AUDIT, "--skip-rate-test", "-n", "-p", str(house.base + 22), "127.0.0.1"]
            said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
        finally:
            house.ends()

    assert "(kex) mlkem768x25519-sha256" in said, said
    assert "[fail]" not in said, said
    warned = {line.split()[1] for line in said.splitlines() if "[warn]" in line and line.startswith("(")}
    assert warned <= ALLOWED, said
