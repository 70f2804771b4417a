"""What every `Records` must do: one function a promise, each handed a fresh, empty store.

@pytest.mark.parametrize("promise", records.PROMISES, ids=lambda promise: promise.__name__)
def test_it_keeps(promise): promise(SqliteRecords(path))
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from gateway.errors import Conflict, Tampering
from gateway.keep import Append, Content, Head, LeafRow, Records, Row
from gateway.transfer import BlobId

BOXES = (b"op", b"snd", b"rcp", b"obj", b"net", b"sec")
ERASED = (b"",) * 6


def head(size: int, mark: bytes = b"r") -> Head:
    """A head of `size`; heads of one size and different marks have different roots."""
    return Head(size=size, root=mark * 32, note=f"note {size}\n")


def facts(
    stream: str,
    *,
    at: int,
    expected: int = 0,
    count: int = 1,
    terms: tuple[bytes, ...] = (),
    due_ms: int | None = None,
    key: bytes | None = None,
) -> Append:
    """`count` facts of one leaf each, whose first leaf has index `at`."""
    numbers = range(expected + 1, expected + 1 + count)
    return Append(
        stream=stream,
        expected=expected,
        rows=tuple(
            Row(version=v, kind="judged", at_ms=1_000 + v, body=b"body %d" % v, first_index=at + v - expected - 1)
            for v in numbers
        ),
        leaves=tuple(
            LeafRow(
                index=at + v - expected - 1,
                stream=stream,
                version=v,
                leg=0,
                entry=b"entry %d" % v,
                hash=bytes([v]) * 32,
                boxes=BOXES,
            )
            for v in numbers
        ),
        terms=terms,
        due_ms=due_ms,
        key=key,
    )


def gives_back_what_was_appended(records: Records) -> None:
    """A stream's facts and key, the ledger entries and the head come back as they were appended."""
    append = facts("T-A", at=0, count=3, key=b"wrapped")
    records.append([append], old=None, new=head(3))

    history, page = records.history("T-A"), records.since(0, 10)

    assert (append.rows, b"wrapped", 3) == (history.rows, history.key, history.version)
    assert (head(3), append.leaves) == (page.head, page.leaves)


def knows_nothing_at_first(records: Records) -> None:
    """An empty store has no head, no entries, no streams, nothing due and no registers."""
    history, page = records.history("T-A"), records.since(0, 10)

    assert ((), None) == (history.rows, history.key)
    assert (None, ()) == (page.head, page.leaves)
    assert () == records.find([], limit=10)
    assert () == records.claim(now_ms=10**15, until_ms=10**15, limit=10)
    assert records.swap("any", old=None, new=None) is None


def pages_through_the_ledger(records: Records) -> None:
    """Entries come in order, from the position asked for and no more than asked for."""
    records.append([facts("T-A", at=0, count=2), facts("T-B", at=2, count=3)], old=None, new=head(5))

    assert [1, 2, 3] == [leaf.index for leaf in records.since(1, 3).leaves]
    assert [4] == [leaf.index for leaf in records.since(4, 3).leaves]
    assert () == records.since(5, 3).leaves


def gives_six_boxes_whatever_was_given(records: Records) -> None:
    """An entry kept without boxes comes back with six empty ones."""
    leaf = LeafRow(index=0, stream="log", version=0, leg=None, entry=b"e", hash=b"h" * 32, boxes=())
    records.append([Append(stream="log", expected=0, rows=(), leaves=(leaf,))], old=None, new=head(1))

    kept = records.since(0, 1).leaves[0]

    assert (ERASED, None, "log") == (kept.boxes, kept.leg, kept.stream)


def takes_the_same_stream_twice_in_one_batch(records: Records) -> None:
    """One batch may carry a stream on in two steps."""
    steps = [facts("T-A", at=0), facts("T-A", at=1, expected=1, due_ms=7)]

    records.append(steps, old=None, new=head(2))

    assert 2 == records.history("T-A").version


def refuses_a_stream_that_has_moved_on(records: Records) -> None:
    """An append at another version than the stream's is a conflict that names every such stream; nothing is written."""
    records.append([facts("T-A", at=0), facts("T-B", at=1)], old=None, new=head(2))
    batch = [facts("T-A", at=2), facts("T-C", at=3), facts("T-B", at=4, expected=5)]

    with pytest.raises(Conflict) as caught:
        records.append(batch, old=head(2), new=head(5))

    assert ("T-A", "T-B") == caught.value.streams
    assert (1, 0) == (records.history("T-A").version, records.history("T-C").version)
    assert (head(2), 2) == (records.since(0, 9).head, len(records.since(0, 9).leaves))


def never_replaces_a_data_key(records: Records) -> None:
    """A second key for a stream is a conflict: what the first sealed would be lost."""
    records.append([facts("T-A", at=0, key=b"first")], old=None, new=head(1))

    with pytest.raises(Conflict):
        records.append([facts("T-A", at=1, expected=1, key=b"second")], old=head(1), new=head(2))

    assert (b"first", 1) == (records.history("T-A").key, records.history("T-A").version)


