"""What a scanner says: only what reads exactly like an answer is one."""

from __future__ import annotations

import pytest

from gateway.engine.scanning.answer import Answer, Clean, Found, Unscanned, Why, answer_of, version_of

GARBLED, LIMIT = Unscanned(Why.GARBLED), Unscanned(Why.LIMIT)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"stream: OK\0", Clean()),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", Found("Win.Test.EICAR_HDB-1")),
        (b"stream: Eicar-Signature.UNOFFICIAL(68:abc) FOUND\0", Found("Eicar-Signature.UNOFFICIAL(68:abc)")),
        (b"INSTREAM size limit exceeded. ERROR\0", LIMIT),
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", LIMIT),
        (b"stream: Heuristics.Encrypted.Zip FOUND\0", LIMIT),
        (b"", Unscanned(Why.CUT)),
        (b"stream: OK", GARBLED),
        (b"stream: OK\n", GARBLED),
        (b"stream: ok\0", GARBLED),
        (b"1: stream: OK\0", GARBLED),
        (b"stream: OK\0stream: OK\0", GARBLED),
        (b"stream:  FOUND\0", GARBLED),
        (b"stream: A;B FOUND\0", GARBLED),
        (b"stream: A B FOUND\0", GARBLED),
        (b"stream: \xff FOUND\0", GARBLED),
        (b"stream: " + b"A" * 201 + b" FOUND\0", GARBLED),
        (b"stream: OK FOUND OK\0", GARBLED),
        (b"COMMAND READ TIMED OUT\0", GARBLED),
    ],
)
def test_an_answer_is_believed_only_if_it_reads_like_one(said: bytes, answer: Answer) -> None:
    """Nothing found, a name, too much to look into; everything else is nobody's answer, and never "clean"."""
    assert answer == answer_of(said)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (b"ClamAV 1.4.6\0", "ClamAV 1.4.6"),
        (b"ClamAV 1.4.6/27810/Thu Nov 19 08:24:11 2026\0", "ClamAV 1.4.6/27810/Thu Nov 19 08:24:11 2026"),
        (b"ClamAV 1.4.6", GARBLED),
        (b"clamav\0", GARBLED),
        (b"ClamAV 1;2\0", GARBLED),
        (b"", Unscanned(Why.CUT)),
    ],
)
def test_who_it_is_goes_into_the_ledger_only_if_it_is_a_name(said: bytes, version: str | Unscanned) -> None:
    """Program, database and its date, in characters that separate nothing there."""
    assert version == version_of(said)
