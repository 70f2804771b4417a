"""The running gateway dies at every file-system call of one acceptance and one delivery.

A sweep, so exact for its model: each thread of `serve` is killed as it enters its n-th call of each kind, from the
first byte of a message until it was taken, entered and published. One office lives through all of it: every restart is
the recovery of the crash before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos import certificate
from tests.chaos.counting import SENDER, Count, now_ms
from tests.chaos.faults import need_strace
from tests.chaos.sink import Sink
from tests.chaos.tracer import Threads, attached, threads_of, watched
from tests.chaos.trial import GONE, Load, Round
from tests.house import House
from tests.world import eventually

QUICK = 15
PUBLISHED_S = 1.6
"""By then the caretaker has published what a message added to the ledger."""


@dataclass(slots=True)
class Sweep:
    """One office that dies again and again."""

    round: Round
    threads: Threads | None = None
    reached: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def house(self) -> House:
        return self.round.house

    def points(self) -> list[tuple[str, str, int]]:
        """Every call of one message."""
        self._opens()
        assert self.house.process is not None
        threads = watched(self.house.process.pid, self._messages, linger_s=PUBLISHED_S)
        assert {"loop", "scribe", "disk", "others"} == set(threads.groups)
        return threads.points

    def strikes(self, group: str, call: str, n: int) -> None:
        """Send one message and kill the gateway at this call, if it comes to it."""
        self._opens()
        assert self.threads is not None
        assert self.house.process is not None
        process = self.house.process
        inject = ("-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}")
        before = len(self.round.sink.payloads)
        everyone = threads_of(process.pid)
        with attached(self.threads.groups[group], *inject):
            self._messages()
            eventually(lambda: process.poll() is not None, PUBLISHED_S if group == "others" else 0.3)
            is_struck = process.poll() is not None or len(threads_of(process.pid)) < len(everyone)
        if not is_struck:
            assert len(self.round.sink.payloads) > before
            return
        assert eventually(lambda: process.poll() is not None, 20), "it goes on without its scribe"
        self.round.crashes_ms.append(now_ms())
        self.reached.append((group, call, n))
        self.house.dies()
        self.threads = None

    def _opens(self) -> None:
        """Open unless it lives, and learn which thread is which."""
        if self.house.process is None:
            self.house.opens()
        if self.threads is None:
            assert self.house.process is not None
            # The first message makes the threads of the pools; the second tells them apart.
            self._messages()
            self.threads = watched(self.house.process.pid, self._messages, calls=("fdatasync", "renameat"))

    def _messages(self) -> None:
        """Hand in one of each kind and wait until the last is where it should be, or the gateway is dead."""
        load, sink, process = self.round.load, self.round.sink, self.house.process
        assert process is not None
        before = len(load.journal)
        try:
            with self.house.staff(SENDER).connected() as session:
                for _ in load.bodies:
                    load.send(session)
        except GONE:
            pass
        if len(load.journal) > before:
            last = load.journal[-1].message_id
            eventually(lambda: process.poll() is not None or _taken(sink, last) >= len(load.recipients), 10)


def _taken(sink: Sink, message_id: str) -> int:
    return sum(1 for one in sink.payloads if one.message_id == message_id and one.taken_ms)


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    """An office, its sink, and nobody who sends but us."""
    need_strace()
    house = House.laid_out(tmp_path)
    certs = house.folder / "certs"
    sink = Sink(house.base + 2525, certs / "outside.pem", certs / "outside.key")
    sink.start()
    yield Sweep(Round(house, sink, Load(house, 0, recipients=("vic@stranger.test",))))
    house.dies()
    sink.stop()


def _ends_well(sweep: Sweep) -> Count:
    result = sweep.round.settles()
    print(f"{len(sweep.reached)} calls reached; {result}")
    assert result.is_clean, f"{result}\n{result.faults}"
    return result


@pytest.mark.chaos
def test_dying_at_a_sample_of_calls_loses_nothing(sweep: Sweep) -> None:
    """Killed at fifteen of the calls of an acceptance and a delivery, it keeps every promise."""
    points = sweep.points()
    for point in random.Random(3).sample(points, QUICK):
        sweep.strikes(*point)
    _ends_well(sweep)
    assert len(sweep.reached) > QUICK // 2


@pytest.mark.chaos
@pytest.mark.slow
def test_dying_at_every_call_loses_nothing(sweep: Sweep) -> None:
    """Killed at each call of an acceptance and a delivery, it keeps every promise."""
    points = sweep.points()
    for point in points:
        sweep.strikes(*point)
    result = _ends_well(sweep)
    certificate.enter("every call", f"{len(sweep.reached)} of {len(points)} calls reached; {result}")
    assert len(sweep.reached) > 0.8 * len(points)
