"""An office under load that is made to die: who sent what, who took what, and what the books say afterwards.

The oracle stands outside what crashes: the clients' journal is written after the `250` was read, the sink's when the
first byte came. `count` holds both against the facts: see `Count` for the words.
"""

from __future__ import annotations

import os
import random
import re
import signal
import smtplib
import ssl
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.engine.fsck import Kept, fsck
from gateway.facts import kind_of
from gateway.journey import Journey, State
from gateway.keep.files import FileBlobs
from tests.chaos.sink import Payload, Sink
from tests.house import House
from tests.world import eventually, letter

SENDER = "alena@town.test"
STRANGERS = ("vic@stranger.test", "uma@elsewhere.test")
EVERYTHING = 1_000_000
SKEW_MS = 200
"""So much later than the kill may the sink write down what was in its socket by then; no restart is that fast."""
_KEPT_AS = re.compile(r"Kept as (T-[A-Z0-9]+)")
_WAITS = {State.HELD, State.PARKED, State.WAITING, State.OFFERED}
GONE = (OSError, ssl.SSLError, smtplib.SMTPException)


def now_ms() -> int:
    """The wall clock, as the ledger reads it."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A `250` that a client has read."""

    transfer: str
    message_id: str
    recipients: tuple[str, ...]


@dataclass(slots=True)
class Load:
    """Clients that send without end, and come back after every crash."""

    house: House
    clients: int
    recipients: tuple[str, ...] = STRANGERS
    subject: str = "[office] CANARY subject"
    body: str = "CANARY body\n"
    journal: list[Acknowledged] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Replies other than 250 to a whole message."""
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
        message = letter(SENDER, ", ".join(self.recipients), self.subject, self.body)
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


@dataclass(slots=True, kw_only=True)
class Count:
    """What came of a trial (handbook `reliability.md` §1)."""

    crashes: int = 0
    acknowledged: int = 0
    legs: int = 0
    delivered: int = 0
    refused: int = 0
    """Ended otherwise, with notice."""
    waiting: int = 0
    """For a person, or for their time."""
    lost: list[str] = field(default_factory=list)
    dup: int = 0
    """Surplus copies at the sink whose first `250` was in flight when the gateway died."""
    dup_outside: list[str] = field(default_factory=list)
    """Surplus copies that nothing excuses."""
    dup_window_ms: int = 0
    """The longest time between a `250` at the sink and the crash that lost it."""
    dup_most: int = 0
    """The most surplus copies of one message at one crash."""
    unledgered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    """What fsck found."""

    @property
    def is_clean(self) -> bool:
        """True when every promise was kept."""
        return not (self.lost or self.dup_outside or self.unledgered or self.stuck or self.unsound)

    def __iadd__(self, other: Count) -> Count:
        """Add another round."""
        for name in self.__slots__:
            if name in ("dup_window_ms", "dup_most"):
                setattr(self, name, max(getattr(self, name), getattr(other, name)))
            else:
                setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.crashes} crashes, {self.acknowledged} acknowledged ({self.legs} legs): {self.delivered} delivered, "
            f"{self.refused} refused, {self.waiting} waiting; {len(self.lost)} LOST, {self.dup} DUP in flight "
            f"(window {self.dup_window_ms} ms, at most {self.dup_most} of a message a crash), "
            f"{len(self.dup_outside)} DUP outside, "
            f"{len(self.unledgered)} UNLEDGERED, {len(self.stuck)} STUCK, {len(self.unsound)} unsound"
        )

    @property
    def faults(self) -> str:
        """Every broken promise, for a failing test."""
        named = (("LOST", self.lost), ("DUP", self.dup_outside), ("UNLEDGERED", self.unledgered),
                 ("STUCK", self.stuck), ("UNSOUND", self.unsound))  # fmt: skip
        return "\n".join(f"{name} {one}" for name, found in named for one in found[:20])


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


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Books:
    """What the office kept of its transfers."""

    journeys: dict[str, Journey]
    sealed_ms: dict[tuple[str, str], int]
    """When a copy was first intended: by Message-ID and recipient."""
    unsound: tuple[str, ...]


def books(house: House) -> Books:
    """Read everything back, as a stranger to the running gateway would; and fsck it."""
    journeys: dict[str, Journey] = {}
    sealed: dict[tuple[str, str], int] = {}
    with opened(Setting(folder=house.folder)) as office:
        for stream in office.records.find((), limit=EVERYTHING):
            if not stream.startswith("T-"):
                continue
            story = office.archive.story(stream)
            assert story is not None
            journey = journeys[stream] = story.journey
            for row, fact in zip(story.rows, story.facts, strict=True):
                if kind_of(fact) == "sealed":
                    address = journey.legs[fact.leg].leg.recipient.address
                    key = (_message_id(journey), str(address).lower())
                    sealed[key] = min(row.at_ms, sealed.get(key, row.at_ms))
        unsound = _fsck(office)
    return Books(journeys, sealed, unsound)


def _message_id(journey: Journey) -> str:
    """What the sender gave it; a note of the gateway's own is named for its transfer."""
    return journey.transfer.envelope.message_id or f"<{journey.transfer.id}@mail.town.test>"


