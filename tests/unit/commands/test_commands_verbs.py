"""Verbs are loaded when they are called for."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from gateway.commands.verbs import Verbs

PLACES = {"serve": "serve:serve", "held": "held:held"}


@click.group(cls=Verbs, places=PLACES)
def house() -> None:
    """Two verbs."""


def test_they_are_listed_as_the_places_are() -> None:
    """Help keeps the order in which the places stand, and has a line for each."""
    lines = CliRunner().invoke(house, ["--help"]).stdout.partition("Commands:")[2].split("\n")

    assert ["serve", "held"] == [line.split()[0] for line in lines if line]


def test_what_has_no_place_is_no_verb() -> None:
    """An unknown word is a usage error that names the likely verb."""
    result = CliRunner().invoke(house, ["hold"])

    assert (2, True) == (result.exit_code, "held" in result.stderr)


@pytest.mark.parametrize("verb", ["rules check", "held list", "ledger find"])
def test_only_what_is_called_for_is_loaded(verb: str) -> None:
    """A verb that reads a rule folder, or asks what waits or left, does not wait for a mail server to be imported."""
    program = (
        "import sys; from gateway.commands.main import sealgate\n"
        f"sealgate([*{verb.split()}, '--help'], standalone_mode=False)\n"
        "print(sorted(name for name in ('aiohttp', 'asyncssh', 'aiosmtpd', 'pikepdf') if name in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "[]" == found.stdout.split("\n")[-2]
