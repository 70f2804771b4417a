"""The tree of RFC 6962 §2.1: appending, roots, proofs and their verification.

Leaf `H(00 ‖ entry)`, node `H(01 ‖ left ‖ right)`, split at the largest power of two below n. Proofs are made from a
`Fetch`, which returns the hash of a complete subtree by level and index. Verification takes hashes as given: whoever
verifies computes the leaf hash from the entry itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Fetch = Callable[[int, int], bytes]
"""`fetch(level, index)` is the root of leaves `index << level` up to `(index + 1) << level`."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over all leaf hashes at once; pairing level by level, an odd last one rises, gives the same tree."""
    if not hashes:
        return EMPTY_ROOT
    level = hashes
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]  # `node_hash`, without a call
        if len(level) & 1:
            above.append(level[-1])
        level = above
    return level[0]


# ── growing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to append: the roots of the complete subtrees along the right edge, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for each bit of its size")
        _require_hashes(self.hashes)

    @classmethod
    def at(cls, size: int, fetch: Fetch) -> Frontier:
        """The frontier of a stored tree."""
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        return cls(size, tuple(fetch(level, (size >> level) - 1) for level in levels))

    def extend(self, leaves: Sequence[bytes]) -> Frontier:
        """The frontier after these leaf hashes."""
        _require_hashes(leaves)
        size, stack = self.size, list(self.hashes)
        for leaf in leaves:
            stack.append(leaf)
            carry = size
            while carry & 1:  # each trailing one is a complete pair to fold
                right = stack.pop()
                stack.append(node_hash(stack.pop(), right))
                carry >>= 1
            size += 1
        return Frontier(size, tuple(stack))

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


# ── proving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def inclusion(index: int, size: int, fetch: Fetch) -> tuple[bytes, ...]:
    """The audit path of a leaf, leaf up. RFC 6962 §2.1.1."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    return tuple(_path(index, 0, size, fetch))


def consistency(old: int, new: int, fetch: Fetch) -> tuple[bytes, ...]:
    """That the tree of size `new` begins with that of size `old`. RFC 6962 §2.1.2."""
    if not 0 < old <= new:  # from size 0 anything follows: such a proof says nothing
        raise ValueError("no consistency proof between these sizes")
    return tuple(_subproof(old, 0, new, True, fetch))


def _path(index: int, low: int, high: int, fetch: Fetch) -> list[bytes]:
    if high - low == 1:
        return []
    middle = low + _split(high - low)
    if index < middle:
        return [*_path(index, low, middle, fetch), _range_root(middle, high, fetch)]
    return [*_path(index, middle, high, fetch), _range_root(low, middle, fetch)]


def _subproof(old: int, low: int, high: int, is_whole: bool, fetch: Fetch) -> list[bytes]:
    if old == high:
        return [] if is_whole else [_range_root(low, high, fetch)]
    middle = low + _split(high - low)
    if old <= middle:
        return [*_subproof(old, low, middle, is_whole, fetch), _range_root(middle, high, fetch)]
    return [*_subproof(old, middle, high, False, fetch), _range_root(low, middle, fetch)]


def _range_root(low: int, high: int, fetch: Fetch) -> bytes:
    """Of a range that starts at a multiple of the largest power of two it holds."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return fetch(level, low >> level)
    middle = low + _split(count)
    return node_hash(_range_root(low, middle, fetch), _range_root(middle, high, fetch))


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


# ── verifying ────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_included(index: int, size: int, leaf: bytes, root: bytes, untrusted_path: Sequence[bytes]) -> bool:
    """Whether `leaf` is entry `index` of the tree of `size` under `root`. RFC 9162 §2.1.3.2."""
    if not 0 <= index < size or not _are_hashes((leaf, root, *untrusted_path)):
        return False
    at, last, found = index, size - 1, leaf
    for sibling in untrusted_path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:  # a right edge without sibling here: rise to where there is one
                at >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, untrusted_path: Sequence[bytes]) -> bool:
    """Whether the tree of `new` begins with that of `old`. RFC 9162 §2.1.4.2."""
    if not 0 < old <= new or not _are_hashes((old_root, new_root, *untrusted_path)):
        return False
    if old == new:
        return not untrusted_path and old_root == new_root
    path = list(untrusted_path)
    if old & (old - 1) == 0:  # a complete tree is its own first node
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    found_old = found_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            found_new = node_hash(found_new, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and found_old == old_root and found_new == new_root


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _require_hashes(values: Sequence[bytes]) -> None:
    if not _are_hashes(values):
        raise ValueError("a hash is 32 bytes")
