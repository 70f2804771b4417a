"""Formats read back as written, and survive anything thrown at their readers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Tampering, Unreadable
from gateway.ledger import jcs
from gateway.ledger.box import open_box, seal_box
from gateway.ledger.bundle import read_zip, write_zip
from gateway.ledger.checkpoint import format_checkpoint, parse_checkpoint, verify
from gateway.ledger.composing import Statement, compose
from gateway.ledger.disclosure import check_disclosure, disclose
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.proof import parse_bundle, parse_proof
from gateway.ledger.tiles import decode_bundle, encode_bundle, parse_path
from gateway.ledger.verify import Verdict, verify_bundle

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
KEYS = st.text(st.characters(max_codepoint=0x7F), max_size=6)
JSON = st.recursive(
    TEXT | st.integers(-jcs.LARGEST, jcs.LARGEST),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=60)
def test_canonical_json_round_trip(value) -> None:
    """What is written is read back, and its bytes are the only ones."""
    assert value == jcs.parse(jcs.encode(value))


@given(st.binary(max_size=200))
def test_readers_raise_only_unreadable(untrusted: bytes) -> None:
    """Hostile bytes end in `Unreadable`, whatever they are."""
    text = untrusted.decode("latin-1")
    for read in (jcs.parse, read_entry, parse_proof, parse_bundle, read_zip):
        try:
            read(untrusted)
        except Unreadable:
            continue
    for read in (parse_checkpoint, parse_path, lambda note: verify(note, [])):
        try:
            read(text)
        except Unreadable:
            continue
    assert Verdict.FALSE == verify_bundle(untrusted, []).verdict


@given(st.dictionaries(st.sampled_from(["a", "a/b", "b.txt", "MANIFEST", "c/d/e"]), st.binary(max_size=50)))
def test_zip_round_trip(files: dict[str, bytes]) -> None:
    """A container gives back its files."""
    assert files == read_zip(write_zip(files))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_entry_bundle_round_trip(entries: list[bytes]) -> None:
    """A bundle gives back its entries."""
    assert tuple(entries) == decode_bundle(encode_bundle(entries), len(entries))


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoint_round_trip(size: int, root: bytes) -> None:
    """A checkpoint gives back its size and root."""
    head = parse_checkpoint(format_checkpoint("a.example/1", size, root))
    assert (size, root) == (head.size, head.root)


@given(st.data(), st.sampled_from(sorted(set(FIELDS) - {"disposed"})))
@settings(max_examples=60, deadline=None)
def test_what_a_box_holds_can_be_disclosed(data: st.DataObject, kind: str) -> None:
    """Compose, seal, open, disclose, check: for any values, every field of every class."""
    values = tuple(
        (cls, tuple((field, data.draw(TEXT)) for field in FIELDS[kind][cls] if data.draw(st.booleans())))
        for cls in CLASSES
    )
    secrets = {cls: data.draw(st.binary(min_size=32, max_size=32)) for cls in CLASSES}
    outcome = {"shipped": "delivered", "collected": "delivered", "declined": "refused", "deferred": "deferred",
               "undeliverable": "bounced", "expired": "expired"}.get(kind, "")  # fmt: skip
    statement = Statement(kind=kind, x=bytes(16), leg=0, outcome=outcome, values=values)
    entry = compose(statement, time_ms=1, gateway="gw1", secrets=secrets).entry
    for cls in CLASSES:
        place = {"x": bytes(16), "leg": 0, "kind": kind, "cls": cls}
        box = seal_box(b"k" * 32, **place, secret=secrets[cls], values=statement.of(cls), r=b"r" * 16)
        opened = open_box(b"k" * 32, **place, box=box)
        for field in FIELDS[kind][cls] or ("",):
            shown = disclose(kind, index=0, cls=cls, field=field, secret=opened.secret, values=opened.values)
            assert check_disclosure(entry, shown)


@given(st.binary(max_size=100))
def test_no_other_bytes_open_as_a_box(untrusted: bytes) -> None:
    """Random bytes are never a box."""
    try:
        open_box(b"k" * 32, x=bytes(16), leg=0, kind="sealed", cls="op", box=untrusted)
    except Tampering:
        return
    raise AssertionError("it opened")
