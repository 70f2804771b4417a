"""The gateway's link to its scribe: the records are open first, and nothing is signed before it is told to begin."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.commands.office import alone, opened
from gateway.commands.scribe import BEGIN, OPENED, write_for
from gateway.commands.scribelink import linked
from gateway.commands.setting import Setting
from gateway.errors import InUse, Misconfigured, StoreAway
from gateway.keep.sqlite import SqliteRecords
from tests.unit.commands.rule_office import RuleOffice


def answers(place: Path, serve: Callable[[socket.socket], None]) -> threading.Thread:
    """Somebody listens there and does this for the first who comes."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(place))
    listener.listen(1)

    def once() -> None:
        with listener, listener.accept()[0] as sock:
            serve(sock)

    thread = threading.Thread(target=once)
    thread.start()
    return thread


def heads(ruled: RuleOffice) -> int:
    with opened(ruled.setting) as office:
        head = office.records.since(0, 0).head
        return head.size if head else 0


def test_a_child_has_opened_the_records_and_signs_nothing_unbidden(ruled: RuleOffice) -> None:
    """Its log stands beside the records while it waits; a gateway that goes away leaves the ledger as it was."""
    before = heads(ruled)

    with linked(ruled.folder, None) as link:
        logs = [path.name for path in (ruled.folder / "var" / "records").glob("*-wal")]
        assert link.process is not None
        assert link.process.poll() is None

    assert ["records.db-wal"] == logs
    assert link.process.returncode == 0
    assert before == heads(ruled)


def test_what_keeps_it_from_opening_them_is_said_here(ruled: RuleOffice, tmp_path: Path) -> None:
    """The sentence is the scribe's own, whoever's child it is."""
    (ruled.folder / "var" / "keys" / "office.key").unlink()
    serving = answers(tmp_path / "scribe.sock", lambda sock: write_for(sock, ruled.folder))

    with (
        pytest.raises(Misconfigured, match=r"office\.key cannot be read"),
        linked(ruled.folder, tmp_path / "scribe.sock"),
    ):
        pass
    serving.join(30)


def test_a_second_writer_is_not_waited_for_forever(
    ruled: RuleOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process writes, the scribe waits its patience, then says who is in the way."""
    monkeypatch.setattr("gateway.commands.scribe.PATIENCE_S", 0.0)
    serving = answers(tmp_path / "scribe.sock", lambda sock: write_for(sock, ruled.folder))
    records = SqliteRecords(ruled.folder / "var" / "records" / "records.db")
    try:
        with pytest.raises(InUse), linked(ruled.folder, tmp_path / "scribe.sock"):
            pass
    finally:
        records.close()
        serving.join(30)


@pytest.mark.parametrize("said", [b"", b"\0\0", b"\0\0\0\0"])
def test_who_is_no_scribe_is_not_believed(said: bytes, tmp_path: Path) -> None:
    """It hangs up, breaks off, or says nothing in so many words."""
    serving = answers(tmp_path / "scribe.sock", lambda sock: sock.sendall(said))

    with pytest.raises(StoreAway), linked(tmp_path, tmp_path / "scribe.sock"):
        pass
    serving.join(30)


def test_where_nobody_listens_the_units_are_named(tmp_path: Path) -> None:
    """The sentence says what to look at."""
    with pytest.raises(Misconfigured, match=r"sealgate-scribe\.socket"), linked(tmp_path, tmp_path / "scribe.sock"):
        pass


def test_it_begins_when_told(ruled: RuleOffice, tmp_path: Path) -> None:
    """And not before: the one byte that lets it sign comes from the gateway."""
    heard: list[bytes] = []

    def serve(sock: socket.socket) -> None:
        sock.sendall(OPENED)
        heard.append(sock.recv(10))

    serving = answers(tmp_path / "scribe.sock", serve)
    with alone(Setting(folder=ruled.folder)), linked(ruled.folder, tmp_path / "scribe.sock") as link:
        assert [] == heard
        link.begin()
        serving.join(30)

    assert [BEGIN] == heard
