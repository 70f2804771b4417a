"""What anyone can check with the key and nothing else, and what we check before we sign."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from gateway.errors import Tampering
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.composing import Statement, compose
from gateway.ledger.merkle import Frontier, leaf_hash
from gateway.ledger.proof import Evidence, Proof, encode_bundle, encode_proof
from gateway.ledger.verify import UNCHECKED, Checker, Verdict, verify_bundle, verify_proof


def _false_steps(report) -> set[int]:
    return {finding.step for finding in report.findings if finding.verdict is Verdict.FALSE}


def test_a_true_bundle_is_true(evidence, signer) -> None:
    """With the office's key every step holds, and what was not checked is said."""
    report = verify_bundle(encode_bundle(evidence), [signer.vkey])
    assert Verdict.TRUE == report.verdict
    assert {1, 2, 3, 4, 5} == {finding.step for finding in report.findings}
    assert UNCHECKED == report.unchecked


def test_a_single_proof_is_true(evidence, signer) -> None:
    """A `.tlog-proof` alone verifies by the same steps."""
    assert Verdict.TRUE == verify_proof(encode_proof(evidence.proofs[1]), [signer.vkey]).verdict


def test_without_a_key_nothing_is_decided(evidence) -> None:
    """The policy inside the bundle is no trust root."""
    assert Verdict.UNDECIDED == verify_bundle(encode_bundle(evidence), []).verdict


@pytest.mark.parametrize("name", ["ledger.town.example/2026", "other.example"])
def test_anothers_key_is_false(evidence, name: str) -> None:
    """A key that did not sign, whatever it is called, does not vouch."""
    report = verify_bundle(encode_bundle(evidence), [Signer(name, b"x" * 32).vkey])
    assert {4} == _false_steps(report)


def test_a_trusted_key_of_another_name_does_not_vouch(evidence, signer) -> None:
    """A witness's signature is not the log's."""
    witness = Signer("witness.example", b"w" * 32)
    text = evidence.note.partition("\n\n")[0] + "\n"
    proofs = tuple(replace(proof, note=witness.sign(text)) for proof in evidence.proofs)
    report = verify_bundle(encode_bundle(replace(evidence, proofs=proofs)), [witness.vkey])
    assert {4} == _false_steps(report)


def test_a_changed_entry_is_false(evidence, signer, log) -> None:
    """An entry rewritten everywhere in the bundle no longer leads to the root."""
    first = evidence.proofs[0]
    lie = replace(evidence, proofs=(replace(first, entry=log[2].entry), evidence.proofs[1]))
    assert {3} == _false_steps(verify_bundle(encode_bundle(lie), [signer.vkey]))


def test_an_entry_shown_elsewhere_is_false(evidence, signer) -> None:
    """Its place is part of what is proved."""
    moved = replace(evidence.proofs[0], index=2)
    lie = replace(evidence, proofs=(moved, evidence.proofs[1]))
    assert {3} == _false_steps(verify_bundle(encode_bundle(lie), [signer.vkey]))


def test_a_false_disclosure_is_false(evidence, signer) -> None:
    """Another value, or a value said of another entry."""
    proof = evidence.proofs[1]
    shown = proof.disclosures[0]
    for lie in (replace(shown, value="x@y.example"), replace(shown, index=1)):
        told = replace(evidence, proofs=(evidence.proofs[0], replace(proof, disclosures=(lie,))))
        assert {5} == _false_steps(verify_bundle(encode_bundle(told), [signer.vkey]))


def test_a_head_signed_for_another_tree_is_false(evidence, signer) -> None:
    """A true signature over a root the entries do not lead to."""
    note = signer.sign(format_checkpoint(signer.name, 9, bytes(32)))
    lie = replace(evidence, proofs=tuple(replace(proof, note=note) for proof in evidence.proofs))
    assert {3} == _false_steps(verify_bundle(encode_bundle(lie), [signer.vkey]))


def test_time_that_falls_is_false(signer) -> None:
    """Even in a tree that is truly signed."""
    entries = [*_batch(0, 1, 1000), *_batch(1, 1, 999)]
    hashes = [leaf_hash(entry) for entry in entries]
    note = _note(signer, entries)
    proofs = tuple(Proof(index=i, entry=entries[i], path=(hashes[1 - i],), note=note) for i in (0, 1))
    report = verify_bundle(encode_bundle(Evidence(proofs=proofs, policy="")), [signer.vkey])
    assert {2} == _false_steps(report)