def _fsck(office: Office) -> tuple[str, ...]:
    blobs = FileBlobs(office.setting.var / "blobs", largest_bytes=1)
    try:
        report = fsck(
            Kept(
                records=office.records,
                archive=office.archive,
                keyring=office.keyring,
                blobs=blobs,
                published=office.setting.var / "ledger",
                vkey=office.signer.vkey,
                now_ms=office.clock.now_ms(),
            )
        )
    finally:
        blobs.close()
    return tuple(f"{one.where}: {one.words}" for one in report.findings if one.severity.value == "failed")


def is_at_rest(house: House, journal: Iterable[Acknowledged]) -> bool:
    """True when nothing acknowledged has work that could be done now."""
    at_ms = now_ms()
    with opened(Setting(folder=house.folder)) as office:
        for one in journal:
            story = office.archive.story(one.transfer)
            if story is None:
                continue
            for leg in story.journey.legs:
                is_later = leg.state is State.WAITING and leg.deferred is not None and leg.deferred.until_ms > at_ms
                if not (leg.is_closed or is_later or leg.state in (State.HELD, State.PARKED)):
                    return False
    return True


def count(house: House, sink: Sink, journal: list[Acknowledged], crashes_ms: list[int]) -> Count:
    """Hold the journals against the books. Call it when all is at rest."""
    kept = books(house)
    unsound = [*kept.unsound, *(f"the log says {word}" for word in indiscretions(house))]
    result = Count(crashes=len(crashes_ms), acknowledged=len(journal), unsound=unsound)
    whole = Counter((one.message_id, one.recipient) for one in sink.payloads if one.sha256)
    for one in journal:
        _settle(one, kept.journeys.get(one.transfer), whole, result)
    for payload in sink.payloads:
        sealed_ms = kept.sealed_ms.get((payload.message_id, payload.recipient))
        if payload.message_id and (sealed_ms is None or sealed_ms > payload.first_byte_ms):
            result.unledgered.append(f"{payload}")
    _surplus(sink.payloads, crashes_ms, result)
    return result


def indiscretions(house: House) -> list[str]:
    """What `serve` has logged and should not know how to say: canaries, passwords, anybody's address."""
    said, people = house.log(), [*house.passwords, *STRANGERS, "registry@court.test"]
    return [word for word in ("CANARY", *people, *house.passwords.values()) if word in said]


def _settle(one: Acknowledged, journey: Journey | None, whole: Counter[tuple[str, str]], result: Count) -> None:
    if journey is None:
        result.lost.append(f"{one}: no facts")
        return
    named = {str(leg.leg.recipient.address).lower(): leg for leg in journey.legs}
    for recipient in one.recipients:
        result.legs += 1
        leg = named.get(recipient)
        if leg is None:
            result.lost.append(f"{one}: no leg for {recipient}")
        elif leg.state is State.SHIPPED:
            result.delivered += 1
            if not whole[one.message_id, recipient]:
                result.lost.append(f"{one}: {recipient} is said to have it")
        elif leg.is_closed:
            result.refused += 1
        elif leg.state in _WAITS:
            result.waiting += 1
        else:
            result.stuck.append(f"{one}: {recipient} {leg.state}")


def _surplus(payloads: list[Payload], crashes_ms: list[int], result: Count) -> None:
    """Every whole copy behind the first must have a crash between the `250` before it and its own first byte."""
    copies: dict[tuple[str, str], list[Payload]] = defaultdict(list)
    for payload in payloads:
        if payload.sha256:
            copies[payload.message_id, payload.recipient].append(payload)
    for same in copies.values():
        excuses: Counter[int] = Counter()
        for before, after in pairwise(same):
            taken_ms = before.taken_ms or before.first_byte_ms
            crash_ms = next((at for at in crashes_ms if taken_ms - SKEW_MS <= at <= after.first_byte_ms), None)
            if crash_ms is None:
                result.dup_outside.append(f"{before} {after}")
                continue
            result.dup += 1
            result.dup_window_ms = max(result.dup_window_ms, crash_ms - taken_ms)
            excuses[crash_ms] += 1
        result.dup_most = max(result.dup_most, *excuses.values(), 0)


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
