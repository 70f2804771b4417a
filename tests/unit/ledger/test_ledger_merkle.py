"""The tree against others' proofs, good and mutated."""

from __future__ import annotations

import base64
import json

import pytest

from gateway.ledger.merkle import EMPTY_ROOT, Frontier, consistency, inclusion, is_consistent, is_included, leaf_hash


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _all_hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)


def test_inclusion_agrees_with_others(shared_vectors) -> None:
    """Good proofs verify, mutated ones do not, hashes of another length never."""
    files = sorted((shared_vectors / "merkle" / "inclusion").rglob("*.json"))
    assert files
    for file in files:
        said = json.loads(file.read_text())
        path = [_bytes(node) for node in said["proof"] or []]
        leaf, root = _bytes(said["leafHash"]), _bytes(said["root"])
        expected = not said["wantErr"] and _all_hashes(leaf, root, *path)
        assert expected == is_included(said["leafIdx"], said["treeSize"], leaf, root, path), file


def test_consistency_agrees_with_others(shared_vectors) -> None:
    """Good proofs verify, mutated ones do not, from size 0 nothing does."""
    files = sorted((shared_vectors / "merkle" / "consistency").rglob("*.json"))
    assert files
    for file in files:
        said = json.loads(file.read_text())
        path = [_bytes(node) for node in said["proof"] or []]
        roots = _bytes(said["root1"]), _bytes(said["root2"])
        expected = not said["wantErr"] and _all_hashes(*roots, *path)
        assert expected == is_consistent(said["size1"], said["size2"], *roots, path), file


def test_the_empty_tree() -> None:
    """Its root is the hash of nothing, and nothing can be proved of it."""
    assert EMPTY_ROOT == Frontier().root()
    assert not is_consistent(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not is_consistent(0, 1, EMPTY_ROOT, leaf_hash(b"x"), [])


def test_proofs_outside_the_tree_are_not_made() -> None:
    """No path to a leaf that is not there, no consistency from nothing."""
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion(1, 1, lambda level, index: bytes(32))
    with pytest.raises(ValueError, match="no consistency"):
        consistency(0, 1, lambda level, index: bytes(32))
    with pytest.raises(ValueError, match="no consistency"):
        consistency(2, 1, lambda level, index: bytes(32))


@pytest.mark.parametrize(
    ("size", "hashes"), [(1, ()), (0, (bytes(32),)), (3, (bytes(32),)), (1, (bytes(31),)), (-1, ())]
)
def test_a_frontier_that_is_none_cannot_be_built(size: int, hashes: tuple[bytes, ...]) -> None:
    """One hash of 32 bytes for each bit of the size."""
    with pytest.raises(ValueError, match=r"."):
        Frontier(size, hashes)


def test_a_leaf_hash_of_another_length_is_refused() -> None:
    """Second preimages hide in odd lengths."""
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().extend([bytes(33)])


def test_a_path_longer_than_the_tree_is_high_is_false() -> None:
    """Bounded by the tree, whatever is sent."""
    leaf = leaf_hash(b"x")
    assert is_included(0, 1, leaf, leaf, [])
    assert not is_included(0, 1, leaf, leaf, [leaf] * 10_000)
