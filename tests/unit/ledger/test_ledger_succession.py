"""Whoever trusts one key of a ledger follows to the next, as far as each vouches for it, and no further."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from gateway.errors import Tampering, Unreadable
from gateway.ledger import succession
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.leaf import Statement, compose
from gateway.ledger.merkle import inclusion, leaf_hash, root_of
from gateway.ledger.proof import Evidence, Proof, encode_bundle, policy_of
from gateway.ledger.statement import genesis_statement, key_added_statement, key_retired_statement, tick_statement
from gateway.ledger.succession import counting, encode, follow, parse
from gateway.ledger.verify import Verdict, verify_bundle
from gateway.ledger.watching import Watcher

NAME = "ledger.town.test/2026"
A, B, C, EVIL = (Signer(NAME, bytes([number]) * 32) for number in range(1, 5))


@dataclass
class Log:
    """A log small enough to be proved from its entries."""

    entries: list[bytes] = field(default_factory=list)

    def says(self, statement: Statement) -> int:
        self.entries.append(compose(statement, time_ms=1_000 * len(self.entries), gateway="gw1", secrets={}).entry)
        return len(self.entries) - 1

    def note(self, *signers: Signer) -> str:
        hashes = [leaf_hash(entry) for entry in self.entries]
        text = format_checkpoint(NAME, len(hashes), root_of(hashes))
        return f"{text}\n" + "".join(signer.line(text) for signer in signers)

    def proof(self, index: int, *signers: Signer) -> Proof:
        hashes = [leaf_hash(entry) for entry in self.entries]
        path = inclusion(index, len(hashes), lambda level, at: root_of(hashes[at << level : at + 1 << level]))
        return Proof(index=index, entry=self.entries[index], path=path, note=self.note(*signers))


@pytest.fixture
def log() -> Log:
    log = Log()
    log.says(genesis_statement(NAME, (A.vkey,)))
    return log


def added(log: Log, signer: Signer, *by: Signer) -> Proof:
    return log.proof(log.says(key_added_statement(signer.vkey, len(log.entries) + 1)), *by)


def retired(log: Log, signer: Signer, *by: Signer) -> Proof:
    return log.proof(log.says(key_retired_statement(signer.vkey, len(log.entries) + 1)), *by)


def test_a_vouched_key_is_followed(log: Log) -> None:
    """From the first through two successions to the last; the retired count up to their last heads."""
    steps = encode((added(log, B, A, B), retired(log, A, A, B), added(log, C, B, C)))
    standing = follow([A.vkey], steps)
    assert {A.vkey: 3, B.vkey: None, C.vkey: None} == standing
    assert ((A.vkey, B.vkey, C.vkey), (B.vkey, C.vkey)) == (counting(standing, 3), counting(standing, 4))


def test_whoever_brings_a_later_key_needs_no_earlier_one(log: Log) -> None:
    """What they cannot judge counts for nothing, and is nothing wrong."""
    steps = encode((added(log, B, A, B), added(log, C, B, C)))
    assert {C.vkey: None} == follow([C.vkey], encode((added(log, B, A, B),)))
    assert {B.vkey, C.vkey} == set(follow([B.vkey], steps))


def test_nobody_else_can_vouch(log: Log) -> None:
    """A head that none of the reader's keys signed adds no key."""
    assert {A.vkey: None} == follow([A.vkey], encode((added(log, EVIL, EVIL),)))


def test_a_key_that_nobody_holds_is_not_followed(log: Log) -> None:
    """The new key must have signed the head as well."""
    with pytest.raises(Tampering, match="did not sign"):
        follow([A.vkey], encode((added(log, B, A),)))


def test_a_key_under_another_name_is_not_followed(log: Log) -> None:
    """One key, one log."""
    stranger = Signer("ledger.other.test/2026", b"s" * 32)
    with pytest.raises(Tampering, match="did not sign"):
        follow([A.vkey], encode((added(log, stranger, A, stranger),)))


def test_an_entry_that_is_not_in_the_tree_is_found_out(log: Log) -> None:
    """Whatever it says about keys."""
    said = compose(key_added_statement(B.vkey, 99), time_ms=7, gateway="gw1", secrets={})
    with pytest.raises(Tampering, match="does not lead"):
        follow([A.vkey], encode((replace(added(log, B, A, B), entry=said.entry),)))


def test_a_false_signature_is_found_out(log: Log) -> None:
    """A line under a known key that is not that key's refuses the whole proof."""
    proof = added(log, B, A, B)
    text = proof.note.partition("\n\n")[0] + "\n"
    false = replace(proof, note=f"{text}\n{A.line(text.replace('2026', '2027'))}{B.line(text)}")
    with pytest.raises(Tampering, match="false"):
        follow([A.vkey], encode((false,)))


def test_an_entry_about_something_else_is_refused(log: Log) -> None:
    """A succession holds entries about keys and nothing else."""
    other = log.proof(log.says(tick_statement()), A)
    with pytest.raises(Unreadable, match="no key"):
        follow([A.vkey], encode((other,)))


@pytest.mark.parametrize("untrusted", [b"", b"{}", b'{"proofs":[],"v":2}', b'{"proofs":"","v":1}', b"x" * 2_000_000])
def test_what_is_no_succession_is_refused(untrusted: bytes) -> None:
    """Strictly, and within bounds."""
    with pytest.raises(Unreadable):
        parse(untrusted)


# ── who follows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def bundle(log: Log, proof: Proof, *steps: Proof) -> bytes:
    attached = ((succession.FILE, encode(steps)),) if steps else ()
    return encode_bundle(Evidence(proofs=(proof,), policy=policy_of([B.vkey]), attached=attached))


def test_a_bundle_signed_by_the_new_key_is_true_for_whoever_trusts_the_old(log: Log) -> None:
    """If it brings the succession; without it, it is signed by a stranger."""
    steps = (added(log, B, A, B), retired(log, A, A, B))
    later = log.proof(log.says(tick_statement()), B)
    assert Verdict.TRUE is verify_bundle(bundle(log, later, *steps), [A.vkey]).verdict
    assert Verdict.TRUE is verify_bundle(bundle(log, later, *steps), [B.vkey]).verdict
    assert Verdict.FALSE is verify_bundle(bundle(log, later), [A.vkey]).verdict


def test_a_head_that_the_retired_key_signed_afterwards_counts_for_nothing(log: Log) -> None:
    """Whoever finds the old seed later writes no history with it, for those who know that it was retired."""
    steps = (added(log, B, A, B), retired(log, A, A, B))
    later = log.proof(log.says(tick_statement()), A)
    assert Verdict.FALSE is verify_bundle(bundle(log, later, *steps), [A.vkey]).verdict


def test_a_succession_that_is_false_makes_the_bundle_false(log: Log) -> None:
    """Even where the reader's own key signed the head."""
    steps = (added(log, B, A),)
    later = log.proof(log.says(tick_statement()), A)
    assert Verdict.FALSE is verify_bundle(bundle(log, later, *steps), [A.vkey]).verdict


def test_a_watcher_follows(log: Log) -> None:
    """It reads the succession beside the checkpoint; without it, the new key is a stranger's."""
    steps = encode((added(log, B, A, B), retired(log, A, A, B)))
    log.says(tick_statement())
    files = {"checkpoint": log.note(B).encode(), succession.FILE: steps}

    followed = Watcher(keys=[A.vkey]).look(files.__getitem__, 5_000, heads_only=True)
    lost = Watcher(keys=[A.vkey]).look({"checkpoint": files["checkpoint"]}.__getitem__, 5_000, heads_only=True)

    assert (True, False) == (followed.is_signed, lost.is_signed)
