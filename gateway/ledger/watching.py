"""What somebody who looks again and again can see in a published ledger, with its public key and nothing else.

1. The head is signed by the key the watcher brought.
2. It grew from the head seen last time: no entry was changed or taken back since.
3. The entries that are shown are those of the signed tree, none missing.
4. They are lawful, as far as that shows without a value; intents that wait, and minutes without a tick, are reported.
5. The last entry is not older than it should be: a cut tail does not show in a tree, a missing tick does.
6. Each witness the watcher trusts has vouched for a head of this ledger lately.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.errors import Tampering, Unreadable
from gateway.ledger import succession
from gateway.ledger.audit import Audit, Severity
from gateway.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note, verify
from gateway.ledger.cosignature import cosignatures, parse_witness_key
from gateway.ledger.entry import read_entry
from gateway.ledger.merkle import Frontier, consistency, is_consistent, leaf_hash
from gateway.ledger.tiles import WIDTH, Read, Tile, decode_bundle, reader

STALE_MS = 300_000
"""Ticks come each minute: a head whose last entry is older was cut, or the gateway is down."""
UNVOUCHED_S = 900
FILED = "the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Something a look found; `failed` cannot happen to a ledger nobody touched."""

    severity: Severity
    where: str
    words: str


@dataclass(slots=True, kw_only=True)
class Look:
    """What one look came to."""

    head: Checkpoint | None = None
    note: str = ""
    is_signed: bool = False
    entries: int = 0
    """How many entries were read and audited until now."""
    open_intents: int = 0
    """Legs that were to leave and have not ended."""
    last_ms: int = 0
    vouched: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By witness: the size it vouched for, and when, in seconds."""
    sights: list[Sight] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """True when nothing failed."""
        return not any(sight.severity is Severity.FAILED for sight in self.sights)

    def failed(self, where: str, words: str) -> None:
        """Note what is not as it must be."""
        self.sights.append(Sight(severity=Severity.FAILED, where=where, words=words))

    def reported(self, where: str, words: str) -> None:
        """Note what a person should look at."""
        self.sights.append(Sight(severity=Severity.REPORTED, where=where, words=words))


class Watcher:
    """Looks at one ledger; remembers between looks what it has read. `seen`: the note of the last look, or nothing."""

    def __init__(self, *, keys: Sequence[str], witnesses: Sequence[str] = (), seen: str = "") -> None:
        self._keys = tuple(keys)
        self._witnesses = tuple(witnesses)
        self._seen = parse_checkpoint(parse_note(seen).text) if seen else None
        self._frontier = Frontier()
        self._audit = Audit()
        self._told: set[Sight] = set()
        self._last_ms = 0

    def look(self, read: Read, now_ms: int, *, heads_only: bool = False) -> Look:
        """Look once. `read` raises `LookupError` for what is not there. Findings are values; only a bug raises."""
        look = Look()
        head = self._head(read, look)  # 1
        if head is None:
            return look
        if not self._grew(read, head, look):  # 2
            return look
        if not heads_only:
            self._entries(read, head, look)  # 3
            self._lawful(now_ms, look)  # 4
        else:
            self._last(read, head, look)
        self._fresh(now_ms, look)  # 5
        self._vouched(read, now_ms, look)  # 6
        if look.is_signed and look.is_sound:
            self._seen = head
        return look

    def _head(self, read: Read, look: Look) -> Checkpoint | None:
        try:
            look.note = read("checkpoint").decode()
            standing = succession.follow(self._keys, _succession(read)) if self._keys else {}
            size = parse_checkpoint(parse_note(look.note).text).size
            signed = verify(look.note, succession.counting(standing, size))
        except (LookupError, UnicodeDecodeError, Unreadable, Tampering) as why:
            look.failed("the head", why.cause if isinstance(why, Unreadable | Tampering) else "it cannot be read")
            return None
        look.head, look.is_signed = signed.checkpoint, bool(signed.signers)
        if self._keys and not any(key.split("+", 1)[0] == signed.checkpoint.origin for key in signed.signers):
            look.failed("the head", "it is not signed by the key you brought, nor by one it vouches for")
            return None
        return signed.checkpoint

    def _grew(self, read: Read, head: Checkpoint, look: Look) -> bool:
        seen = self._seen
        if seen is None or seen.size == 0:
            return True
        if head.origin != seen.origin:
            look.failed(FILED, f"it is another one: {seen.origin} was here before")
        elif head.size < seen.size:
            look.failed(FILED, f"it ends at {head.size:,} entries, and {seen.size:,} were seen: rolled back")
        else:
            try:
                path = consistency(seen.size, head.size, reader(head.size, lambda name: _tile(read, name)))
                is_grown = is_consistent(seen.size, head.size, seen.root, head.root, path)
            except (LookupError, Unreadable, ValueError):
                look.failed(FILED, f"its tiles do not show how it grew from {seen.size:,} entries")
                return False
            if not is_grown:
                look.failed(FILED, f"it does not begin with the {seen.size:,} entries seen before: a second history")
        return look.is_sound

    # ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _entries(self, read: Read, head: Checkpoint, look: Look) -> None:
        try:
            for entries in self._new(read, head.size):
                self._frontier = self._frontier.extend([leaf_hash(entry) for entry in entries])
                for entry in entries:
                    self._audit.add(entry)
                self._last_ms = _time(entries[-1], self._last_ms)
        except (LookupError, Unreadable) as why:
            look.failed(f"entry {self._frontier.size}", f"a gap: it and what follows cannot be read ({why})")
            return
        if self._frontier.root() != head.root:
            look.failed(FILED, "its entries are not those of the signed tree")

    def _new(self, read: Read, size: int) -> Iterator[tuple[bytes, ...]]:
        """The entries not read yet, a bundle at a time."""
        while self._frontier.size < size:
            index, done = divmod(self._frontier.size, WIDTH)
            yield _bundle(read, Tile(None, index, min(WIDTH, size - index * WIDTH)))[done:]

    def _lawful(self, now_ms: int, look: Look) -> None:
        look.entries, look.open_intents = self._frontier.size, self._audit.open_intents
        for found in self._audit.finish(now_ms):
            sight = Sight(severity=found.severity, where=f"entry {found.index}", words=found.words)
            if sight not in self._told or sight.severity is Severity.FAILED:
                look.sights.append(sight)
                self._told.add(sight)

    def _last(self, read: Read, head: Checkpoint, look: Look) -> None:
        """The time of the last entry alone. It is the office's word: only a full look leads it to the signed root."""
        if not head.size:
            return
        index = (head.size - 1) // WIDTH
        try:
            self._last_ms = _time(_bundle(read, Tile(None, index, head.size - index * WIDTH))[-1], 0)
        except (LookupError, Unreadable):
            look.failed(f"entry {head.size - 1}", "it cannot be read")

    def _fresh(self, now_ms: int, look: Look) -> None:
        look.last_ms = self._last_ms
        if self._last_ms and now_ms - self._last_ms > STALE_MS:
            look.reported("the head", f"stale: nothing was written for {(now_ms - self._last_ms) // 60_000:,} minutes")

    # ── witnesses ────────────────────────────────────────────────────────────────────────────────────────────────

    def _vouched(self, read: Read, now_ms: int, look: Look) -> None:
        if not self._witnesses:
            return
        try:
            note = read("witnessed").decode()
            size = parse_checkpoint(parse_note(note).text).size
            found = {one.vkey: one.at_s for one in cosignatures(note, self._witnesses)}
            self._own(note, look)
        except LookupError:
            found, size = {}, 0
        except (UnicodeDecodeError, Unreadable, Tampering) as why:
            look.failed("the witnessed head", why.cause if isinstance(why, Unreadable | Tampering) else "not UTF-8")
            return
        for vkey in self._witnesses:
            name = parse_witness_key(vkey).name
            if vkey not in found:
                look.reported(name, "does not vouch for this ledger")
                continue
            look.vouched[name] = (size, found[vkey])
            if now_ms // 1000 - found[vkey] > UNVOUCHED_S:
                look.reported(name, f"vouched {(now_ms // 1000 - found[vkey]) // 60:,} minutes ago, and not since")

    def _own(self, note: str, look: Look) -> None:
        """The witnessed head is an earlier one of this ledger: of the same key, and no longer than it."""
        signed = verify(note, self._keys)
        assert look.head is not None
        if (self._keys and not signed.signers) or signed.checkpoint.origin != look.head.origin:
            look.failed("the witnessed head", "it is not this ledger's")
        elif signed.checkpoint.size > look.head.size:
            look.failed("the witnessed head", "witnesses have seen more entries than there are: rolled back")


def _bundle(read: Read, tile: Tile) -> tuple[bytes, ...]:
    """Its entries; a partial one may have been tidied away and then begins the full one."""
    try:
        return decode_bundle(read(tile.path), tile.width)
    except LookupError:
        if tile.width == WIDTH:
            raise
        return decode_bundle(read(Tile(None, tile.index).path), WIDTH)[: tile.width]


def _tile(read: Read, name: str) -> bytes:
    try:
        return read(name)
    except LookupError:
        full, is_partial, width = name.partition(".p/")
        if not is_partial:
            raise
        return read(full)[: 32 * int(width)]


def _succession(read: Read) -> bytes | None:
    """How keys follow each other, as it is published; None where no key ever followed another."""
    try:
        return read(succession.FILE)
    except LookupError:
        return None


def _time(entry: bytes, otherwise: int) -> int:
    try:
        return read_entry(entry).time_ms
    except Unreadable:
        return otherwise