def keeps_a_key_for_a_stream_without_facts(records: Records) -> None:
    """A person's or month's key is a stream of its own with no facts; `find` does not count it."""
    records.append([Append(stream="month/2026-01", expected=0, rows=(), leaves=(), key=b"k")], old=None, new=head(0))

    assert (b"k", 0) == (records.history("month/2026-01").key, records.history("month/2026-01").version)
    assert () == records.find([], limit=10)


def stops_when_the_head_is_another(records: Records) -> None:
    """A head of other size or root than the last one signed is tampering, and nothing is written."""
    records.append([facts("T-A", at=0)], old=None, new=head(1))
    for old, new, at in ((None, head(1), 0), (head(1, b"x"), head(2), 1), (head(2), head(3), 2)):
        with pytest.raises(Tampering):
            records.append([facts("T-B", at=at)], old=old, new=new)

    assert (head(1), 0) == (records.since(0, 9).head, records.history("T-B").version)


def refuses_gaps(records: Records) -> None:
    """Entries that do not run from the old size to the new, or facts not numbered on, are a mistake of the caller."""
    for append, new in (
        (facts("T-A", at=1), head(2)),
        (facts("T-A", at=0), head(2)),
        (Append(stream="T-A", expected=1, rows=facts("T-A", at=0).rows, leaves=()), head(0)),
    ):
        with pytest.raises(ValueError, match="without a gap"):
            records.append([append], old=None, new=new)

    assert records.since(0, 9).head is None


def leases_due_work(records: Records) -> None:
    """Due streams are claimed longest due first, are not due again until the lease ends, and then are."""
    batch = [
        facts("T-late", at=0, due_ms=300),
        facts("T-early", at=1, due_ms=100),
        facts("T-never", at=2),
        facts("T-far", at=3, due_ms=9_000),
    ]
    records.append(batch, old=None, new=head(4))

    assert () == records.claim(now_ms=99, until_ms=1_000, limit=9)
    assert ("T-early",) == records.claim(now_ms=500, until_ms=1_000, limit=1)
    assert ("T-late",) == records.claim(now_ms=500, until_ms=2_000, limit=9)
    assert ("T-early",) == records.claim(now_ms=1_000, until_ms=3_000, limit=9)


def settles_due_work_by_appending(records: Records) -> None:
    """An append says anew when work is due; one without facts only does that."""
    records.append([facts("T-A", at=0, due_ms=100)], old=None, new=head(1))
    records.append([Append(stream="T-A", expected=1, rows=(), leaves=(), due_ms=None)], old=head(1), new=head(1))

    assert () == records.claim(now_ms=10**12, until_ms=10**12, limit=9)


def two_claimers_never_share(records: Records) -> None:
    """Work is leased to one claimer, however many ask at once."""
    records.append([facts(f"T-{n}", at=n, due_ms=n) for n in range(20)], old=None, new=head(20))
    claimed: list[str] = []

    def claim() -> None:
        while got := records.claim(now_ms=100, until_ms=200, limit=3):
            claimed.extend(got)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(f"T-{n}" for n in range(20)) == sorted(claimed)


def swaps_registers(records: Records) -> None:
    """A register changes only from what the caller believes it holds; the answer is what it holds afterwards."""
    assert b"a" == records.swap("r", old=None, new=b"a")
    assert b"a" == records.swap("r", old=None, new=b"b")
    assert b"a" == records.swap("r", old=b"x", new=b"b")
    assert b"b" == records.swap("r", old=b"a", new=b"b")
    assert b"b" == records.swap("r", old=b"", new=b"")
    assert records.swap("other", old=None, new=None) is None
    assert records.swap("r", old=b"b", new=None) is None
    assert b"" == records.swap("r", old=None, new=b"")


def keeps_light_content_with_its_facts(records: Records) -> None:
    """Content comes back by its name once its facts are appended; a failed batch leaves none; forgetting takes it."""
    mine = replace(facts("T-A", at=0), contents=(Content(blob=BlobId("1a" * 16), sealed=b"mine"),))
    other = replace(facts("T-B", at=1), contents=(Content(blob=BlobId("2b" * 16), sealed=b"other"),))
    failed = replace(facts("T-B", at=2), contents=(Content(blob=BlobId("3c" * 16), sealed=b"failed"),))
    records.append([mine, other], old=None, new=head(2))

    with pytest.raises(Conflict):
        records.append([failed], old=head(2), new=head(3))

    assert (b"mine", b"other") == (records.content(BlobId("1a" * 16)), records.content(BlobId("2b" * 16)))
    assert records.content(BlobId("3c" * 16)) is None
    records.forget("T-A")
    assert (None, b"other") == (records.content(BlobId("1a" * 16)), records.content(BlobId("2b" * 16)))


