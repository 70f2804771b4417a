"""How one key of a ledger follows another, so that whoever trusts the first can follow to the last.

A new key is vouched for in the log itself: an entry `key` says `add` and from which size, and the head it stands under
is signed by both keys. Another says `retire` and the last size the old key signed for. The proofs of these entries are
public, one file beside the checkpoint (`succession.json`); it is nothing to be trusted, only to be checked:

1. An entry is read strictly, and stands in the tree of its head.
2. That head is signed, under the log's own name, by a key that is trusted already; else the entry counts for nothing.
   A key that is retired vouches for nothing any more: if nobody else signed, somebody has found its seed.
3. A key that is added has signed it too: nobody is made to follow to a key that nobody holds.
4. A key that is retired counts for heads up to its last size, and no further; that size is said once.

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
    standing: Standing = dict.fromkeys(keys)
    for proof in parse(untrusted) if untrusted else ():
        standing = _after(standing, proof) or standing
    return standing


def continued(keys: Sequence[str], held: bytes | None, untrusted: bytes) -> bytes:
    """A succession that is `held` already, and what another file proves beyond it. Raises `Unreadable`, `Tampering`.

    Whoever remembers a succession is never made to forget: no key is lost by it, and none that is retired comes back.
    """
    standing, proofs = follow(keys, held), list(parse(held)) if held else []
    seen, is_vouched = {(proof.index, proof.entry) for proof in proofs}, False
    for proof in parse(untrusted):
        if (proof.index, proof.entry) in seen:
            is_vouched = True
        elif (then := _after(standing, proof)) is not None:
            proofs, standing, is_vouched = [*proofs, proof] if then != standing else proofs, then, True
    if not is_vouched:
        raise Unreadable("no key that is known, and still signs, vouches for anything in it")
    if len(proofs) > MOST:
        raise Unreadable(f"more than {MOST} steps from key to key")
    return encode(proofs)


def _after(standing: Standing, proof: Proof) -> Standing | None:
    """How the keys stand after one more proof; None if nobody who is trusted signed it. Raises as `follow` does."""
    signed = verify(proof.note, [*standing, *_added(proof)])
    vouching = [key for key in signed.signers if key in standing and _is_for(key, signed.checkpoint)]
    if any(standing[key] is None for key in vouching):  # 2
        return _taken(standing, proof, signed)
    if vouching:
        raise Tampering(f"entry {proof.index}, about a key, is signed by a retired key alone")
    return None


def counting(standing: Standing, size: int) -> tuple[str, ...]:
    """The keys whose signature counts for a head of this size."""
    return tuple(key for key, last in standing.items() if last is None or size <= last)


def _taken(standing: Standing, proof: Proof, signed: Signed) -> Standing:
    known, head, said = dict(standing), signed.checkpoint, read_entry(proof.entry)  # 1
    if not is_included(proof.index, head.size, leaf_hash(proof.entry), head.root, proof.path):
        raise Tampering(f"entry {proof.index}, about a key, does not lead to the root of its head")
    for key in _added(proof):
        if key not in signed.signers or not _is_for(key, head):  # 3
            raise Tampering(f"entry {proof.index} adds a key that did not sign its head")
        known.setdefault(key, None)
    retired, last = said.public.get("retire"), said.public.get("last")
    if isinstance(retired, str) and isinstance(last, int) and retired in known and known[retired] is None:  # 4
        known[retired] = last
    return known


def _added(proof: Proof) -> tuple[str, ...]:
    said: Entry = read_entry(proof.entry)
    if said.kind != "key":
        raise Unreadable("an entry that is about no key")
    added = said.public.get("add")
    return (added,) if isinstance(added, str) else ()


def _is_for(key: str, head: Checkpoint) -> bool:
    return parse_vkey(key).name == head.origin
