"""Invariant: notes, keys, tiles, paths, bundles, proofs, successions and requests by others are read, or refused.

Nothing raises anything but `Unreadable` or `Tampering`, and what is read is written again as the very same bytes. Fed
with whole pieces dealt out in any order, and with true ones that were damaged.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import Tampering, Unreadable
from gateway.ledger.audit import Audit
from gateway.ledger.checkpoint import Signer, format_checkpoint, parse_checkpoint, parse_note, parse_vkey, verify
from gateway.ledger.composing import Statement, compose
from gateway.ledger.cosignature import Cosigner, cosignatures, parse_witness_key
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import CLASSES
from gateway.ledger.merkle import consistency, leaf_hash, root_of
from gateway.ledger.proof import parse_bundle, parse_proof
from gateway.ledger.succession import continued, encode, follow
from gateway.ledger.tiles import decode_bundle, decode_tile, encode_bundle, parse_path
from gateway.ledger.verify import Verdict, verify_bundle, verify_proof
from gateway.ledger.watching import Watcher
from gateway.ledger.witnessing import Request, format_request, judge, parse_request
from tests import successions
from tests.successions import EVIL, A, B, C

LOG, WITNESS = Signer("town.test/ledger", b"l" * 32), Cosigner("county.test/witness", b"w" * 32)
SECRETS = {cls: bytes([n]) * 32 for n, cls in enumerate(CLASSES)}
ENTRIES = [
    compose(Statement(kind="genesis"), time_ms=1, gateway="gw1", secrets={}).entry,
    compose(Statement(kind="received", x=bytes(16), leg=0), time_ms=2, gateway="gw1", secrets=SECRETS).entry,
    *(compose(Statement(kind="tick"), time_ms=n, gateway="gw1", secrets={}).entry for n in range(3, 9)),
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def fetch(level: int, index: int) -> bytes:
    return root_of(LEAVES[index << level : (index + 1) << level])


def note(size: int) -> str:
    signed = LOG.sign(format_checkpoint(LOG.name, size, root_of(LEAVES[:size])))
    return signed + WITNESS.line(signed.partition("\n\n")[0] + "\n", 1_800_000_000)


REQUEST = format_request(Request(3, consistency(3, 8, fetch), note(8)))
PIECES = (
    "town.test/ledger", "\n", "\n\n", "8", "0", "-1", "08", " ", "old 3", "old ", "— ", "—", "county.test/witness",
    "AAAA", "=", "+", "d3bef100", note(8), note(8).partition("\n\n")[0], WITNESS.vkey, LOG.vkey, "\r", "\t", "\0", "é",
    "tile/", "entries", "x001", "/", "000", ".p/", "256", "255", "c2sp.org/tlog-proof@v1", "index ", "extra ",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=60)


def damaged(*true: bytes) -> st.SearchStrategy[bytes]:
    """One of these with a byte changed, cut out or put in; or any bytes."""

    def damage(which: bytes, at: int, byte: int, how: int) -> bytes:
        at %= len(which)
        return which[:at] + (b"", bytes([byte]), bytes([byte]) + which[at : at + 1])[how] + which[at + 1 :]

    return st.builds(
        damage, st.sampled_from(true), st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 2)
    ) | st.binary(max_size=80)


@settings(max_examples=400)
@given(TEXTS | damaged(note(8).encode()).map(lambda octets: octets.decode("utf-8", "replace")))
@example(note(8))
def test_notes_and_keys(untrusted: str) -> None:
    """A note, a checkpoint, a key: read in one spelling or refused; a changed one is never signed."""
    for parse, write in ((parse_vkey, str), (parse_witness_key, str)):
        with suppress(Unreadable):
            assert untrusted == write(parse(untrusted))
    with suppress(Unreadable):
        head = parse_checkpoint(untrusted)
        assert untrusted == format_checkpoint(head.origin, head.size, head.root)
    with suppress(Unreadable):
        assert untrusted.startswith(parse_note(untrusted).text)
    with suppress(Unreadable, Tampering):
        if verify(untrusted, [LOG.vkey]).signers:
            assert untrusted.partition("\n\n")[0] == note(8).partition("\n\n")[0]
    with suppress(Unreadable, Tampering):
        if cosignatures(untrusted, [WITNESS.vkey]):
            assert untrusted.partition("\n\n")[0] == note(8).partition("\n\n")[0]


@settings(max_examples=400)
@given(TEXTS)
def test_paths(untrusted: str) -> None:
    """A tile has one path."""
    with suppress(Unreadable):
        assert untrusted == parse_path(untrusted).path


@settings(max_examples=400)
@given(damaged(encode_bundle(ENTRIES), b"".join(LEAVES)), st.integers(1, 256))
@example(encode_bundle(ENTRIES), len(ENTRIES))
def test_tiles(untrusted: bytes, width: int) -> None:
    """An entry bundle and a hash tile of a width: exactly that, or refused."""
    with suppress(Unreadable):
        assert untrusted == encode_bundle(decode_bundle(untrusted, width))
    with suppress(Unreadable):
        assert untrusted == b"".join(decode_tile(untrusted, width))


@settings(max_examples=300)
@given(damaged(*ENTRIES))
def test_entries(untrusted: bytes) -> None:
    """An entry, alone and in the auditor's fold."""
    with suppress(Unreadable):
        read_entry(untrusted)
    audit = Audit()
    audit.add(untrusted)
    audit.add(untrusted)
    audit.finish(10)


