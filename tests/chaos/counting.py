"""What came of a trial: the clients' and the sink's journals held against the books of the office.

The oracle stands outside what crashes: the clients' journal is written after the `250` was read, the sink's when the
first byte came. `Count` has the words of handbook `reliability.md` §1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock
from gateway.engine.fsck import Kept, fsck
from gateway.facts import Sealed
from gateway.journey import Journey, State
from gateway.keep.beside import BlobsBeside
from gateway.keep.files import FileBlobs
from tests.chaos.sink import Payload, Sink
from tests.house import House

SENDER = "alena@town.test"
STRANGERS = ("vic@stranger.test", "uma@elsewhere.test")
EVERYTHING = 1_000_000
SKEW_MS = 200
"""So much later than the kill may the sink write down what was in its socket by then; no restart is that fast."""
WAITS = {State.HELD, State.PARKED, State.WAITING, State.OFFERED}
"""A leg here has not ended, and need not: a person, a partner or its time will move it."""
A_MOMENT_MS = 10_000


def now_ms() -> int:
    """The wall clock, as the ledger reads it."""
    return SystemClock().now_ms()


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A `250` that a client has read."""

    transfer: str
    message_id: str
    recipients: tuple[str, ...]


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
    dup_to: list[str] = field(default_factory=list)
    """Whom the second copies were for: the gateway's own notes, which have no label, are sent again too."""
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
                if isinstance(fact, Sealed):
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
                blobs=BlobsBeside(blobs, office.records),
                published=office.setting.var / "ledger",
                vkey=office.signer.vkey,
                now_ms=office.clock.now_ms(),
            )
        )
    finally:
        blobs.close()
    return tuple(f"{one.where}: {one.words}" for one in report.findings if one.severity.value == "failed")


def is_at_rest(house: House, journal: Iterable[Acknowledged]) -> bool:
    """True when nothing acknowledged has work that could be done now, or in a moment.

    A doubt that was just settled waits until this very instant: to stop then is to stop in the middle of its next try.
    """
    with opened(Setting(folder=house.folder)) as office:
        for one in journal:
            story = office.archive.story(one.transfer)
            if story is None:
                continue
            for leg in story.journey.legs:
                until_ms = leg.deferred.until_ms if leg.deferred else 0
                is_later = leg.state is State.WAITING and until_ms > now_ms() + A_MOMENT_MS
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
        elif leg.state in WAITS:
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
            result.dup_to.append(after.recipient)
            result.dup_window_ms = max(result.dup_window_ms, crash_ms - taken_ms)
            excuses[crash_ms] += 1
        result.dup_most = max(result.dup_most, *excuses.values(), 0)
