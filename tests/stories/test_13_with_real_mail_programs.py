"""With real mail programs.

What a test's own client sends is what the test's author expects. Staff use programs with habits of their own: how they
greet, sign in, fold, encode and hang up. Each of these is installed by somebody else, sends one message through the
gateway, and gpg reads it at the other end.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.house import JO, House
from tests.world import MailClient, by_msmtp, by_mutt, by_smtplib, by_swaks, by_swaks_at_once

PROGRAMS: dict[str, Callable[[MailClient, str, str], None]] = {
    "smtplib": by_smtplib,
    "swaks": by_swaks,
    "swaks-implicit-tls": by_swaks_at_once,
    "mutt": by_mutt,
    "msmtp": by_msmtp,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_arrives_and_gpg_reads_it(name: str, town: House) -> None:
    """STARTTLS or TLS at once, AUTH, one message with the program's own habits: read by gpg at the receiver."""
    program = name.partition("-")[0]
    if program != "smtplib" and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    address = f"{name}@court.test"
    receiver = town.meets(address)

    PROGRAMS[name](town.staff(JO), address, f"CANARY sent by {name}")

    (arrived,) = town.outside().awaits(address)
    assert f"CANARY sent by {name}".encode() in receiver.reads(arrived)
    assert b"CANARY" not in arrived