def finds_by_terms(records: Records) -> None:
    """A stream is found by at least one term of every group, newest first, up to the limit."""
    batch = [facts("T-1", at=0, terms=(b"ann", b"jan")), facts("T-2", at=1, terms=(b"bob", b"jan"))]
    records.append([*batch, facts("T-3", at=2, terms=(b"ann", b"feb"))], old=None, new=head(3))
    records.append([facts("T-1", at=3, expected=1, terms=(b"ann", b"ship"))], old=head(3), new=head(4))

    assert ("T-3", "T-2", "T-1") == records.find([], limit=9)
    assert ("T-3", "T-2") == records.find([], limit=2)
    assert ("T-3", "T-1") == records.find([[b"ann"]], limit=9)
    assert ("T-2", "T-1") == records.find([[b"ann", b"bob"], [b"jan"]], limit=9)
    assert ("T-1",) == records.find([[b"ship"]], limit=9)
    assert () == records.find([[b"ann"], [b"nobody"]], limit=9)
    assert () == records.find([[b"ann"], []], limit=9)


def gives_the_entries_of_one_stream(records: Records) -> None:
    """All of them, in order, whatever stands between them; none of a stream there is not."""
    records.append([facts("T-A", at=0), facts("T-B", at=1, count=2)], old=None, new=head(3))
    records.append([facts("T-A", at=3, expected=1)], old=head(3), new=head(4))

    assert [(0, 1), (3, 2)] == [(leaf.index, leaf.version) for leaf in records.entries("T-A")]
    assert records.since(1, 2).leaves == records.entries("T-B")
    assert () == records.entries("T-C")


def tells_which_terms_lead_to_a_stream(records: Records) -> None:
    """Of those asked about, the ones `find` finds it by; another stream's are not among them."""
    first, second = facts("T-A", at=0, terms=(b"ann", b"jan")), facts("T-B", at=1, terms=(b"ben", b"jan"))
    records.append([first, second], old=None, new=head(2))

    assert {b"ann", b"jan"} == records.leading((b"ann", b"jan", b"ben", b"feb"), "T-A")
    assert frozenset() == records.leading((b"ann",), "T-C")
    assert frozenset() == records.leading((), "T-A")


def forgets_a_stream_and_nothing_else(records: Records) -> None:
    """Key, bodies, boxes, terms and due work are gone; rows, leaves, hashes and every other stream stay."""
    mine = facts("T-A", at=0, count=2, terms=(b"both", b"mine"), due_ms=1, key=b"mine")
    other = facts("T-B", at=2, terms=(b"both",), due_ms=2, key=b"other")
    records.append([mine, other], old=None, new=head(3))

    records.forget("T-A")
    records.forget("T-A")
    records.forget("T-unknown")

    history, leaves = records.history("T-A"), records.since(0, 9).leaves
    assert (None, 2, [b"", b""]) == (history.key, history.version, [row.body for row in history.rows])
    assert [leaf.entry for leaf in mine.leaves + other.leaves] == [leaf.entry for leaf in leaves]
    assert [leaf.hash for leaf in mine.leaves + other.leaves] == [leaf.hash for leaf in leaves]
    assert [ERASED, ERASED, BOXES] == [leaf.boxes for leaf in leaves]
    assert (("T-B",), ()) == (records.find([[b"both"]], limit=9), records.find([[b"mine"]], limit=9))
    assert ("T-B",) == records.claim(now_ms=9, until_ms=9, limit=9)
    assert (other.rows, b"other") == (records.history("T-B").rows, records.history("T-B").key)


def goes_on_after_forgetting(records: Records) -> None:
    """A forgotten stream keeps its version, may be appended to, and may be given a fresh key."""
    records.append([facts("T-A", at=0, key=b"old")], old=None, new=head(1))
    records.forget("T-A")

    records.append([facts("T-A", at=1, expected=1, key=b"new")], old=head(1), new=head(2))

    assert (2, b"new") == (records.history("T-A").version, records.history("T-A").key)


def reads_are_of_one_instant(records: Records) -> None:
    """A page's entries and head belong together, however fast the writer is."""
    stop, torn = threading.Event(), list[tuple[int, int]]()

    def read() -> None:
        while not stop.is_set():
            page = records.since(0, 10_000)
            size = page.head.size if page.head else 0
            if size != len(page.leaves):
                torn.append((size, len(page.leaves)))

    reader = threading.Thread(target=read)
    reader.start()
    old = None
    for at in range(0, 60, 2):
        records.append([facts(f"T-{at}", at=at, count=2)], old=old, new=head(at + 2))
        old = head(at + 2)
    stop.set()
    reader.join()

    assert [] == torn


PROMISES: tuple[Callable[[Records], None], ...] = (
    gives_back_what_was_appended,
    knows_nothing_at_first,
    pages_through_the_ledger,
    gives_six_boxes_whatever_was_given,
    takes_the_same_stream_twice_in_one_batch,
    refuses_a_stream_that_has_moved_on,
    never_replaces_a_data_key,
    keeps_a_key_for_a_stream_without_facts,
    stops_when_the_head_is_another,
    refuses_gaps,
    leases_due_work,
    settles_due_work_by_appending,
    two_claimers_never_share,
    swaps_registers,
    keeps_light_content_with_its_facts,
    finds_by_terms,
    gives_the_entries_of_one_stream,
    tells_which_terms_lead_to_a_stream,
    forgets_a_stream_and_nothing_else,
    goes_on_after_forgetting,
    reads_are_of_one_instant,
)
