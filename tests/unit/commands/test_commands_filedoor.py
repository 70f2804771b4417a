"""The file door is made as the rules say."""

from __future__ import annotations

from gateway.commands.filedoor import settings_of
from gateway.commands.sample import sample_rules
from gateway.doors.sftp.settings import Settings
from gateway.judge.rulebook import Rulebook, read

LIMITS = """
[limits]
sftp-message-bytes = 40_000
file-bytes = 1_000_000
handles = 8
ssh-packet-bytes-before-sign-in = 34_000
ssh-packet-bytes = 200_000
"""


def test_without_limits_the_door_is_the_designs() -> None:
    """DESIGN §9's numbers stand where an office says nothing."""
    book = read(sample_rules())
    assert isinstance(book, Rulebook)

    assert Settings() == settings_of(book.gateway.limits)


def test_what_an_office_limits_is_limited() -> None:
    """Every limit of gateway.toml that is about files reaches the door."""
    rules = sample_rules()
    book = read(rules | {"gateway.toml": rules["gateway.toml"] + LIMITS})
    assert isinstance(book, Rulebook), book

    settings = settings_of(book.gateway.limits)

    assert (40_000, 1_000_000, 8) == (
        settings.bounds.message_bytes, settings.bounds.file_bytes, settings.bounds.handles,
    )  # fmt: skip
    assert (34_000, 200_000) == (settings.early_packet_bytes, settings.late_packet_bytes)
