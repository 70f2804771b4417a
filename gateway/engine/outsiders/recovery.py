"""What can be brought back when an older copy of the ledger was put back, and what cannot.

Every entry is published, so a mirror can give back the lost ones, byte for byte, up to a head that our own key signed:
the same history goes on. What they were about is not in them: bodies, values and content written since the backup are
gone. So each transfer with an entry among them stops where the backup has it; what became of it stands in the entries.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.engine.outsiders.anchors import Anchor
from gateway.errors import Misconfigured, Tampering, Unreadable
from gateway.keep import Append, Head, LeafRow, Reading, Records
from gateway.ledger.checkpoint import Checkpoint, own_note, parse_vkey, verify
from gateway.ledger.entry import read_entry
from gateway.ledger.merkle import Frontier, leaf_hash
from gateway.ledger.tiles import WIDTH, Read, Tile, decode_bundle
from gateway.transfer import transfer_id

LOST = "lost"
"""The stream of entries that came back without what they were about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """How much of the ledger is not here."""

    kept: int
    anchored: int
    where: str

    @property
    def entries(self) -> int:
        """How many entries were signed and are not here."""
        return max(0, self.anchored - self.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refilled:
    """What came back."""

    head: Head
    entries: int
    stopped: tuple[str, ...]
    """Transfers that are here, and went on after the backup: nobody continues them."""
    gone: tuple[str, ...]
    """Transfers that came after the backup: their entries are all that is left."""


def stopped(records: Reading) -> frozenset[str]:
    """The transfers whose later entries came back from a mirror, while what they were about is gone.

    What became of them stands in those entries; to go on from what is here could send again what has left.
    """
    return frozenset(name for leaf in records.entries(LOST) if (name := _transfer(leaf.entry)))


def missing(head: Head | None, anchors: tuple[Anchor, ...]) -> Missing:
    """What is not here, by the largest anchor."""
    kept = head.size if head else 0
    largest = max(anchors, key=lambda one: one.head.size, default=None)
    if largest is None:
        return Missing(kept=kept, anchored=kept, where="")
    return Missing(kept=kept, anchored=largest.head.size, where=largest.where)


def refill(
    records: Records, frontier: Frontier, head: Head | None, *, mirror: Read, vkey: str, anchors: tuple[Anchor, ...]
) -> Refilled:
    """Append the entries that a mirror has and we have not. Raises `Misconfigured` if it cannot help, and why.

    1. The mirror's head is signed by our key and no shorter than any anchor.
    2. Its entries, after ours, give that head's root, and on the way the root of every anchor.
    3. They are appended as they are, under the head that was signed then; nothing is signed anew.
    4. No transfer among them is due any more.
    """
    found, note = _mirrored(mirror, vkey)  # 1
    short = [anchor for anchor in anchors if anchor.head.size > found.size]
    if short:
        raise Misconfigured(
            f"the mirror ends at {found.size:,} entries, and {short[0].head.size:,} were signed ({short[0].where})"
        )
    if head is not None and found.size <= head.size:
        raise Misconfigured(f"the mirror ends at {found.size:,} entries, and {head.size:,} are here: nothing to refill")
    entries = _entries(mirror, frontier.size, found.size)
    _require_ours(frontier, entries, found, anchors)  # 2
    new = Head(size=found.size, root=found.root, note=note)
    names = dict.fromkeys(name for entry in entries if (name := _transfer(entry)))
    versions = {name: records.history(name).version for name in names}
    leaves = tuple(
        LeafRow(index=index, stream=LOST, version=0, leg=None, entry=entry, hash=leaf_hash(entry), boxes=())
        for index, entry in enumerate(entries, start=frontier.size)
    )
    stopped = tuple(name for name, version in versions.items() if version)
    appends = [Append(stream=name, expected=versions[name], rows=(), leaves=(), due_ms=None) for name in stopped]  # 4
    records.append([*appends, Append(stream=LOST, expected=0, rows=(), leaves=leaves)], old=head, new=new)  # 3
    gone = tuple(name for name, version in versions.items() if not version)
    return Refilled(head=new, entries=len(entries), stopped=stopped, gone=gone)


def _mirrored(mirror: Read, vkey: str) -> tuple[Checkpoint, str]:
    """The mirror's head, and its note with our lines alone."""
    try:
        note = mirror("checkpoint").decode()
        signed = verify(note, [vkey])
    except (LookupError, UnicodeDecodeError, Unreadable, Tampering) as why:
        raise Misconfigured(f"the mirror has no checkpoint of this ledger: {why}") from why
    if not signed.signers or signed.checkpoint.origin != parse_vkey(vkey).name:
        raise Misconfigured("the mirror's checkpoint is not signed by this ledger's key")
    return signed.checkpoint, own_note(note, vkey)


def _entries(mirror: Read, first: int, end: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    try:
        while first < end:
            index, skip = divmod(first, WIDTH)
            tile = Tile(None, index, min(WIDTH, end - index * WIDTH))
            bundle = decode_bundle(mirror(tile.path), tile.width)[skip:]
            found += bundle
            first += len(bundle)
    except (LookupError, Unreadable) as why:
        raise Misconfigured(f"the mirror lacks entry {first:,} and what follows: {why}") from why
    return tuple(found)


def _require_ours(
    frontier: Frontier, entries: tuple[bytes, ...], head: Checkpoint, anchors: tuple[Anchor, ...]
) -> None:
    wanted = {anchor.head.size: anchor.head.root for anchor in anchors} | {head.size: head.root}
    for entry in entries:
        frontier = frontier.extend([leaf_hash(entry)])
        if wanted.get(frontier.size, b"") not in (b"", frontier.root()):
            raise Misconfigured(
                f"with the mirror's entries the first {frontier.size:,} are not those that were signed: what is here "
                "is another history, and no mirror can mend it"
            )


def _transfer(entry: bytes) -> str:
    """The transfer an entry is about; empty for any other."""
    said = read_entry(entry)
    return transfer_id(said.x) if said.x is not None and said.leg is not None else ""
