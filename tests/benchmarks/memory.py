"""How much memory the whole gateway holds while many large messages come at once. `python -m tests.benchmarks.memory`.

`python -m tests.benchmarks.memory files [UPLOADS MIB]` asks the same of files: ten OpenSSH clients that upload 2 GiB
each side by side, and readers who ask for much and take nothing.

Counted is what a machine must have for it: the proportional set size of every process (`smaps_rollup`), and the
anonymous files they hold, mapped or not, once each. The page cache is not: the kernel takes it back when it likes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gateway.doors.sftp.wire import Flags, Kind
from tests.boxes import FileClient
from tests.chaos.counting import SENDER
from tests.chaos.trial import GONE, family
from tests.house import ROOT, House
from tests.interop.raw_sftp import Sftp, signed_in
from tests.unit.doors.sftp_talk import string
from tests.world import Correspondent, eventually

MIB = 1024 * 1024
LIMIT_MIB = 400
FILES_LIMIT_MIB = 300
STALLED_LIMIT_MIB = 16
EVERY_S = 0.1
OUTSIDE = "vic@stranger.test"
COURT = "registry@court.test"
_LINE = b"Nothing to see in any of it: seventy-six characters and the end of the line.\r\n"
_BASE64 = base64.b64encode(b"fifty-seven octets make one line of seventy-six signs. \r\n") + b"\r\n"
_SHMEM = re.compile(r"^Pss_Shmem:\s+(\d+)", re.MULTILINE)
_PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


def held_mib(pid: int) -> tuple[float, dict[str, float]]:
    """What a process and its descendants hold, and how that divides; anonymous files are a share of their own."""
    shares: dict[str, float] = {}
    files: dict[int, int] = {}
    for member in family(pid):
        with suppress(OSError):
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            own = sum(int(found[1]) for found in [_PSS.search(rollup)] if found)
            own -= sum(int(found[1]) for found in [_SHMEM.search(rollup)] if found)
            name = _name(member, pid)
            shares[name] = shares.get(name, 0.0) + own / 1024
            for entry in os.scandir(f"/proc/{member}/fd"):
                with suppress(OSError):
                    if os.readlink(entry.path).startswith("/memfd:"):
                        found_file = entry.stat()
                        files[found_file.st_ino] = found_file.st_blocks * 512
    shares["anonymous files"] = sum(files.values()) / MIB
    return sum(shares.values()), shares


def _name(member: int, pid: int) -> str:
    if member == pid:
        return "serve"
    line = Path(f"/proc/{member}/cmdline").read_bytes().replace(b"\0", b" ")
    for word, name in ((b"commands.scribe", "scribe"), (b"worker_main", "workers"), (b"forge_main", "documents"),
                       (b"hall_main", "hall")):  # fmt: skip
        if word in line:
            return name
    return line.split(b" ")[0].rpartition(b"/")[2].decode() or "gone"


@dataclass(slots=True)
class Curve:
    """Samples over a run."""

    samples: list[tuple[float, float, dict[str, float]]] = field(default_factory=list)
    """Seconds, MiB, and how they divide."""
    taken: int = 0
    """Acknowledged."""
    refused: list[str] = field(default_factory=list)
    arrived: int = 0
    seconds: float = 0.0

    @property
    def peak(self) -> tuple[float, float, dict[str, float]]:
        """The worst moment."""
        return max(self.samples, key=lambda sample: sample[1])

    def __str__(self) -> str:
        """The peak, and twenty points of the curve."""
        at, mib, shares = self.peak
        parts = ", ".join(
            f"{name} {size:.0f}" for name, size in sorted(shares.items(), key=lambda one: -one[1]) if size >= 1
        )
        step = max(1, len(self.samples) // 20)
        curve = " ".join(f"{sample[1]:.0f}" for sample in self.samples[::step])
        return (f"{self.taken} taken, {self.arrived} arrived in {self.seconds:.0f} s; peak {mib:.0f} MiB at {at:.0f} s "
                f"({parts}); curve {curve}")  # fmt: skip


def measure(
    folder: Path, *, connections: int, size_mib: int, sealed: bool, attached: bool = False, within_s: float = 360.0
) -> Curve:
    """`connections` clients at once, each with one message; until all were taken and arrived, or time is up."""
    with _office(folder, sealed=sealed) as (house, arrived):
        assert house.process is not None
        pid, curve, stop, began = house.process.pid, Curve(), threading.Event(), time.monotonic()

        def sample() -> None:
            while not stop.wait(EVERY_S):
                curve.samples.append((time.monotonic() - began, *held_mib(pid)))

        watcher = threading.Thread(target=sample, daemon=True)
        clients = [threading.Thread(target=_client, args=(house, size_mib, sealed, attached, curve), daemon=True)
                   for _ in range(connections)]  # fmt: skip
        watcher.start()
        for client in clients:
            client.start()
        for client in clients:
            client.join(max(0.0, began + within_s - time.monotonic()))
        while len(arrived) < curve.taken and time.monotonic() < began + within_s:
            stop.wait(0.2)
        stop.set()
        watcher.join()
        curve.arrived, curve.seconds = len(arrived), time.monotonic() - began
        return curve


def _client(house: House, size_mib: int, sealed: bool, attached: bool, curve: Curve) -> None:
    recipient, subject = (COURT, "[case] large") if sealed else (OUTSIDE, "[office] large")
    kind = 'text/plain; name="large.txt"\r\nContent-Transfer-Encoding: base64' if attached else "text/plain"
    header = (f"From: {SENDER}\r\nTo: {recipient}\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
              f"Message-ID: <{os.urandom(8).hex()}@town.test>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n"
              "\r\n").encode()  # fmt: skip
    block = (_BASE64 if attached else _LINE) * 800
    try:
        with house.staff(SENDER).connected() as session:
            assert session.sock is not None
            session.sock.settimeout(600)
            session.mail(SENDER)
            session.rcpt(recipient)
            session.docmd("DATA")
            session.send(header)
            for _ in range((size_mib * MIB - len(header) - 1024) // len(block)):
                session.send(block)
            session.send(b".\r\n")
            code, reply = session.getreply()
            if code == 250:
                curve.taken += 1
            else:
                curve.refused.append(f"{code} {reply.decode()}")
    except GONE as why:
        curve.refused.append(repr(why))


@contextmanager
def _office(folder: Path, *, sealed: bool) -> Iterator[tuple[House, list[bytes]]]:
    """An office that serves, and what its sink says as messages arrive."""
    house = House.laid_out(folder)
    certs, arrived = house.folder / "certs", list[bytes]()
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / "sink.py"), str(house.base + 2525),
               str(certs / "outside.pem"), str(certs / "outside.key")]  # fmt: skip
    sink = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert sink.stdout is not None
    reader = threading.Thread(target=arrived.extend, args=(iter(sink.stdout.readline, b""),), daemon=True)
    reader.start()
    try:
        house.opens()
        if sealed:
            with tempfile.TemporaryDirectory(prefix="g") as home:
                court = Correspondent.born(COURT, Path(home))
                house.trusts(court)
                court.dies()
        yield house, arrived
    finally:
        house.dies()
        sink.terminate()
        sink.wait()
        reader.join()
        sink.stdout.close()


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

FOLDER = "/to/court/office/litigation"
READ_MIB = 48
"""What a stalled reader asks for: below what a document may have to be looked into."""
READS = 256
REST_S = 4.0


def measure_uploads(folder: Path, *, uploads: int, size_mib: int, within_s: float = 1800.0) -> Curve:
    """`uploads` OpenSSH clients at once, each with one sparse file of its own; until all are kept, or time is up."""
    free_mib = shutil.disk_usage(folder).free // MIB
    if free_mib < 1.2 * uploads * size_mib:
        raise SystemExit(f"{uploads} uploads of {size_mib} MiB need more than the {free_mib} MiB that are free")
    with _filing_office(folder) as house:
        assert house.process is not None
        clerk = house.desk_of(SENDER)
        with (clerk.home / "large.bin").open("wb") as large:
            large.truncate(size_mib * MIB)
        pid, curve, stop, began = house.process.pid, Curve(), threading.Event(), time.monotonic()

        def sample() -> None:
            while not stop.wait(EVERY_S):
                curve.samples.append((time.monotonic() - began, *held_mib(pid)))

        watcher = threading.Thread(target=sample, daemon=True)
        clients = [threading.Thread(target=_upload, args=(clerk, number, curve, within_s)) for number in range(uploads)]
        watcher.start()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        # Too large to be looked into, so each waits for a person: by then it was kept, settled and judged.
        while curve.arrived < curve.taken and time.monotonic() < began + within_s:
            stop.wait(1.0)
            curve.arrived = len(json.loads(house.asks("held", "list", "--json")))
        stop.set()
        watcher.join()
        curve.seconds = time.monotonic() - began
        return curve


def _upload(clerk: FileClient, number: int, curve: Curve, within_s: float) -> None:
    command = ["sftp", "-q", "-oCiphers=aes128-gcm@openssh.com", *clerk.flags(), "-b", "-", "127.0.0.1"]
    script = f'put large.bin "{FOLDER}/large {number}.bin"\n'.encode()
    done = subprocess.run(command, input=script, capture_output=True, cwd=clerk.home, timeout=within_s, check=False)
    if done.returncode:
        curve.refused.append((done.stdout + done.stderr).decode())
    else:
        curve.taken += 1


def measure_stalled(folder: Path, *, readers: int) -> tuple[float, float]:
    """MiB held at rest, and while so many sessions have each asked for 64 MiB of a file and take none of it."""
    with _filing_office(folder) as house:
        assert house.process is not None
        pid = house.process.pid
        clerk, court = house.desk_of(SENDER), house.desk_at("court")
        assert clerk.hands_in(_LINE * (READ_MIB * MIB // len(_LINE)), f"{FOLDER}/long.txt").was_taken
        assert eventually(lambda: "long.txt" in court.lists("/inbox"), 120)
        return asyncio.run(_stalled(court, pid, readers))


async def _stalled(court: FileClient, pid: int, readers: int) -> tuple[float, float]:
    async with AsyncExitStack() as stack:
        sessions = [
            await Sftp.begun(await stack.enter_async_context(signed_in(court, "127.0.0.1"))) for _ in range(readers)
        ]
        handles = [(await one.open("/inbox/long.txt", Flags.READ)).handle for one in sessions]
        await asyncio.sleep(REST_S)
        before = held_mib(pid)[0]
        for sftp, handle in zip(sessions, handles, strict=True):
            sftp.connection._transport.pause_reading()  # type: ignore[union-attr]
            for number in range(READS):
                where = struct.pack(">QI", number * MIB // 4 % (READ_MIB * MIB), MIB // 4)
                sftp.says(sftp.request(Kind.READ, string(handle), where))
        worst = before
        for _ in range(20):
            await asyncio.sleep(REST_S / 20)
            worst = max(worst, held_mib(pid)[0])
        for sftp in sessions:
            sftp.connection.abort()
        return before, worst


@contextmanager
def _filing_office(folder: Path) -> Iterator[House]:
    """An office that serves; the court comes for what is its."""
    house = House.laid_out(folder)
    try:
        house.lets_the_court_collect()
        house.opens()
        yield house
    finally:
        house.ends()


def main() -> None:
    """The full measure, of mail or of files."""
    if sys.argv[1:2] == ["files"]:
        files()
    else:
        mail()


def files() -> None:
    """Ten uploads at once, and readers who stall."""
    uploads, size_mib = (int(word) for word in [*sys.argv[2:], *("10", "2048")[len(sys.argv) - 2 :]][:2])
    for readers in (1, 8):
        with tempfile.TemporaryDirectory(prefix="sealgate-memory-") as folder:
            before, worst = measure_stalled(Path(folder), readers=readers)
            each = (worst - before) / readers
            print(f"{readers} stalled: {before:.0f} MiB at rest, {worst:.0f} at most: {each:.1f} each", flush=True)
    with tempfile.TemporaryDirectory(prefix="sealgate-memory-") as folder:
        print(f"{uploads} uploads of {size_mib} MiB", measure_uploads(Path(folder), uploads=uploads, size_mib=size_mib))


def mail() -> None:
    """Messages, plain and sealed."""
    connections, size_mib = (int(word) for word in [*sys.argv[1:], "50", "50"][:2]) if len(sys.argv) != 2 else (8, 50)
    for sealed in (False, True):
        with tempfile.TemporaryDirectory(prefix="sealgate-memory-") as folder:
            print(
                "sealed" if sealed else "plain",
                measure(Path(folder), connections=connections, size_mib=size_mib, sealed=sealed),
            )


if __name__ == "__main__":
    main()
