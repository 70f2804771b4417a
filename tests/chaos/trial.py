"""An office under load that is made to die, and then to settle; what came of it is `counting`'s."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import smtplib
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.counting import SENDER, STRANGERS, Acknowledged, Count, count, is_at_rest, now_ms
from tests.chaos.sink import Sink
from tests.house import House
from tests.world import eventually, letter

_KEPT_AS = re.compile(r"Kept as (T-[A-Z0-9]+)")
GONE = (OSError, ssl.SSLError, smtplib.SMTPException)


@dataclass(slots=True)
class Load:
    """Clients that send without end, and come back after every crash."""

    house: House
    clients: int
    recipients: tuple[str, ...] = STRANGERS
    subject: str = "[office] CANARY subject"
    bodies: tuple[str, ...] = ("CANARY body\n", "CANARY body\n" * 2_000)
    """In turn: a light one that is kept beside its facts, and one that becomes a file."""
    journal: list[Acknowledged] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Replies other than 250 to a whole message."""
    _turn: Iterator[int] = field(default_factory=itertools.count)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Send."""
        self._stop.clear()
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the message under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _client(self) -> None:
        while not self._stop.is_set():
            try:
                with self.house.staff(SENDER).connected() as session:
                    while not self._stop.is_set():
                        self.send(session)
            except GONE:
                self._stop.wait(0.05)

    def send(self, session: smtplib.SMTP) -> None:
        """One message; into the journal if it was acknowledged."""
        body = self.bodies[next(self._turn) % len(self.bodies)]
        message = letter(SENDER, ", ".join(self.recipients), self.subject, body)
        session.mail(SENDER)
        for recipient in self.recipients:
            session.rcpt(recipient)
        code, reply = session.data(message.as_bytes().replace(b"\n", b"\r\n"))
        if code != 250:
            self.refusals.append(f"{code} {reply.decode()}")
            session.rset()
            self._stop.wait(0.05)
            return
        found = _KEPT_AS.search(reply.decode())
        assert found, reply
        self.journal.append(Acknowledged(found[1], message["Message-ID"], self.recipients))


# ── dying ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int((entry / "stat").read_text().rpartition(")")[2].split()[1])].append(int(entry.name))
            except OSError:
                continue
    found, fresh = [], [pid]
    while fresh:
        found += fresh
        fresh = [child for one in fresh for child in parents[one]]
    return found


def is_scribe(pid: int) -> bool:
    """True for the process that writes the records."""
    try:
        return b"gateway.commands.scribe" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _alive(pids: list[int]) -> list[int]:
    """Those that still run; a zombie does not."""
    alive = []
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                alive.append(pid)
    return alive


VICTIMS = ("serve", "all", "scribe")


def kill(house: House, victim: str) -> int:
    """kill -9 of `serve`, of its scribe, or of all its processes at once; when, in ms."""
    assert house.process is not None
    everyone = family(house.process.pid)
    victims = {"serve": everyone[:1], "all": everyone, "scribe": [pid for pid in everyone if is_scribe(pid)]}[victim]
    at_ms = now_ms()
    for pid in victims or everyone[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return at_ms


# ── a round ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Round:
    """An office, its sink and its load, ready to be killed."""

    house: House
    sink: Sink
    load: Load
    crashes_ms: list[int] = field(default_factory=list)
    orphans: list[int] = field(default_factory=list)
    """Children that outlived it."""
    _children: list[int] = field(default_factory=list)

    def dies_at_random(self, dice: random.Random) -> None:
        """Start, and kill it at a random moment: while it recovers, while it opens, or under load."""
        if dice.random() < 0.25:  # at a time of its own, whatever it is doing then
            timer = threading.Timer(0.3 + dice.random(), self._strike, [dice.choice(VICTIMS)])
            timer.start()
            with suppress(AssertionError):  # it had no time to open
                self.house.opens()
            timer.join()
        else:
            self.house.opens()
            threading.Event().wait(dice.random() * 0.6)
            self._strike(dice.choice(VICTIMS))
        self._ends()

    def _ends(self) -> None:
        """Without its scribe `serve` must end by itself; whatever is left after a while did not notice."""
        process = self.house.process
        assert process is not None
        if not eventually(lambda: process.poll() is not None, 10):
            self.orphans.append(process.pid)
        self.house.dies()
        eventually(lambda: not _alive(self._children), 10)
        self.orphans += _alive(self._children)

    def _strike(self, victim: str) -> None:
        assert self.house.process is not None
        self._children = family(self.house.process.pid)[1:]
        self.crashes_ms.append(kill(self.house, victim))

    def settles(self, within_s: float = 90.0) -> Count:
        """Start once more unless it runs, let it drain, close it; the count."""
        self.load.stop()
        if self.house.process is None:
            self.house.opens()
        pause, end = threading.Event(), time.monotonic() + within_s
        while time.monotonic() < end and not is_at_rest(self.house, self.load.journal):
            pause.wait(0.3)
        assert 0 == self.house.closes(), self.house.log()[-2000:]
        result = count(self.house, self.sink, self.load.journal, self.crashes_ms)
        result.unsound += [f"process {pid} outlived the gateway" for pid in self.orphans]
        if not result.is_clean:
            print(f"at rest: {time.monotonic() < end}\n{self.house.log()[-5000:]}")
        return result


def with_round(
    folder: Path, act: Callable[[Round], None], *, clients: int, prepare: Callable[[House], None] = lambda house: None,
    recipients: tuple[str, ...] = STRANGERS, subject: str = "[office] CANARY subject",
) -> Count:  # fmt: skip
    """Lay out an office, run `act` on it, let it settle and count."""
    house = House.laid_out(folder)
    certs = house.folder / "certs"
    sink = Sink(house.base + 2525, certs / "outside.pem", certs / "outside.key")
    load = Load(house, clients, recipients, subject)
    with ExitStack() as stack:
        sink.start()
        stack.callback(sink.stop)
        stack.callback(house.dies)
        stack.callback(load.stop)
        prepare(house)
        load.start()
        round_ = Round(house, sink, load)
        act(round_)
        return round_.settles()
