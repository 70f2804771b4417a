"""The signs of the last weeks again, read from the ledger: what a restart knows of everybody's habits.

Only the newest transfers, up to a bound, are opened. Tries to sign in are no facts, so a restart forgets those of the
last minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from gateway.engine.alarms.signs import Reader, Sign
from gateway.engine.archive import Archive
from gateway.engine.clock import day
from gateway.keep import Reading
from gateway.ledger.terms import term

MOST_TRANSFERS = 20_000


def retold(records: Reading, archive: Archive, index_key: bytes, *, until_ms: int, past_ms: int) -> Iterator[Sign]:
    """Every sign of transfers that were received within the past, of before an instant; oldest transfer first."""
    today, reader = day(until_ms), Reader()
    days = [(today - timedelta(days=n)).isoformat() for n in range(past_ms // 86_400_000 + 2)]
    asked = ([term(index_key, "kind", "received")], [term(index_key, "day", one) for one in days])
    for stream in reversed(records.find(asked, limit=MOST_TRANSFERS)):
        story = archive.story(stream)
        if story is None:
            continue
        written: dict[int, list[int]] = {}
        for number, row in enumerate(story.rows):
            if until_ms - past_ms <= row.at_ms < until_ms:
                written.setdefault(row.at_ms, []).append(number)
        for at_ms, numbers in written.items():
            yield from reader.signs(stream, (story.facts[number] for number in numbers), at_ms)
