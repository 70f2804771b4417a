"""A backup tried: restored into a scratch place, is it whole, does it open, and is it this ledger's?

1. Everything is recomputed, as `fsck` does: tree, head, signature, every fact, what is open.
2. Content is opened: a sample of all that facts name, held against their digests.
3. Decisions are taken again, a sample of them, each under the rules of its own hour: they must come out as recorded.
4. The backup's head is a head of the living ledger: what was backed up is what the office signed.

It reads, and says what it found; nothing of the scratch place is ever served.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from gateway.engine.archive import Story
from gateway.engine.fsck import Kept, Report, fsck
from gateway.engine.glass import Glass, remembered
from gateway.engine.lawmaking.decisions import Decision, Decisions
from gateway.engine.lawmaking.replay import SetOf, published_sets, replayed
from gateway.errors import Failure, Tampering
from gateway.facts import Deposited, Received
from gateway.keep.sealed import open_sealed
from gateway.ledger.audit import Severity
from gateway.transfer import Item

SAMPLE = 100
ALL = 2**62


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill found. Its digest stands in the ledger."""

    is_whole: bool
    backup: str
    """The SHA-256 of its manifest."""
    taken: str
    entries: int
    streams: int
    blobs_listed: int
    blobs_opened: int
    blobs_gone: int
    """Of the sample, content that was let go of before the backup."""
    judged_again: int
    judged_unknown: int
    """Of the sample, decisions whose rules this version cannot read any more, or that were erased."""
    is_of_this_ledger: bool
    escrow_opened: bool
    problems: tuple[str, ...]

    @property
    def text(self) -> bytes:
        """The report as it is kept."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2) + b"\n"

    @property
    def digest(self) -> str:
        """Its SHA-256: what the ledger is told."""
        return hashlib.sha256(self.text).hexdigest()


@dataclass(slots=True, kw_only=True)
class Drilling:
    """Looks at one restored office. `kept` is what there is of it."""

    kept: Kept
    seed: int
    """Decides what is in the samples."""
    opened: int = 0
    gone: int = 0
    judged: int = 0
    unknown: int = 0

    def recompute(self) -> tuple[Report, tuple[str, ...]]:
        """1. What `fsck` counted, and what it found wrong."""
        report = fsck(self.kept)
        found = (one for one in report.findings if one.severity is Severity.FAILED)
        return report, tuple(f"{one.where}: {one.words}" for one in found)

    def open_content(self) -> Iterator[str]:
        """2. What is wrong with a sample of content."""
        for stream in self._sample(self.kept.records.find([], limit=ALL)):
            story = self._story(stream)
            for item in _items(story) if story else ():
                assert story is not None
                yield from self._open(stream, story, item)

    def judge_again(self) -> Iterator[str]:
        """3. Decisions of a sample that would come out otherwise under the very rules they were taken by."""
        decisions = Decisions(self.kept.records, self.kept.archive)
        was = published_sets(self.kept.archive)
        glass = remembered(self.kept.records, self.kept.archive, self.kept.keyring.index_key)
        acts = list(_reservoir(decisions.walk(0, decisions.size), SAMPLE, random.Random(self.seed)))
        self.unknown += decisions.erased
        for act in acts:
            yield from self._judge(act, was, glass)

    def _judge(self, act: tuple[Decision, ...], was: SetOf, glass: Glass) -> Iterator[str]:
        rulebook = was(act[0].judged.ruleset)
        if rulebook is None:
            self.unknown += len(act)
            return
        for taken, changes in replayed(iter([act]), rulebook, was, glass):
            self.judged += taken
            for change in changes:
                transfer, leg = change.decision.transfer.id, change.decision.leg.ordinal
                yield f"{transfer}/{leg}: was {change.before}, comes out {change.after.outcome} by the same rules"

    def _open(self, stream: str, story: Story, item: Item) -> Iterator[str]:
        digest, size = hashlib.sha256(), 0
        try:
            for piece in open_sealed(self.kept.blobs, item.blob, story.key):
                digest.update(piece)
                size += len(piece)
        except KeyError:
            self.gone += 1
            return
        except Tampering as why:
            yield f"{stream}: {why.cause}"
            return
        self.opened += 1
        if (size, digest.hexdigest()) != (item.size_bytes, item.digest.sha256):
            yield f"{stream}: content {item.blob} is not what was handed in"

    def _story(self, stream: str) -> Story | None:
        try:
            return self.kept.archive.story(stream)
        except Failure:  # said by `recompute` already
            return None

    def _sample(self, streams: tuple[str, ...]) -> list[str]:
        holding = [one for one in streams if one.startswith(("T-", "deposit/"))]
        return holding if len(holding) <= SAMPLE else random.Random(self.seed).sample(holding, SAMPLE)


def belongs(root_at: Callable[[int], bytes], size: int, root: bytes) -> str:
    """4. Why a head is none of the living ledger's; empty if it is. Raises nothing: what cannot be read is a no."""
    try:
        return "" if root_at(size) == root else "its head is not a head of this ledger: a fork, or another office's"
    except (Failure, ValueError) as why:
        return f"nobody can say whether its head is this ledger's: {why}"


def _items(story: Story) -> tuple[Item, ...]:
    match story.facts[0] if story.facts else None:
        case Received(transfer=transfer):
            return transfer.items
        case Deposited(item=item):
            return (item,)
        case _:
            return ()


def _reservoir(acts: Iterator[tuple[Decision, ...]], size: int, dice: random.Random) -> Iterator[tuple[Decision, ...]]:
    """A sample of what comes, each act as likely as any other, without knowing how many there are."""
    kept: list[tuple[Decision, ...]] = []
    for number, act in enumerate(acts):
        if number < size:
            kept.append(act)
        elif (place := dice.randrange(number + 1)) < size:
            kept[place] = act
    yield from kept
