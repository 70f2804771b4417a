"""The tree three ways: by its definition, by its frontier, by its tiles."""

from __future__ import annotations

import hashlib
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger.merkle import (
    Fetch,
    Frontier,
    consistency,
    inclusion,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
)
from gateway.ledger.tiles import decode_bundle, grown, parse_path, reader, tiles_between

ENTRIES = [b"entry %d" % i for i in range(601)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
EDGES = (1, 2, 3, 4, 5, 255, 256, 257, 511, 512, 513, 600)


def _definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + _definition(leaves[:k]) + _definition(leaves[k:])).digest()


def _fetch(leaves: list[bytes]) -> Fetch:
    return lambda level, index: root_of(leaves[index << level : (index + 1) << level])


def test_definition_and_frontier_agree_to_600() -> None:
    """At every size up to 600 the growing frontier has the root the definition has."""
    frontier = Frontier()
    assert _definition([]) == frontier.root()
    for size in range(1, 601):
        frontier = frontier.extend([LEAVES[size - 1]])
        assert root_of(LEAVES[:size]) == frontier.root()
        if size % 9 == 0 or size in EDGES:
            assert _definition(LEAVES[:size]) == frontier.root()


def test_tiles_agree_to_600() -> None:
    """A log that grows an entry at a time has, at every size, tiles that give its frontier."""
    frontier, disk = Frontier(), {}
    for size in range(1, 601):
        frontier = frontier.extend([LEAVES[size - 1]])
        tree = grown(size - 1, reader(size - 1, disk.__getitem__), [LEAVES[size - 1]])
        disk.update(tiles_between(size - 1, size, fetch=tree))
        if size % 9 == 0 or size in EDGES:
            assert frontier == Frontier.at(size, reader(size, disk.__getitem__))
    assert all(path == parse_path(path).path for path in disk)


def test_bundles_hold_the_entries() -> None:
    """The second bundle holds entries 256 to 511."""
    disk = dict(tiles_between(0, 600, fetch=_fetch(LEAVES[:600]), entry=ENTRIES.__getitem__))
    assert ENTRIES[256:512] == list(decode_bundle(disk["tile/entries/001"], 256))
    assert ENTRIES[512:600] == list(decode_bundle(disk["tile/entries/002.p/88"], 88))


@given(st.integers(0, 600), st.integers(0, 600))
@settings(max_examples=60, deadline=None)
def test_tiles_do_not_depend_on_the_batches(one: int, other: int) -> None:
    """However a log grew, the tiles of a size are the same files."""
    old, new = sorted((one, other))
    straight = dict(tiles_between(0, new, fetch=_fetch(LEAVES[:new]), entry=ENTRIES.__getitem__))
    disk = dict(tiles_between(0, old, fetch=_fetch(LEAVES[:old]), entry=ENTRIES.__getitem__))
    tree = grown(old, reader(old, disk.__getitem__), LEAVES[old:new])
    disk.update(tiles_between(old, new, fetch=tree, entry=ENTRIES.__getitem__))
    assert straight == {path: disk[path] for path in straight}


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_inclusion_holds_and_its_mutations_do_not(data: st.DataObject) -> None:
    """A proof is true of its leaf, index, size and root, and of no other."""
    size = data.draw(st.integers(1, 600))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    path, root = inclusion(index, size, _fetch(leaves)), _definition(leaves)
    assert is_included(index, size, leaves[index], root, path)
    assert not is_included(index ^ 1, size, leaves[index], root, path) or size == 1
    assert not is_included(index, size, leaf_hash(b"other"), root, path)
    assert not is_included(index, size, leaves[index], leaf_hash(b"other"), path)
    assert not is_included(index, size, leaves[index], root, [*path, leaves[0]])
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        lie = [*path[:place], leaf_hash(path[place]), *path[place + 1 :]]
        assert not is_included(index, size, leaves[index], root, lie)
        assert not is_included(index, size, leaves[index], root, path[:-1])


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_consistency_holds_and_its_mutations_do_not(data: st.DataObject) -> None:
    """A longer tree begins with the shorter one, and no other tree does."""
    new = data.draw(st.integers(1, 600))
    old = data.draw(st.integers(1, new))
    old_root, new_root = _definition(LEAVES[:old]), _definition(LEAVES[:new])
    path = consistency(old, new, _fetch(LEAVES[:new]))
    assert is_consistent(old, new, old_root, new_root, path)
    assert not is_consistent(old, new, leaf_hash(old_root), new_root, path)
    assert not is_consistent(old, new, old_root, leaf_hash(new_root), path)
    assert not is_consistent(old, new, old_root, new_root, [*path, new_root])
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        lie = [*path[:place], leaf_hash(path[place]), *path[place + 1 :]]
        assert not is_consistent(old, new, old_root, new_root, lie)


def test_three_levels_of_tiles_agree() -> None:
    """Around 65,536, where the third level begins, frontier and tiles still agree and proofs verify."""
    dice = random.Random(6962)
    start = 65_534
    leaves = [i.to_bytes(32, "big") for i in range(start)]
    nodes: dict[tuple[int, int], bytes] = {}

    def fetch(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        if (level, index) not in nodes:
            nodes[level, index] = hashlib.sha256(
                b"\x01" + fetch(level - 1, 2 * index) + fetch(level - 1, 2 * index + 1)
            ).digest()
        return nodes[level, index]

    disk = dict(tiles_between(0, start, fetch=fetch))
    frontier = Frontier().extend(leaves)
    for size in range(start + 1, 65_539):
        leaf = size.to_bytes(32, "big")
        leaves.append(leaf)
        frontier = frontier.extend([leaf])
        disk.update(tiles_between(size - 1, size, fetch=grown(size - 1, reader(size - 1, disk.__getitem__), [leaf])))
        stored = reader(size, disk.__getitem__)
        assert frontier == Frontier.at(size, stored)
        for index in (0, size - 1, *dice.sample(range(size), 4)):
            path = inclusion(index, size, stored)
            assert is_included(index, size, leaves[index], frontier.root(), path)
    assert {"tile/2/000.p/1", "tile/1/000"} <= set(disk)
