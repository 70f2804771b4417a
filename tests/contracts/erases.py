"""What every store that can destroy a part of a stream must do: one function a promise, each handed a fresh store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from gateway.keep import Append, Content, Erases, LeafRow, Records, Redaction, Row, Tidies
from gateway.transfer import BlobId
from tests.contracts.records import BOXES, head

BLOB, OTHER = BlobId("a" * 32), BlobId("b" * 32)


class Store(Records, Erases, Tidies, Protocol):
    """All three."""


def filled(store: Store) -> None:
    """Two streams of two facts each, with terms, a key and light content."""
    appends = [
        Append(
            stream=stream,
            expected=0,
            rows=tuple(Row(version=n + 1, kind="k", at_ms=n, body=b"body", first_index=at + n) for n in (0, 1)),
            leaves=tuple(
                LeafRow(index=at + n, stream=stream, version=n + 1, leg=0, entry=b"e", hash=b"h" * 32, boxes=BOXES)
                for n in (0, 1)
            ),
            terms=(b"one", b"two"),
            key=b"key",
            contents=(Content(blob=blob, sealed=b"sealed"),),
        )
        for stream, at, blob in (("T-A", 0, BLOB), ("T-B", 2, OTHER))
    ]
    store.append(appends, old=None, new=head(4))


def redacts_what_it_is_told(store: Store) -> None:
    """One body, some boxes, one term and the content go; everything else, and every other stream, stays."""
    filled(store)
    redaction = Redaction(
        stream="T-A", bodies=((2, b"less"),), boxes=((0, ("rcp", "net")),), terms=(b"one",), drops_content=True
    )
    store.redact([redaction])
    store.redact([redaction])
    store.compact()

    leaves = store.since(0, 4).leaves
    assert [b"body", b"less"] == [row.body for row in store.history("T-A").rows]
    assert (b"op", b"snd", b"", b"obj", b"", b"sec") == leaves[0].boxes
    assert [BOXES] * 3 == [leaf.boxes for leaf in leaves[1:]]
    assert (("T-B",), ("T-B", "T-A")) == (store.find([[b"one"]], limit=9), store.find([[b"two"]], limit=9))
    assert (None, b"sealed", b"key") == (store.content(BLOB), store.content(OTHER), store.history("T-A").key)


def changes_nothing_of_another_stream(store: Store) -> None:
    """An index of another stream's entry is not touched, whoever asks for it."""
    filled(store)
    store.redact([Redaction(stream="T-A", boxes=((2, ("rcp",)),))])

    assert BOXES == store.since(2, 1).leaves[0].boxes


def redacts_all_or_nothing(store: Store) -> None:
    """When one stream is not there, nothing of any changes."""
    filled(store)
    with pytest.raises(KeyError):
        store.redact([Redaction(stream="T-A", terms=(b"one",)), Redaction(stream="T-X")])

    assert ("T-B", "T-A") == store.find([[b"one"]], limit=9)


def forgets_a_key_with_its_name(store: Store) -> None:
    """A stream that is a key alone goes whole, and can be made again."""
    store.append([Append(stream="person/1", expected=0, rows=(), leaves=(), key=b"k")], old=None, new=head(0))
    store.forget("person/1")
    store.append([Append(stream="person/1", expected=0, rows=(), leaves=(), key=b"n")], old=head(0), new=head(0))

    assert b"n" == store.history("person/1").key


PROMISES: tuple[Callable[[Store], None], ...] = (
    redacts_what_it_is_told,
    changes_nothing_of_another_stream,
    redacts_all_or_nothing,
    forgets_a_key_with_its_name,
)
