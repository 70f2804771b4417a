"""Checking, by whoever brings the public key and nothing else; and checking ourselves before we sign.

`verify_bundle` and `verify_proof` say what is proved, what is false and what they did not check. `Checker` is the
second opinion before a batch is stored: other code than `merkle.Frontier`, over the very bytes to be stored. A flipped
bit in memory once killed a public log; here it stops the batch instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import Tampering, Unreadable
from gateway.ledger import absence, checkpoint, erasure, succession
from gateway.ledger.checkpoint import Checkpoint, Signed, parse_checkpoint, parse_note
from gateway.ledger.disclosure import check_disclosure
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.merkle import is_included, leaf_hash
from gateway.ledger.proof import Evidence, Proof, parse_bundle, parse_proof

STAMP = "tsa.tsr"
NO_STAMP = "the time by anybody else's clock: no time-stamp token was read"
STAMP_UNCHECKED = (
    "the time stamp that is there: bring its authority's root certificates, with --stamp-roots of sealgate ledger"
    " verify, or check it with openssl ts -verify"
)
UNCHECKED = (
    "that no other head of this ledger was shown to somebody else: ask a witness",
    "that the ledger was not rolled back after this head: compare with a later one",
    NO_STAMP,
    "that the key you brought is the office's: you answer for that",
    "that what the gateway wrote down is what happened outside it",
)


StampCheck = Callable[[bytes, bytes], str]
"""Of a time stamp and what it is on: in words, when whose clock saw it. Raises `Unreadable`, `Tampering`."""


class Verdict(StrEnum):
    """What a check came to."""

    TRUE = "true"
    FALSE = "false"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one numbered step found; `index` names the entry if it is about one."""

    step: int
    verdict: Verdict
    words: str
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """False if any step is false, else undecided if any is, else true."""

    findings: tuple[Finding, ...]
    evidence: Evidence | None = None
    unchecked: tuple[str, ...] = UNCHECKED

    @property
    def verdict(self) -> Verdict:
        """The verdict over all steps."""
        found = {finding.verdict for finding in self.findings}
        if Verdict.FALSE in found or not found:
            return Verdict.FALSE
        return Verdict.UNDECIDED if Verdict.UNDECIDED in found else Verdict.TRUE


def verify_bundle(untrusted: bytes, keys: Sequence[str], stamped: StampCheck | None = None) -> Report:
    """Verify a bundle with the keys (vkeys) the reader brings.

    1. Read the bundle: bounded, strictly, in one spelling.
    2. Read every entry: canonical bytes, and time does not fall from one to the next.
    3. From each entry's own bytes and its path, reach the root of the checkpoint.
    4. The checkpoint is signed by a key the reader brings, or one that such a key vouched for (`succession`); the
       bundle's own policy is no trust root.
    5. Each disclosed value is what its entry committed to.
    6. A certificate of erasure, if there is one, holds.
    7. A proof of absence, if there is one, holds.
    8. A time stamp, if there is one, is on this checkpoint, by an authority whose roots the reader brings.
    """
    try:
        evidence = parse_bundle(untrusted)  # 1
    except Unreadable as why:
        return Report(findings=(Finding(1, Verdict.FALSE, f"the bundle cannot be read: {why.cause}"),))
    return _verify(evidence, keys, stamped)


def verify_proof(untrusted: bytes, keys: Sequence[str]) -> Report:
    """Verify a single `.tlog-proof`, by the steps of `verify_bundle`."""
    try:
        evidence = Evidence(proofs=(parse_proof(untrusted),), policy="")  # 1
    except Unreadable as why:
        return Report(findings=(Finding(1, Verdict.FALSE, f"the proof cannot be read: {why.cause}"),))
    return _verify(evidence, keys)


