"""The doors' pair: shown whole or not at all, and looked at for a change."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.commands.authority import THIS_MACHINE, issue, make_authority
from gateway.commands.certificates import glance, shown
from gateway.errors import Misconfigured

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def certs(tmp_path: Path) -> Path:
    make_authority(tmp_path, ("town.test",), now=NOW)
    issue(tmp_path, "gateway", THIS_MACHINE, now=NOW)
    issue(tmp_path, "other", THIS_MACHINE, now=NOW)
    return tmp_path


def test_it_says_when_what_it_shows_ends(certs: Path) -> None:
    """The end that is measured is that of the pair in the context, and after it there is no context."""
    _, ends = shown(certs, now=NOW)

    assert ends > NOW
    with pytest.raises(Misconfigured, match="not today; renew it"):
        shown(certs, now=ends + timedelta(seconds=1))


def test_half_a_new_pair_is_none(certs: Path) -> None:
    """Between the two files of a renewal the old context stays: this one is refused."""
    os.replace(certs / "other.pem", certs / "gateway.pem")

    with pytest.raises(Misconfigured, match="do not belong together"):
        shown(certs, now=NOW)


@pytest.mark.parametrize("name", ["gateway.pem", "gateway.key"])
def test_either_half_shows_as_a_change(certs: Path, name: str) -> None:
    """So that the second half of a renewal is looked at again, whichever came first."""
    before = glance(certs)
    os.replace(certs / name.replace("gateway", "other"), certs / name)

    assert before != glance(certs)


def test_a_missing_half_is_a_change_too(certs: Path) -> None:
    """And no reason to fall over."""
    before = glance(certs)
    (certs / "gateway.key").unlink()

    assert before != glance(certs)