@settings(max_examples=300)
@given(damaged(REQUEST, b"old 3\n\n" + note(8).encode()))
@example(REQUEST)
def test_requests_to_a_witness(untrusted: bytes) -> None:
    """Every body has a status; only the very head, from what was seen, is witnessed."""
    with suppress(Unreadable):
        assert untrusted == format_request(parse_request(untrusted))
    seen = {LOG.name: parse_checkpoint(parse_note(note(3)).text)}
    verdict = judge(untrusted, logs={LOG.name: {LOG.vkey: None}}, held=seen)
    if verdict.status is HTTPStatus.OK:
        assert verdict.head == parse_checkpoint(parse_note(note(8)).text)


KEYS = successions.begun()
STEPS = (
    successions.added(KEYS, B, A, B), successions.retired(KEYS, A, A, B), successions.added(KEYS, C, B, C),
    successions.added(KEYS, EVIL, EVIL),
)  # fmt: skip
TRUE = {(A.vkey, None), (A.vkey, 3), (B.vkey, None), (C.vkey, None)}
"""All that these steps can truly tell of a key."""


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(STEPS), max_size=6).map(encode) | damaged(encode(STEPS[:3])),
    st.lists(st.sampled_from(STEPS), max_size=6).map(encode) | damaged(encode(STEPS)),
)
@example(encode(STEPS[:3]), encode(STEPS[:1]))
def test_successions(first: bytes, second: bytes) -> None:
    """In any order, damaged or not: nobody is learned whom no key vouched for, and nothing learned is forgotten."""
    held, before = None, {A.vkey: None}
    for untrusted in (first, second):
        with suppress(Unreadable, Tampering):
            held = continued([A.vkey], held, untrusted)
        after = follow([A.vkey], held)
        assert set(after.items()) <= TRUE
        assert all(key in after and last in (None, after[key]) for key, last in before.items())
        before = dict(after)


@settings(max_examples=200)
@given(damaged(b"c2sp.org/tlog-proof@v1\nindex 3\n\n" + note(8).encode(), b"PK\x03\x04" + bytes(40)))
def test_proofs_and_bundles(untrusted: bytes) -> None:
    """What an auditor is handed is read or refused, and nothing made up is true."""
    for parse in (parse_proof, parse_bundle):
        with suppress(Unreadable):
            parse(untrusted)
    for check in (verify_proof, verify_bundle):
        assert check(untrusted, [LOG.vkey]).verdict is not Verdict.TRUE


@settings(max_examples=150)
@given(
    st.sampled_from(("checkpoint", "witnessed", "entries", "hashes")), damaged(note(8).encode(), encode_bundle(ENTRIES))
)
def test_a_watcher_reads_anything(which: str, untrusted: bytes) -> None:
    """Whatever a published file says instead, a look ends with findings; nothing changed is sound."""
    files = {
        "checkpoint": note(8).encode(),
        "witnessed": note(8).encode(),
        "entries": encode_bundle(ENTRIES),
        "hashes": b"".join(LEAVES),
    }
    true = files[which]
    files[which] = untrusted
    look = Watcher(keys=[LOG.vkey], witnesses=[WITNESS.vkey], seen=note(3)).look(_reader(files), 1_800_000_000_000)
    if which in ("entries", "hashes") and look.is_sound:
        assert true == files[which]


def _reader(files: dict[str, bytes]) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        if name.startswith("tile/entries"):
            return files["entries"]
        return files["hashes"] if name.startswith("tile/") else files[name]

    return read


def test_the_true_ones_are_true() -> None:
    """So that the damage above is damage to something."""
    files = {"checkpoint": note(8).encode(), "witnessed": note(8).encode(), "entries": encode_bundle(ENTRIES),
             "hashes": b"".join(LEAVES)}  # fmt: skip
    look = Watcher(keys=[LOG.vkey], witnesses=[WITNESS.vkey], seen=note(3)).look(_reader(files), 1_800_000_000_000)
    assert look.is_sound, look.sights
    assert (8, 1) == (look.entries, len(look.vouched))
    with pytest.raises(Unreadable):
        parse_note("")