def _verify(evidence: Evidence, keys: Sequence[str], stamped: StampCheck | None = None) -> Report:
    findings = [Finding(1, Verdict.TRUE, f"read strictly: {len(evidence.proofs)} entries")]
    try:
        head = parse_checkpoint(parse_note(evidence.note).text)
        said = [read_entry(proof.entry) for proof in evidence.proofs]
    except Unreadable as why:
        return Report(findings=(*findings, Finding(2, Verdict.FALSE, why.cause)), evidence=evidence)
    findings.append(_time(said))  # 2
    findings += [_place(proof, head.size, head.root) for proof in evidence.proofs]  # 3
    standing, wrong = _standing(evidence, keys)
    findings.append(wrong or _signature(evidence.note, standing, keys, head.size))  # 4
    findings += [finding for proof in evidence.proofs for finding in _disclosed(proof)]  # 5
    findings += _attached(evidence, erasure.FILE, lambda: erasure.check(evidence, tuple(standing)), 6)
    findings += _attached(evidence, absence.FILE, lambda: absence.check(evidence), 7)
    beside = (absence.UNCHECKED,) if evidence.file(absence.FILE) else ()
    unchecked = (*UNCHECKED, *beside)
    if evidence.file(STAMP):
        if stamped is not None:
            findings.append(_stamped(evidence, stamped))  # 8
        unchecked = tuple(words for words in unchecked if words != NO_STAMP)
        unchecked += () if stamped is not None else (STAMP_UNCHECKED,)
    return Report(findings=tuple(findings), evidence=evidence, unchecked=unchecked)


def _time(said: Sequence[Entry]) -> Finding:
    times = [entry.time_ms for entry in said]
    if times != sorted(times):
        return Finding(2, Verdict.FALSE, "a later entry bears an earlier time")
    return Finding(2, Verdict.TRUE, "every entry is canonical, and time does not fall")


def _place(proof: Proof, size: int, root: bytes) -> Finding:
    if is_included(proof.index, size, leaf_hash(proof.entry), root, proof.path):
        return Finding(3, Verdict.TRUE, f"entry {proof.index} stands in the tree of {size}", proof.index)
    return Finding(3, Verdict.FALSE, f"entry {proof.index} does not lead to the root of the checkpoint", proof.index)


def _standing(evidence: Evidence, keys: Sequence[str]) -> tuple[succession.Standing, Finding | None]:
    """The keys the reader brought and those they vouch for; with what is wrong with that, if anything is."""
    try:
        return succession.follow(keys, evidence.file(succession.FILE) if keys else None), None
    except (Unreadable, Tampering) as why:
        return dict.fromkeys(keys), Finding(4, Verdict.FALSE, f"the succession of keys: {why.cause}")


def _signature(note: str, standing: succession.Standing, keys: Sequence[str], size: int) -> Finding:
    if not keys:
        return Finding(4, Verdict.UNDECIDED, "you brought no key, so nobody vouches for the root")
    try:
        signed = checkpoint.verify(note, succession.counting(standing, size))
    except (Unreadable, Tampering) as why:
        return Finding(4, Verdict.FALSE, why.cause)
    # A log signs under its own origin: another's key, though you trust it, vouches for nothing here.
    if not _is_by_the_log(signed):
        return Finding(4, Verdict.FALSE, "the checkpoint is not signed by a key you brought, nor by one it vouches for")
    whose = "a key you brought" if set(signed.signers) & set(keys) else "a key that one you brought has vouched for"
    return Finding(4, Verdict.TRUE, f"the checkpoint of {signed.checkpoint.origin} is signed by {whose}")


def _stamped(evidence: Evidence, stamped: StampCheck) -> Finding:
    try:
        words = stamped(evidence.file(STAMP) or b"", evidence.note.encode())
    except (Unreadable, Tampering) as why:
        return Finding(8, Verdict.FALSE, f"the time stamp: {why.cause}")
    return Finding(8, Verdict.TRUE, words)


def _is_by_the_log(signed: Signed) -> bool:
    return any(signer.split("+", 1)[0] == signed.checkpoint.origin for signer in signed.signers)


def _disclosed(proof: Proof) -> list[Finding]:
    findings: list[Finding] = []
    for one in proof.disclosures:
        name = f"{one.cls}.{one.field} of entry {proof.index}"
        try:
            is_true = one.index == proof.index and check_disclosure(proof.entry, one)
        except Unreadable as why:
            findings.append(Finding(5, Verdict.UNDECIDED, f"{name}: {why.cause}", proof.index))
            continue
        words = "is what was committed to" if is_true else "is not what was committed to"
        findings.append(Finding(5, Verdict.TRUE if is_true else Verdict.FALSE, f"{name} {words}", proof.index))
    return findings


