"""A part started by hand, without the socket systemd would hold for it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.commands.main import sealgate


@pytest.mark.parametrize("name", ["scribe", "workshop"])
def test_without_a_socket_it_says_who_starts_it(name: str) -> None:
    """It waits nowhere, and the sentence names what does. With one it is tried in story 64."""
    result = CliRunner().invoke(sealgate, ["part", name])

    assert 5 == result.exit_code
    assert "systemctl start" in result.stderr
    assert "" == result.stdout
