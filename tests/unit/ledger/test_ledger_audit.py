"""What anyone can check from the entries alone: each broken promise is found, at its index."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.ledger.audit import DAY_MS, Finding, Severity, audit
from gateway.ledger.composing import Statement, compose
from gateway.ledger.leaf import CLASSES, LOG_KINDS

SECRETS = dict.fromkeys(CLASSES, bytes(32))
OUTCOME = {"shipped": "delivered", "collected": "delivered", "declined": "refused", "deferred": "deferred",
           "undeliverable": "bounced", "expired": "expired"}  # fmt: skip


def _entry(word: str, at_ms: int) -> bytes:
    """`kind`, `kind@p`, `kind=outcome@p`, `kind/leg@p`: one entry."""
    said, _, intent = word.partition("@")
    said, _, leg = said.partition("/")
    kind, _, outcome = said.partition("=")
    if kind in LOG_KINDS:
        return compose(Statement(kind=kind), time_ms=at_ms, gateway="gw1", secrets={}).entry
    statement = Statement(
        kind=kind, x=bytes(16), leg=int(leg or 0), outcome=outcome or OUTCOME.get(kind, ""),
        intent=int(intent) if intent else None, public='{"classes":["obj"]}' if kind == "disposed" else "",
    )  # fmt: skip
    return compose(statement, time_ms=at_ms, gateway="gw1", secrets=SECRETS).entry


def _log(words: str) -> list[bytes]:
    return [_entry(word, 1000 + i) for i, word in enumerate(words.split())]


def _found(words: str) -> list[tuple[int, Severity]]:
    return [(finding.index, finding.severity) for finding in audit(_log(words), now_ms=2000)]


@pytest.mark.parametrize(
    "words",
    [
        "genesis received judged scrubbed sealed attempted@4 shipped@4 tick seal",
        "genesis received judged=quarantined approved judged sealed attempted@5 deferred@5 attempted@5 shipped@5",
        "genesis received judged=refused",
        "genesis received received/1 judged judged/1 sealed sealed/1 offered@5 shipped/1@6 collected@5 collected@5",
        "genesis received judged sealed judged@3 sealed@3 attempted@5 undeliverable@5",
        "genesis received judged sealed attempted@3 deferred=unknown@3 declined@3",
        "genesis received expired disposed disposed@3 disposed=refused",
        "genesis received recalled",
    ],
)
def test_a_true_log_has_no_findings(words: str) -> None:
    """Lawful histories, one after another."""
    assert [] == _found(words)


@pytest.mark.parametrize(
    ("words", "index"),
    [
        ("received", 0),
        ("genesis genesis", 1),
        ("genesis seal tick", 2),
        ("genesis judged", 1),
        ("genesis received received", 2),
        ("genesis received attempted", 2),
        ("genesis received shipped", 2),
        ("genesis received sealed shipped", 3),
        ("genesis received sealed attempted@1", 3),
        ("genesis received sealed judged", 3),
        ("genesis received sealed sealed@2 shipped@2", 4),
        ("genesis received sealed shipped@2 shipped@2", 4),
        ("genesis received expired judged", 3),
        ("genesis received declined expired", 3),
        ("genesis received judged=refused sealed", 3),
        ("genesis received sealed offered@2 collected@2 expired@2", 5),
        ("genesis received disposed@1", 2),
        ("genesis received disposed disposed/1@2", 3),
    ],
)
def test_a_broken_promise_is_found(words: str, index: int) -> None:
    """The first failure stands at the entry that broke the promise."""
    failed = [place for place, severity in _found(words) if severity is Severity.FAILED]
    assert index == failed[0]


def _first(change: Callable[[list[bytes]], None]) -> Finding:
    entries = _log("genesis received judged")
    change(entries)
    return audit(entries, now_ms=2000)[0]


def test_time_that_falls_is_found() -> None:
    """By a single millisecond."""
    found = _first(lambda entries: entries.__setitem__(2, _entry("judged", 1000)))
    assert (2, "time falls") == (found.index, found.words)


def test_bytes_that_are_not_canonical_are_found() -> None:
    """A space is enough."""
    assert "not canonical" in _first(lambda e: e.__setitem__(2, e[2] + b" ")).words


def test_an_unknown_schema_is_found() -> None:
    """An entry this reader does not know is not passed over."""
    unknown = compose(
        Statement(kind="received", x=bytes(16), leg=0), time_ms=1001, gateway="g", secrets=SECRETS, schema="fact/9"
    ).entry
    assert "schema" in _first(lambda e: e.__setitem__(1, unknown)).words


def test_a_dropped_entry_is_found() -> None:
    """Without its sealed, an outcome points at something else."""
    entries = _log("genesis received judged sealed attempted@3 shipped@3")
    del entries[3]
    assert any(finding.severity is Severity.FAILED for finding in audit(entries, now_ms=2000))


def test_a_leg_open_for_long_is_reported_not_failed() -> None:
    """A held message is no crime; somebody should look."""
    [finding] = audit(_log("genesis received judged=quarantined"), now_ms=30 * DAY_MS)
    assert (1, Severity.REPORTED) == (finding.index, finding.severity)


def test_an_ordered_disposal_that_is_not_done_is_reported() -> None:
    """Somebody asked for it and it has not happened."""
    [finding] = audit(_log("genesis received expired disposed"), now_ms=2000)
    assert (3, Severity.REPORTED) == (finding.index, finding.severity)


def test_a_gap_in_ticks_is_reported() -> None:
    """The gateway slept, or entries are gone."""
    entries = [_entry("genesis", 0), _entry("tick", 1), _entry("tick", 60_001), _entry("tick", 300_000)]
    [finding] = audit(entries, now_ms=300_000)
    assert (3, Severity.REPORTED) == (finding.index, finding.severity)


def test_an_outcome_or_public_data_where_none_belongs_is_found() -> None:
    """A received that claims delivery, or says something in the open."""
    received = _entry("received", 1001)
    claimed = received.replace(b'"l":0,', b'"l":0,"o":"delivered",')
    talking = received.replace(b'"g":', b'"d":{"n":1},"g":')
    for lie in (claimed, talking):
        assert lie != received
        [finding, *_] = audit([_entry("genesis", 1000), lie], now_ms=2000)
        assert (1, Severity.FAILED) == (finding.index, finding.severity)
