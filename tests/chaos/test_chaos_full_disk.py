"""The disk is full, read-only or failing: nothing is acknowledged that is not kept, and it says so.

A disk without room is a state to live through: 4xx, and mail flows as soon as there is room. A failed sync is not:
what the page cache holds may be on no disk, so the gateway stops with exit code 5 and a sentence, and the next start
recovers.
"""

from __future__ import annotations

import os
import re
import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.counting import SENDER, is_at_rest
from tests.chaos.faults import need_strace
from tests.chaos.sink import Sink
from tests.chaos.tracer import attached, threads_of
from tests.chaos.trial import GONE, Load, Round
from tests.house import ROOT, SEALGATE, House
from tests.world import eventually, letter

STRANGER = "vic@stranger.test"
STORED = 24_000
"""Bytes of a message that is too much to lie beside its facts, and becomes a file."""
ROOM_MIB = 160
ENVIRONMENT = 5
ONE_COMMIT = 36
"""More writes than the first commit makes of the log, fewer than two."""
SAYS_WHY = re.compile(r"level=ERROR at=gateway\.engine\S* .*(No space left|quota|Read-only|full)")
FILLING = b"CANARY filling, seventy characters a line, nothing to see in any of it.\n"


def handed_in(house: House, size: int = 0) -> tuple[int, str]:
    """Try to hand a message in: the reply that ended it; 0 if there was none."""
    message = letter(SENDER, STRANGER, "[office] CANARY subject", "CANARY body\n")
    content = message.as_bytes() + FILLING * (size // len(FILLING))
    try:
        with house.staff(SENDER).connected() as session:
            for code, reply in (session.mail(SENDER), session.rcpt(STRANGER)):
                if code != 250:
                    return code, reply.decode()
            code, reply = session.data(content.replace(b"\n", b"\r\n"))
            return code, reply.decode()
    except smtplib.SMTPResponseException as why:
        return why.smtp_code, str(why.smtp_error)
    except GONE:
        return 0, ""


def blobs_of(house: House) -> list[Path]:
    """Every file below the blobs, drafts included."""
    return [path for path in (house.folder / "var" / "blobs").rglob("*") if path.is_file()]


@contextmanager
def opened_office(folder: Path) -> Iterator[Round]:
    """An office that serves, its sink, and nobody who sends."""
    house = House.laid_out(folder)
    certs = house.folder / "certs"
    sink = Sink(house.base + 2525, certs / "outside.pem", certs / "outside.key")
    sink.start()
    try:
        house.opens()
        yield Round(house, sink, Load(house, 0, recipients=(STRANGER,)))
    finally:
        house.dies()
        sink.stop()


def flows(round_: Round) -> None:
    """A message handed in now is acknowledged and arrives; and the books are in order."""
    load, sink = round_.load, round_.sink
    with round_.house.staff(SENDER).connected() as session:
        load.send(session)
    assert load.journal, load.refusals
    last = load.journal[-1].message_id
    assert eventually(lambda: any(one.message_id == last for one in sink.payloads), 20), "it did not arrive"
    result = round_.settles()
    assert result.is_clean, f"{result}\n{result.faults}"


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("who", "size"),
    [("serve", STORED), ("serve", 600_000), ("scribe", 0), ("scribe", 600_000)],
    ids=["serve-small", "serve-large", "scribe-light", "scribe-large"],
)
@pytest.mark.parametrize(
    "error",
    ["ENOSPC", pytest.param("EDQUOT", marks=pytest.mark.slow), pytest.param("EROFS", marks=pytest.mark.slow)],
)
def test_without_room_nothing_is_acknowledged(tmp_path: Path, who: str, error: str, size: int) -> None:
    """No room for the content, or none for its facts: 4xx, nothing left behind, and mail flows when there is room."""
    need_strace()
    with opened_office(tmp_path) as round_:
        house = round_.house
        assert house.process is not None
        tids = threads_of(house.process.pid, only=who)
        before = len(blobs_of(house))
        inject = ("-o", "/dev/null", "-e", "trace=pwrite64", "-e", f"inject=pwrite64:error={error}")
        with attached(tids, *inject, follow=True):
            code, reply = handed_in(house, size)
        assert 4 == code // 100, (code, reply)
        assert SAYS_WHY.search(house.log()), house.log()
        assert "Traceback" not in house.log()
        assert before == len(blobs_of(house)), "content was left behind"
        assert None is house.process.poll()
        flows(round_)


@pytest.mark.chaos
def test_what_was_kept_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """A disk that fills up behind the 250 stops the voyage; with room again it goes on at once, not a lease later."""
    need_strace()
    with opened_office(tmp_path) as round_:
        house, load = round_.house, round_.load
        assert house.process is not None
        behind = f"inject=pwrite64:error=ENOSPC:when={ONE_COMMIT}+"
        tids = threads_of(house.process.pid, only="scribe")
        with attached(tids, "-o", "/dev/null", "-e", "trace=pwrite64", "-e", behind, follow=True):
            with house.staff(SENDER).connected() as session:
                load.send(session)
            assert 1 == len(load.journal), load.refusals
            assert eventually(lambda: "put back stream=" in house.log(), 10), house.log()
        assert eventually(lambda: any(one.taken_ms for one in round_.sink.payloads), 10), "it waits for its lease"
        flows(round_)


@pytest.mark.chaos
@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_a_failed_sync_stops_the_gateway(tmp_path: Path, call: str) -> None:
    """A blob or a commit that cannot be synced: no 250, exit code 5 and a sentence; the next start recovers."""
    need_strace()
    with opened_office(tmp_path) as round_:
        house = round_.house
        assert house.process is not None
        process = house.process
        with round_.house.staff(SENDER).connected() as session:
            round_.load.send(session)
        assert eventually(lambda: is_at_rest(house, round_.load.journal), 30), "the first one is still under way"
        inject = ("-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error=EIO")
        with attached(threads_of(process.pid), *inject, follow=True):
            code, reply = handed_in(house, STORED)
            assert code in (0, 421) or code // 100 == 4, (code, reply)
            assert eventually(lambda: process.poll() is not None, 30), "it goes on"
        assert ENVIRONMENT == process.returncode
        assert "stopped; the next start recovers" in house.log()
        assert "Traceback" not in house.log()
        house.dies()
        house.opens()
        flows(round_)


@pytest.mark.chaos
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """On a small file system filled to the brim: 4xx, said in the log; room again, and all flows."""
    with small_disk(tmp_path / "small") as disk, opened_office(disk) as round_:
        house = round_.house
        assert house.process is not None
        ballast = disk / "ballast"
        fill(ballast)
        code, reply = handed_in(house)
        assert 4 == code // 100, (code, reply)
        assert "are free for blobs" in house.log()
        assert None is house.process.poll()
        ballast.unlink()
        flows(round_)


@pytest.mark.chaos
def test_a_disk_that_is_read_only(tmp_path: Path) -> None:
    """On a read-only file system it does not start, and says why in a sentence."""
    with small_disk(tmp_path / "small") as disk:
        with opened_office(disk) as round_:
            assert 0 == round_.house.closes()
        remount(disk, "ro")
        try:
            command = [*SEALGATE, "--office", str(round_.house.folder), "serve"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        finally:
            remount(disk, "rw")
        assert ENVIRONMENT == done.returncode
        assert "Traceback" not in done.stderr
        assert "Read-only file system" in done.stderr


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of its own, with hardly more room than one message may take. Skips aloud where we may not."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM_MIB}m,mode=0700", "none", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("may not mount: no disk that is really full")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    """Read-only, or not."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            os.fsync(file.fileno())
