"""A stretch of the ledger's time has exactly its entries, wherever its ends lie."""

from __future__ import annotations

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.questions.period import Period, entries_in, legs_with
from gateway.ledger.entry import read_entry
from tests.audited import Past


def test_every_stretch_has_its_entries(past: Past) -> None:
    """From each entry's instant to each other's, the last not included: those, in order, and no others."""
    with opened(Setting(folder=past.folder)) as office:
        times = [read_entry(leaf.entry).time_ms for leaf in office.records.since(0, 99).leaves]
        ends = sorted({*times, times[0] - 1, times[-1] + 1})
        for first in ends:
            for until in ends:
                found = entries_in(office.records, Period(first_ms=first, until_ms=until))

                assert [n for n, at in enumerate(times) if first <= at < until] == [leaf.index for leaf, _ in found]


def test_a_leg_comes_whole_and_once(past: Past) -> None:
    """However many of its entries are wanted, and also those that lie outside the stretch."""
    with opened(Setting(folder=past.folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        shipped = next(
            e for e in entries_in(office.records, Period(first_ms=0, until_ms=2**42)) if e[1].kind == "shipped"
        )
        only_then = Period(first_ms=shipped[1].time_ms, until_ms=shipped[1].time_ms + 1)
        wide = Period(first_ms=0, until_ms=2**42)

        narrow = list(legs_with(office.records, attestations, only_then, lambda entry: entry.kind == "shipped"))
        all_of_it = list(
            legs_with(office.records, attestations, wide, lambda entry: entry.kind in ("judged", "shipped"))
        )

    assert [[2, 4, 6, 7, 8, 9]] == [[one.index for one in leg] for leg in narrow]
    assert 4 == len(all_of_it)
