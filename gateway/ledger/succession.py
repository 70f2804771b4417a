"""How one key of a ledger follows another, so that whoever trusts the first can follow to the last.

A new key is vouched for in the log itself: an entry `key` says `add` and from which size, and the head it stands under
is signed by both keys. Another says `retire` and the last size the old key signed for. The proofs of these entries are
public, one file beside the checkpoint (`succession.json`); it is nothing to be trusted, only to be checked:

1. An entry is read strictly, and stands in the tree of its head.
2. That head is signed, under the log's own name, by a key that is trusted already; else the entry counts for nothing.
3. A key that is added has signed it too: nobody is made to follow to a key that nobody holds.
4. A key that is retired counts for heads up to its last size, and no further.

Whoever steals a key that still counts can vouch for one of their own: rotation is housekeeping, and no cure for theft.
After a theft the ledger goes on under another origin (`ledger recover --new-origin`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.errors import Tampering, Unreadable
from gateway.ledger import jcs
from gateway.ledger.checkpoint import Checkpoint, Signed, parse_vkey, verify
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.merkle import is_included, leaf_hash
from gateway.ledger.proof import Proof, encode_proof, parse_proof
from gateway.ledger.strict import base64_text, unbase64

FILE = "succession.json"
LARGEST = 1024 * 1024
MOST = 64
"""Entries: thirty rotations."""

Standing = Mapping[str, int | None]
"""By key, the last size it signed for; None while it signs."""


def encode(proofs: Sequence[Proof]) -> bytes:
    """The file of these proofs."""
    return jcs.encode({"v": 1, "proofs": [base64_text(encode_proof(proof)) for proof in proofs]})


def parse(untrusted: bytes) -> tuple[Proof, ...]:
    """The proofs of a file, in their order. Raises `Unreadable`. Nothing is verified yet."""
    if len(untrusted) > LARGEST:
        raise Unreadable("larger than a succession of keys may be")
    said = jcs.parse_object(untrusted)
    proofs = said.get("proofs")
    if set(said) != {"v", "proofs"} or said["v"] != 1 or not isinstance(proofs, list) or len(proofs) > MOST:
        raise Unreadable("not a succession of keys")
    return tuple(parse_proof(unbase64(one)) for one in proofs if isinstance(one, str))


def follow(keys: Sequence[str], untrusted: bytes | None) -> Standing:
    """These keys, and all they vouch for. Raises `Unreadable`, and `Tampering` for a proof that is false."""
    known: dict[str, int | None] = dict.fromkeys(keys)
    for proof in parse(untrusted) if untrusted else ():
        signed = verify(proof.note, [*known, *_added(proof)])
        if any(signer in known and _is_for(signer, signed.checkpoint) for signer in signed.signers):  # 2
            _take(known, proof, signed)
    return known


def counting(standing: Standing, size: int) -> tuple[str, ...]:
    """The keys whose signature counts for a head of this size."""
    return tuple(key for key, last in standing.items() if last is None or size <= last)


def _take(known: dict[str, int | None], proof: Proof, signed: Signed) -> None:
    head, said = signed.checkpoint, read_entry(proof.entry)  # 1
    if not is_included(proof.index, head.size, leaf_hash(proof.entry), head.root, proof.path):
        raise Tampering(f"entry {proof.index}, about a key, does not lead to the root of its head")
    for key in _added(proof):
        if key not in signed.signers or not _is_for(key, head):  # 3
            raise Tampering(f"entry {proof.index} adds a key that did not sign its head")
        known.setdefault(key, None)
    retired, last = said.public.get("retire"), said.public.get("last")
    if isinstance(retired, str) and isinstance(last, int) and retired in known:  # 4
        known[retired] = last


def _added(proof: Proof) -> tuple[str, ...]:
    said: Entry = read_entry(proof.entry)
    if said.kind != "key":
        raise Unreadable("an entry that is about no key")
    added = said.public.get("add")
    return (added,) if isinstance(added, str) else ()


def _is_for(key: str, head: Checkpoint) -> bool:
    return parse_vkey(key).name == head.origin
