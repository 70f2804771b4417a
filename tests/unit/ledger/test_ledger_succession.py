"""Whoever trusts one key of a ledger follows to the next, as far as each vouches for it, and no further."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.errors import Tampering, Unreadable
from gateway.ledger import succession
from gateway.ledger.checkpoint import Signer
from gateway.ledger.composing import compose
from gateway.ledger.proof import Evidence, Proof, encode_bundle, policy_of
from gateway.ledger.statement import key_added_statement, tick_statement
from gateway.ledger.succession import MOST, continued, counting, encode, follow, parse
from gateway.ledger.verify import Verdict, verify_bundle
from gateway.ledger.watching import Watcher
from tests.successions import EVIL, A, B, C, Log, added, begun, retired


@pytest.fixture
def log() -> Log:
    return begun()


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


def test_a_retired_key_vouches_for_nobody(log: Log) -> None:
    """Whoever finds its seed later is found out, however small the head they sign with it."""
    steps = (added(log, B, A, B), retired(log, A, A, B))
    with pytest.raises(Tampering, match="a retired key alone"):
        follow([A.vkey], encode((*steps, added(log, EVIL, A, EVIL))))
    early = begun()
    with pytest.raises(Tampering, match="a retired key alone"):
        follow([A.vkey], encode((*steps, added(early, EVIL, A, EVIL))))


def test_a_key_is_retired_once(log: Log) -> None:
    """A later entry does not give it a longer life."""
    steps = (added(log, B, A, B), retired(log, A, A, B))
    log.says(tick_statement())
    assert 3 == follow([A.vkey], encode((*steps, retired(log, A, B))))[A.vkey]


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


# ── who remembers ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_new_is_added_to_what_is_held(log: Log) -> None:
    """Step after step, or all at once; the file shown again brings nothing."""
    steps = (added(log, B, A, B), retired(log, A, A, B), added(log, C, B, C))
    held = None
    for count in (1, 2, 3, 3):
        held = continued([A.vkey], held, encode(steps[:count]))
    assert held == encode(steps) == continued([A.vkey], None, encode(steps))


def test_what_was_learned_is_not_forgotten(log: Log) -> None:
    """An older file, or one without the earlier steps: the retired key stays retired, the new one counts."""
    steps = (added(log, B, A, B), retired(log, A, A, B), added(log, C, B, C))
    held = encode(steps[:2])
    assert held == continued([A.vkey], held, encode(steps[:1]))
    assert encode(steps) == continued([A.vkey], held, encode(steps[2:]))


def test_what_no_held_key_vouches_for_is_refused(log: Log) -> None:
    """A stranger's succession, an empty one, and one that begins with a key that is retired by now."""
    for untrusted in (encode((added(log, EVIL, EVIL),)), encode((added(log, C, B, C),)), encode(())):
        with pytest.raises(Unreadable, match="no key that is known"):
            continued([A.vkey], None, untrusted)
    held = encode((added(log, B, A, B), retired(log, A, A, B)))
    with pytest.raises(Tampering, match="a retired key alone"):
        continued([A.vkey], held, encode((added(log, EVIL, A, EVIL),)))


def test_only_what_matters_is_kept(log: Log) -> None:
    """Proofs that say nothing new, or nothing that can be judged, take no room."""
    step, foreign = added(log, B, A, B), added(log, EVIL, EVIL)
    again = added(log, B, A, B)
    assert encode((step,)) == continued([A.vkey], None, encode((foreign, step, again)))


def test_what_is_held_stays_readable(log: Log) -> None:
    """Beyond the bound nothing more is learned."""
    keys = [A, *(Signer(A.name, bytes([9, number]) * 16) for number in range(MOST + 1))]
    steps = [added(log, new, old, new) for old, new in pairwise(keys)]
    held = continued([A.vkey], None, encode(steps[:MOST]))
    with pytest.raises(Unreadable, match="more than 64"):
        continued([A.vkey], held, encode(steps[MOST:]))


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
