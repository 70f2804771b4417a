"""Several processes count what one would have counted."""

from __future__ import annotations

import os
from contextlib import closing

import apsw
import pytest

from gateway.commands.audit.spreading import spread_over
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.recount import Counted, Disposals, Recount, batched
from gateway.keep.beside import BlobsBeside
from tests.audited import Past


def counted(past: Past, *, is_spread: bool) -> list[Counted]:
    """What became of every transfer, each a batch of its own."""
    with opened(Setting(folder=past.folder)) as office, closing(office.blobs()) as blobs:
        head = office.records.since(0, 0).head
        assert head is not None
        names = office.records.find([], limit=99)
        batches = batched([(name, len(office.records.entries(name))) for name in names], 1)
        spread = spread_over(past.folder)
        if is_spread:
            assert spread is not None
            return list(spread(batches, Disposals(), head.size))
        recount = Recount(
            records=office.records,
            attestations=Attestations(office.records, office.archive, office.keyring),
            blobs=BlobsBeside(blobs, office.records),
            size=head.size,
            disposals=Disposals(),
        )
        return [recount.batch(batch) for batch in batches]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor")
def test_it_makes_no_difference(past: Past) -> None:
    """The same counts and the same words about what is wrong, whoever finds it."""
    db = apsw.Connection(str(past.folder / "var" / "records" / "records.db"))
    db.execute("DELETE FROM term WHERE stream = (SELECT id FROM stream WHERE name = ?)", (past.held,))
    db.close()

    alone, together = (counted(past, is_spread=spread) for spread in (False, True))

    assert sorted(map(repr, alone)) == sorted(map(repr, together))
    assert [(past.held, "is not found by what it says")] == [words for one in together for words in one.wrong]
