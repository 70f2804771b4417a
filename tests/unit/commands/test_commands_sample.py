"""The sample office travels with the code."""

from __future__ import annotations

from gateway.commands.sample import sample_rules


def test_the_sample_office_is_complete() -> None:
    """Every file the stations read is there, and the rules' own tests."""
    expected = {
        "gateway.toml", "labels.toml", "metadata.toml", "partners.toml", "people.toml", "protection.toml",
        "retention.toml", "routes.toml", "transfers.test.toml", "transfers.toml",
    }  # fmt: skip

    assert expected == sample_rules().keys()