def test_a_flipped_bit_anywhere_is_false(evidence, signer) -> None:
    """A sample of bits over the whole bundle and the whole proof: never true."""
    dice = random.Random(9)
    for whole, check in [(encode_bundle(evidence), verify_bundle), (encode_proof(evidence.proofs[1]), verify_proof)]:
        for place in dice.sample(range(len(whole) * 8), 400):
            flipped = bytearray(whole)
            flipped[place // 8] ^= 1 << place % 8
            assert Verdict.FALSE == check(bytes(flipped), [signer.vkey]).verdict


# ── before we sign ───────────────────────────────────────────────────────────────────────────────────────────────────


def _batch(first: int, count: int, at_ms: int = 1000) -> list[bytes]:
    said = (Statement(kind="tick", public=f'{{"n":{i}}}') for i in range(first, first + count))
    return [compose(one, time_ms=at_ms, gateway="gw1", secrets={}).entry for one in said]


def _note(signer: Signer, entries: list[bytes]) -> str:
    frontier = Frontier().extend([leaf_hash(entry) for entry in entries])
    return signer.sign(format_checkpoint(signer.name, frontier.size, frontier.root()))


def _checker(signer: Signer) -> Checker:
    return Checker.resume(0, (), origin=signer.name, keys=[signer.vkey])


def test_the_checker_agrees_with_the_frontier(signer) -> None:
    """Batches of many sizes, resumed now and then from a frontier's hashes."""
    checker, entries, frontier = _checker(signer), [], Frontier()
    for count in (1, 1, 2, 3, 5, 8, 13, 1, 64, 29, 0, 1):
        batch = _batch(len(entries), count)
        entries += batch
        frontier = frontier.extend([leaf_hash(entry) for entry in batch])
        checker = checker.extend(batch, _note(signer, entries))
        again = Checker.resume(frontier.size, frontier.hashes, origin=signer.name, keys=[signer.vkey], last_ms=1000)
        assert checker.extend([], _note(signer, entries)).size == again.extend([], _note(signer, entries)).size


def test_a_bit_flipped_before_binding_stops_the_batch(signer) -> None:
    """Every byte of the entries to be stored counts."""
    entries = _batch(0, 2)
    note = _note(signer, entries)
    for i in range(len(entries[1])):
        flipped = bytearray(entries[1])
        flipped[i] ^= 1
        with pytest.raises(Tampering):
            _checker(signer).extend([entries[0], bytes(flipped)], note)


def test_a_wrong_head_stops_the_batch(signer) -> None:
    """Another order, another size, another origin, no signature of ours or a false one."""
    entries = _batch(0, 3)
    note = _note(signer, entries)
    foreign = Signer("other.example", bytes(32))
    for batch, head in [
        (entries[::-1], note),
        (entries[:2], note),
        (entries, _note(foreign, entries)),
        (entries, _note(Signer(signer.name, b"x" * 32), entries)),
        (entries, note[:-10] + "AAAAAAAA=\n"),
        (entries, "not a note"),
    ]:
        with pytest.raises(Tampering):
            _checker(signer).extend(batch, head)


def test_a_head_of_another_size_or_origin_stops_the_batch(signer) -> None:
    """Though its root is true and our key signed it."""
    entries = _batch(0, 3)
    root = Frontier().extend([leaf_hash(entry) for entry in entries]).root()
    for origin, size in [(signer.name, 4), ("other.example", 3)]:
        with pytest.raises(Tampering):
            _checker(signer).extend(entries, signer.sign(format_checkpoint(origin, size, root)))


def test_time_that_falls_stops_the_batch(signer) -> None:
    """Within a batch and from one batch to the next."""
    first, second = _batch(0, 1, 1000), _batch(1, 1, 999)
    note = _note(signer, first + second)
    with pytest.raises(Tampering, match="older"):
        _checker(signer).extend(first + second, note)
    with pytest.raises(Tampering, match="older"):
        _checker(signer).extend(first, _note(signer, first)).extend(second, note)


def test_an_entry_that_points_forward_stops_the_batch(signer) -> None:
    """An intent stands before its outcome."""
    secrets = dict.fromkeys(("op", "snd", "rcp", "obj", "net", "sec"), bytes(32))
    said = Statement(kind="shipped", x=bytes(16), leg=0, outcome="delivered", intent=0)
    entries = [compose(said, time_ms=1, gateway="gw1", secrets=secrets).entry]
    with pytest.raises(Tampering, match="not there yet"):
        _checker(signer).extend(entries, _note(signer, entries))


def test_a_refused_batch_leaves_the_checker_as_it_was(signer) -> None:
    """The next true batch still follows the last signed head."""
    checker, entries = _checker(signer), _batch(0, 3)
    with pytest.raises(Tampering):
        checker.extend(entries, _note(signer, entries[:2]))
    assert 3 == checker.extend(entries, _note(signer, entries)).size
