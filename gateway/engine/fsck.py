"""Recomputes everything the ledger and the records say, and holds the two against each other.

1. Every entry is hashed again, audited, and is where it says it is; the tree gives the signed root.
2. The head's note is this ledger's, says size and root, and bears a true signature.
3. The published checkpoint is a true earlier head; tiles and bundles are what the entries make them, byte for byte.
4. Every stream opens: its facts follow each other, and each stands in the ledger where it says.
5. Every box opens to what its entry committed to, and to what the fact says; what is erased was disposed of.
6. The index finds every stream under each of its terms.
7. What an open transfer was handed in is there, to the byte. Content that no fact names is counted.

It changes nothing and may run beside a gateway: everything is judged as of one head. The same code checks the house
after every story.

GAP: due times and registers are not visible to a reader, so that a stream whose work is never due again goes unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.engine.archive import Archive
from gateway.engine.attested import Attestations
from gateway.engine.outsiders.recovery import LOST
from gateway.engine.recount import Batch, Counted, Disposals, Recount, batched
from gateway.engine.shelves import Shelves
from gateway.errors import Failure, Tampering, Unreadable
from gateway.keep import Blobs, Head, LeafRow, Reading
from gateway.keep.keyring import Keyring
from gateway.ledger.audit import Audit, Severity
from gateway.ledger.checkpoint import Checkpoint, parse_vkey, verify
from gateway.ledger.entry import Entry
from gateway.ledger.leaf import LOG_KINDS
from gateway.ledger.merkle import Frontier, leaf_hash

PAGE = 1024
BATCH = 512
FEW = 4 * BATCH
"""Streams that are counted before a second process could begin."""
LOG = "log"
"""The stream of entries about the ledger itself."""

Spread = Callable[[Iterator[Batch], Disposals, int], Iterator[Counted]]
"""What became of each batch of streams, in any order, given what was disposed of and the size that is checked."""
Progress = Callable[[str, int, int], None]
"""What is being looked at, how many are done, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What there is to check."""

    records: Reading
    archive: Archive
    keyring: Keyring
    blobs: Blobs
    published: Path
    """The folder with `checkpoint` and `tile/`."""
    vkey: str
    now_ms: int
    earlier: tuple[str, ...] = ()
    """The ledger's keys before that one: a head put back from a backup may bear theirs."""
    spread: Spread | None = None
    """Counts streams in several processes; without it, in this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it must be, or, merely `reported`, that a person should look at."""

    severity: Severity
    where: str
    """An entry, a stream, a file."""
    words: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What was counted and what was found."""

    size: int = 0
    published: int = 0
    streams: int = 0
    open_transfers: int = 0
    forgotten: int = 0
    """Streams and classes that were erased."""
    blobs: int = 0
    orphans: int = 0
    """Blobs that no fact names: some may be on their way in."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """True when nothing failed."""
        return not any(finding.severity is Severity.FAILED for finding in self.findings)

    def failed(self, where: str, words: str) -> None:
        """Note what is not as it must be."""
        self.findings.append(Finding(severity=Severity.FAILED, where=where, words=words))


def fsck(kept: Kept, progress: Progress = lambda what, done, of: None) -> Report:
    """Check everything. Findings are values; only a bug raises."""
    report = Report()
    try:
        _fsck(kept, report, progress)
    except Failure as why:
        report.failed("the store", f"cannot be read to its end: {why.cause}")
    return report


def _fsck(kept: Kept, report: Report, progress: Progress) -> None:
    published = _published(kept, report)  # before the head: what is published later is not judged
    head = kept.records.since(0, 0).head
    if head is None:
        report.failed("the head", "there is none: an office's ledger has its first entry from the first day")
        return
    report.size = head.size
    disposals = Disposals()
    streams = _entries(kept, head, published, report, progress, disposals)  # 1, 2, 3
    attestations = Attestations(kept.records, kept.archive, kept.keyring)
    recount = Recount(
        records=kept.records, attestations=attestations, blobs=kept.blobs, size=head.size, disposals=disposals
    )
    unnamed, batches = set(kept.blobs.names()), batched(streams.items(), BATCH)
    spread = kept.spread if kept.spread and len(streams) > FEW else None
    for counted in spread(batches, disposals, head.size) if spread else map(recount.batch, batches):
        for stream, words in counted.wrong:  # 4, 5, 6
            report.failed(stream, words)
        unnamed.difference_update(counted.named)
        report.streams += counted.streams
        report.open_transfers += counted.open_transfers
        report.forgotten += counted.forgotten
        report.blobs += counted.blobs_read
        progress("streams", report.streams, len(streams))
    report.orphans = len(unnamed)  # 7


# ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _entries(
    kept: Kept, head: Head, published: Checkpoint | None, report: Report, progress: Progress, disposals: Disposals
) -> dict[str, int]:
    """Every entry, in order; the streams they are about, with the number of entries of each."""
    keys = (kept.vkey, *kept.earlier)
    audit, frontier, streams = Audit(), Frontier(), dict[str, int]()
    shelves = Shelves(kept.published, published.size if published else 0)
    for page in _pages(kept.records, head.size, report):
        hashes: list[bytes] = []
        for leaf in page:
            said, digest = audit.add(leaf.entry), leaf_hash(leaf.entry)
            _one(leaf, said, digest, report)
            if said is not None:
                disposals.add(said)
            shelves.add(leaf.entry, digest)
            hashes.append(digest)
            streams[leaf.stream] = streams.get(leaf.stream, 0) + 1
        frontier = _grown(frontier, hashes, published, report)
        progress("entries", frontier.size, head.size)
    if (frontier.size, frontier.root()) != (head.size, head.root):
        report.failed("the head", "its root is not that of its entries")
    _note(head, keys, report)
    shelves.finish()
    for words in shelves.wrong:
        report.failed("the published ledger", words)
    report.findings += [
        Finding(severity=found.severity, where=f"entry {found.index}", words=found.words)
        for found in audit.finish(kept.now_ms)
    ]
    streams.pop(LOG, None)
    if lost := streams.pop(LOST, 0):
        words = f"{lost:,} entries came back from a mirror: what they were about is gone"
        report.findings.append(Finding(severity=Severity.REPORTED, where="the ledger", words=words))
    return streams


def _pages(records: Reading, size: int, report: Report) -> Iterator[tuple[LeafRow, ...]]:
    """The entries there are, and what is missing among them."""
    at = 0
    while at < size:
        leaves = records.since(at, min(PAGE, size - at)).leaves
        for leaf in leaves:
            if leaf.index != at:
                report.failed(f"entry {at}", "it is missing")
            at = leaf.index + 1
        if not leaves:
            report.failed(f"entry {at}", "it is missing, and all that follow")
            return
        yield leaves


def _one(leaf: LeafRow, said: Entry | None, digest: bytes, report: Report) -> None:
    """One entry against what stands beside it; entries of other streams are held against their facts later."""
    where = f"entry {leaf.index}"
    if digest != leaf.hash:
        report.failed(where, "its bytes do not give its hash")
    if leaf.stream == LOG and said is not None and (said.kind not in LOG_KINDS or leaf.leg is not None):
        report.failed(where, "it is filed as the log's own, and is not")


def _grown(frontier: Frontier, hashes: list[bytes], published: Checkpoint | None, report: Report) -> Frontier:
    """The tree after these leaves; on the way it must pass the published root."""
    if published is not None and frontier.size < published.size <= frontier.size + len(hashes):
        then = frontier.extend(hashes[: published.size - frontier.size])
        if then.root() != published.root:
            report.failed("the published ledger", "its root is not that of our entries: a fork, or a changed entry")
    return frontier.extend(hashes)


# ── heads ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _note(head: Head, keys: Sequence[str], report: Report) -> None:
    found = _signed(head.note, keys, "the head", report)
    if found is not None and (found.size, found.root) != (head.size, head.root):
        report.failed("the head", "what was signed is another size or root")


def _published(kept: Kept, report: Report) -> Checkpoint | None:
    try:
        note = (kept.published / "checkpoint").read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError) as why:
        report.failed("the published ledger", f"there is no checkpoint to read: {type(why).__name__}")
        return None
    found = _signed(note, (kept.vkey, *kept.earlier), "the published ledger", report)
    head = kept.records.since(0, 0).head
    if found is None or head is None:
        return None
    report.published = found.size
    if found.size > head.size:
        report.failed("the published ledger", f"it has {found.size} entries, the records {head.size}: rolled back?")
        return None
    return found


def _signed(note: str, keys: Sequence[str], where: str, report: Report) -> Checkpoint | None:
    """The checkpoint of a note that a key of this ledger signed under its own name."""
    try:
        signed = verify(note, keys)
    except (Unreadable, Tampering) as why:
        report.failed(where, why.cause)
        return None
    if not signed.signers or signed.checkpoint.origin != parse_vkey(keys[0]).name:
        report.failed(where, "it is not signed by this ledger's key")
        return None
    return signed.checkpoint
