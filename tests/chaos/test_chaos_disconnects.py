"""The client goes away around the final dot: all of the message is kept, or nothing (`reliability.md` P5.4, B18)."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from tests.chaos.counting import EVERYTHING, SENDER
from tests.chaos.sink import Sink
from tests.chaos.trial import GONE, Load, Round
from tests.house import House
from tests.world import eventually

STRANGER = "vic@stranger.test"
END = b"\r\n.\r\n"
LARGE = 600_000
LEAVINGS = ("close", "reset", "half")


def _content(message_id: str, size: int) -> bytes:
    header = f"From: {SENDER}\r\nTo: {STRANGER}\r\nSubject: [office] CANARY\r\nMessage-ID: {message_id}\r\n\r\n"
    return (
        header.encode() + b"CANARY and so on, up to the very end of the line.\r\n" * (1 + size // 51) + b"the last line"
    )


def _leave(session: smtplib.SMTP, how: str) -> bytes:
    """Go; what was said to us afterwards, if we could still hear it."""
    sock = session.sock
    assert isinstance(sock, ssl.SSLSocket)
    said = b""
    if how == "half":
        sock.settimeout(10)
        socket.socket.shutdown(sock, socket.SHUT_WR)
        with suppress(OSError):
            said = sock.recv(4096)
    elif how == "heard":
        said = sock.recv(4096)
    if how in ("reset", "heard"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    session.sock = None
    session.file = None
    return said


def _hand_in(house: House, sent: bytes, how: str) -> bytes:
    """Say so much of a message's content and go."""
    session = smtplib.SMTP("localhost", house.base + 587, timeout=30)
    session.starttls(context=ssl.create_default_context(cafile=str(house.ca)))
    session.login(SENDER, house.passwords[SENDER])
    session.mail(SENDER)
    session.rcpt(STRANGER)
    assert 354 == session.docmd("DATA")[0]
    session.send(sent)
    return _leave(session, how)


def _kept(house: House) -> dict[str, int]:
    """The size of every message that has facts, by Message-ID."""
    with opened(Setting(folder=house.folder)) as office:
        stories = [
            office.archive.story(name) for name in office.records.find((), limit=EVERYTHING) if name.startswith("T-")
        ]
    transfers = [story.journey.transfer for story in stories if story is not None]
    return {one.envelope.message_id: one.items[0].size_bytes for one in transfers if one.items}


@pytest.fixture
def round_(tmp_path: Path) -> Iterator[Round]:
    """An office that serves, and its sink."""
    house = House.laid_out(tmp_path)
    certs = house.folder / "certs"
    sink = Sink(house.base + 2525, certs / "outside.pem", certs / "outside.key")
    sink.start()
    house.opens()
    yield Round(house, sink, Load(house, 0))
    house.dies()
    sink.stop()


@pytest.mark.chaos
@pytest.mark.parametrize("size", [pytest.param(0, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.slow)])
def test_who_leaves_before_the_dot_leaves_nothing(round_: Round, size: int) -> None:
    """Cut anywhere before the last byte of the end, whichever way, nothing of the message is kept."""
    cuts = (1, 2, 3, 4, 5, 20, 200)
    for how in LEAVINGS:
        for cut in cuts:
            whole = _content(f"<{os.urandom(8).hex()}@town.test>", size) + END
            assert not _hand_in(round_.house, whole[:-cut], how).startswith(b"250")
    result = round_.settles()
    assert result.is_clean, result.faults
    assert {} == _kept(round_.house)
    assert [] == [path for path in (round_.house.folder / "var" / "blobs").rglob("*") if path.is_file()]
    assert [] == round_.sink.payloads


@pytest.mark.chaos
@pytest.mark.parametrize("size", [pytest.param(0, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.slow)])
def test_who_leaves_behind_the_dot_leaves_all_or_nothing(round_: Round, size: int) -> None:
    """Gone right behind the end, the whole message is kept and arrives once, or nothing is; a `250` means kept."""
    wanted: dict[str, int] = {}
    promised: set[str] = set()
    # Of a large message much is still on its way when the peer closes, and TLS drops it: most often nothing is kept.
    for how in (*LEAVINGS * 4, "heard"):
        message_id = f"<{os.urandom(8).hex()}@town.test>"
        content = _content(message_id, size)
        wanted[message_id] = len(content) + 2
        if _hand_in(round_.house, content + END, how).startswith(b"250"):
            promised.add(message_id)
    eventually(lambda: len(round_.sink.payloads) >= len(wanted), 3)  # every one may have been lost to a reset
    eventually(lambda: set(_kept(round_.house)) <= {one.message_id for one in round_.sink.payloads if one.taken_ms}, 20)
    result = round_.settles()
    assert result.is_clean, result.faults
    kept = _kept(round_.house)
    assert promised <= set(kept)
    assert {message_id: wanted[message_id] for message_id in kept} == kept
    arrived = [one.message_id for one in round_.sink.payloads if one.sha256]
    assert sorted(kept) == sorted(arrived)
    assert kept, "not one was kept: this shows nothing"


@pytest.mark.chaos
def test_who_leaves_between_commands_leaves_nothing(round_: Round) -> None:
    """Gone after MAIL, RCPT or DATA, nothing is kept."""
    for steps in (("MAIL",), ("MAIL", "RCPT"), ("MAIL", "RCPT", "DATA")):
        for how in LEAVINGS:
            session = smtplib.SMTP("localhost", round_.house.base + 587, timeout=30)
            session.starttls(context=ssl.create_default_context(cafile=str(round_.house.ca)))
            session.login(SENDER, round_.house.passwords[SENDER])
            said = {"MAIL": f"MAIL FROM:<{SENDER}>", "RCPT": f"RCPT TO:<{STRANGER}>", "DATA": "DATA"}
            try:
                for step in steps:
                    session.docmd(said[step])
            except GONE as why:
                raise AssertionError("it went first") from why
            _leave(session, how)
    result = round_.settles()
    assert result.is_clean, result.faults
    assert {} == _kept(round_.house)
