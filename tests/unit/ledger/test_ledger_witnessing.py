"""What a witness must answer: each status of the handbook, and what it remembers."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from gateway.errors import Unreadable
from gateway.ledger.checkpoint import Checkpoint, Signer, format_checkpoint
from gateway.ledger.merkle import EMPTY_ROOT, consistency, leaf_hash, root_of
from gateway.ledger.succession import Standing
from gateway.ledger.witnessing import Request, format_request, judge, noted, parse_request

LOG = Signer("town.test/ledger", b"l" * 32)
STRANGER = Signer("town.test/ledger", b"s" * 32)
LOGS: dict[str, Standing] = {LOG.name: {LOG.vkey: None}}
LEAVES = [leaf_hash(bytes([n])) for n in range(20)]
FORK = [leaf_hash(bytes([n + 100])) for n in range(20)]


def head(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(LOG.name, size, root_of(leaves[:size]))


def request(old: int, size: int, *, leaves: list[bytes] = LEAVES, signer: Signer = LOG, proof: object = None) -> bytes:
    path = consistency(old, size, lambda level, i: root_of(leaves[i << level : (i + 1) << level])) if old < size else ()
    note = signer.sign(format_checkpoint(LOG.name, size, root_of(leaves[:size])))
    return format_request(Request(old, path if proof is None else proof, note))  # type: ignore[arg-type]


def status(untrusted: bytes, seen: Checkpoint | None = None) -> tuple[int, int | None]:
    verdict = judge(untrusted, logs=LOGS, held={LOG.name: seen} if seen else {})
    assert (verdict.head is None) == (verdict.status is not HTTPStatus.OK)
    return verdict.status.value, verdict.held


def first(size: int) -> bytes:
    return format_request(Request(0, (), LOG.sign(format_checkpoint(LOG.name, size, root_of(LEAVES[:size])))))


def test_a_head_that_grew_is_good() -> None:
    """The first, a later one with its proof, and the same one again."""
    assert (200, None) == status(first(5))
    assert (200, None) == status(request(5, 13), head(5))
    assert (200, None) == status(request(13, 13), head(13))
    assert (200, None) == status(first(0))
    assert (200, None) == status(
        format_request(Request(0, (), LOG.sign(format_checkpoint(LOG.name, 4, head(4).root)))),
        Checkpoint(LOG.name, 0, EMPTY_ROOT),
    )


def test_who_may_ask() -> None:
    """A log nobody added: 404. A key nobody added, or a false signature: 403."""
    assert 404 == judge(first(5), logs={}, held={}).status
    assert (403, None) == status(request(5, 13, signer=STRANGER), head(5))
    wrong = first(5).replace(b"\n5\n", b"\n6\n")
    assert (403, None) == status(wrong)


def test_a_retired_key_counts_up_to_its_last_head() -> None:
    """No further, whoever holds its seed; beside the key that followed it, its line is ignored."""
    logs: dict[str, Standing] = {LOG.name: {LOG.vkey: 13, STRANGER.vkey: None}}

    def verdict(size: int, signer: Signer) -> tuple[int, str]:
        found = judge(request(5, size, signer=signer), logs=logs, held={LOG.name: head(5)})
        return found.status.value, found.words

    assert (200, "") == verdict(13, LOG)
    assert (403, "a retired key of the log signed this") == verdict(14, LOG)
    assert (200, "") == verdict(14, Signer(LOG.name, b"l" * 32, successor=STRANGER))
    assert (200, "") == verdict(14, STRANGER)


def test_what_it_saw_last_decides() -> None:
    """Another old size than the one it holds: 409 and the size; the same size, another root: 409 without."""
    assert (409, 13) == status(request(5, 13), head(13))
    assert (409, 0) == status(request(5, 13))
    assert (409, 13) == status(first(5), head(13))
    assert (409, None) == status(request(13, 13, leaves=FORK), head(13))


def test_a_proof_must_prove() -> None:
    """Of another tree, cut, or one too many: 422."""
    good = parse_request(request(5, 13)).proof
    assert (422, None) == status(request(5, 13, leaves=FORK), head(5))
    assert (422, None) == status(request(5, 13, proof=good[:-1]), head(5))
    assert (422, None) == status(request(5, 13, proof=(*good, bytes(32))), head(5))
    assert (422, None) == status(request(13, 13, proof=(bytes(32),)), head(13))
    bad_empty = LOG.sign(format_checkpoint(LOG.name, 0, bytes(32)))
    assert (422, None) == status(format_request(Request(0, (), bad_empty)))


def test_malformed_is_400() -> None:
    """Spaces, signs, other line ends, a hash of another length, too many, a proof from nothing, an old size above."""
    good = request(5, 13)
    for wrong in (
        b"",
        b"\n" + good,
        good.replace(b"old 5", b"old  5"),
        good.replace(b"old 5", b"old +5"),
        good.replace(b"old 5", b"old 05"),
        good.replace(b"old 5", b"new 5"),
        good.replace(b"\n", b"\r\n"),
        good[:-1],
        good.replace(b"\n\ntown", b"\nAAAA\n\ntown"),
        request(5, 13, proof=(bytes(32),) * 64),
        format_request(Request(0, (bytes(32),), LOG.sign(format_checkpoint(LOG.name, 5, bytes(32))))),
        request(13, 5, proof=()),
        b"old 5\n\xff\n\n" + good.partition(b"\n\n")[2],
        good + b"x" * 200_000,
    ):
        assert (400, None) == status(wrong, head(5)), wrong[:60]


def test_what_it_keeps_never_grows() -> None:
    """Of the lines that came only the log's own are kept, and the witness's is added."""
    bloated = first(5) + b"\xe2\x80\x94 somebody.else AAAAAAAA\n"

    kept = noted(bloated, [LOG.vkey], "— w AAAAAAAA\n")

    assert LOG.sign(format_checkpoint(LOG.name, 5, head(5).root)) + "— w AAAAAAAA\n" == kept


def test_both_ends_speak_the_same() -> None:
    """What the log writes the witness reads."""
    said = Request(7, (bytes(32), b"\x01" * 32), LOG.sign(format_checkpoint(LOG.name, 9, bytes(32))))
    assert said == parse_request(format_request(said))
    with pytest.raises(Unreadable):
        parse_request(format_request(said)[:5])