def _attached(evidence: Evidence, name: str, check: Callable[[], tuple[bool | None, str]], step: int) -> list[Finding]:
    """What a further file of the bundle comes to, if it is there."""
    if evidence.file(name) is None:
        return []
    try:
        is_true, words = check()
    except Unreadable as why:
        return [Finding(step, Verdict.FALSE, f"{name} cannot be read: {why.cause}")]
    verdict = Verdict.UNDECIDED if is_true is None else Verdict.TRUE if is_true else Verdict.FALSE
    return [Finding(step, verdict, words)]


# ── before we sign ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Checker:
    """The tree as last signed, kept as a binary counter: at each level a complete subtree or None, smallest first.

    Frozen: `extend` returns the next one, to be kept only when the batch is durable.
    """

    origin: str
    keys: tuple[str, ...]
    size: int
    slots: tuple[bytes | None, ...]
    last_ms: int

    @classmethod
    def resume(
        cls, size: int, hashes: Sequence[bytes], *, origin: str, keys: Sequence[str], last_ms: int = 0
    ) -> Checker:
        """The checker of a stored tree; `hashes` as in `merkle.Frontier`, largest first."""
        waiting = list(hashes)
        slots = tuple(waiting.pop() if size >> level & 1 else None for level in range(size.bit_length()))
        return cls(origin, tuple(keys), size, slots, last_ms)

    def foresee(self, entries: Sequence[bytes], text: str) -> Checker:
        """The checker after this batch, before a key is used on `text`. Raises `Tampering`.

        1. Each entry is canonical, its time does not fall, and it points only backwards.
        2. Their hashes, added to the last signed tree, give the size and root of `text`, which is our log's.
        """
        slots, last_ms = list(self.slots), self.last_ms
        for index, entry in enumerate(entries, start=self.size):
            last_ms = _check_entry(entry, index, last_ms)  # 1
            _add(slots, hashlib.sha256(b"\x00" + entry).digest())
        size = self.size + len(entries)
        try:
            head = checkpoint.parse_checkpoint(text)
        except Unreadable as why:
            raise Tampering(f"our own checkpoint cannot be read: {why.cause}") from why
        if head.origin != self.origin or head.size != size or head.root != _fold(slots):  # 2
            raise Tampering(f"the head to be signed at {size} is not the tree of its entries")
        return Checker(self.origin, self.keys, size, tuple(slots), last_ms)

    def accept(self, note: str) -> Checker:
        """This checker, if `note` is its head under a true signature by our key. Raises `Tampering`."""
        try:
            signed = checkpoint.verify(note, self.keys)
        except Unreadable as why:
            raise Tampering(f"our own note cannot be read: {why.cause}") from why
        if signed.checkpoint != Checkpoint(self.origin, self.size, _fold(self.slots)) or not signed.signers:
            raise Tampering(f"the head signed at {self.size} is not the tree of its entries, or not signed by this log")
        return self

    def extend(self, entries: Sequence[bytes], note: str) -> Checker:
        """`foresee` and `accept` at once, for a note that was signed already. Raises `Tampering`."""
        return self.foresee(entries, note.partition("\n\n")[0] + "\n").accept(note)


def _check_entry(entry: bytes, index: int, last_ms: int) -> int:
    try:
        said = read_entry(entry)
    except Unreadable as why:
        raise Tampering(f"entry {index} cannot be read back: {why.cause}") from why
    if said.time_ms < last_ms:
        raise Tampering(f"entry {index} is older than the one before it")
    if said.intent is not None and said.intent >= index:
        raise Tampering(f"entry {index} points at an entry that is not there yet")
    return said.time_ms


def _add(slots: list[bytes | None], carry: bytes) -> None:
    for level, held in enumerate(slots):
        if held is None:
            slots[level] = carry
            return
        slots[level] = None
        carry = hashlib.sha256(b"\x01" + held + carry).digest()
    slots.append(carry)


def _fold(slots: Sequence[bytes | None]) -> bytes:
    root = b""
    for held in slots:
        if held is not None:
            root = hashlib.sha256(b"\x01" + held + root).digest() if root else held
    return root or hashlib.sha256(b"").digest()
