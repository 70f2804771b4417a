"""The end of DATA, against a slow and obvious model."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.dots import Dots

TOKENS = (b"\r", b"\n", b".", b"\0", b"\r\n", b"a")


def model(stream: bytes) -> tuple[bytes, bytes] | None:
    """Content and what follows it, line by line as RFC 5321 §4.5.2 tells it; None while the message has not ended."""
    content, at = b"", 0
    while True:
        end = stream.find(b"\r\n", at)
        if end < 0:
            return None
        line = stream[at:end]
        at = end + 2
        if line == b".":
            return content, stream[at:]
        content += (line[1:] if line.startswith(b".") else line) + b"\r\n"


def is_odd(content: bytes) -> bool:
    """True for a bare CR, a bare LF or a NUL."""
    rest = content.replace(b"\r\n", b"")
    return any(c in rest for c in (b"\r", b"\n", b"\0"))


def fed(chunks: list[bytes]) -> tuple[bytes, Dots]:
    dots, out = Dots(size_limit=1_000_000), b""
    for i, chunk in enumerate(chunks):
        out += dots.feed(chunk)
        if dots.is_ended:
            dots.rest += b"".join(chunks[i + 1 :])
            break
    return out, dots


def check(stream: bytes, chunks: list[bytes]) -> None:
    expected = model(stream)
    out, dots = fed(chunks)
    assert (expected is not None) == dots.is_ended
    if expected is None:
        return
    content, rest = expected
    assert rest == dots.rest
    assert is_odd(content) == (dots.fault is not None)
    if not dots.fault:
        assert content == out


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_only_the_true_end_ends(length: int) -> None:
    """Whatever stands before or after it, and however it is cut, only CRLF.CRLF ends a message."""
    for tokens in product(TOKENS, repeat=length):
        odd = b"".join(tokens)
        for stream in (odd + b"\r\n.\r\n", b"x" + odd + b"\r\n.\r\n", b"x\r\n" + odd + b"y\r\n.\r\nQUIT\r\n"):
            check(stream, [stream])
            check(stream, [stream[i : i + 1] for i in range(len(stream))])
            for cut in range(1, len(stream)):
                check(stream, [stream[:cut], stream[cut:]])


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join), st.data())
def test_any_chunking_reads_the_same(odd: bytes, data: st.DataObject) -> None:
    """Cut anywhere, the content, the fault and what follows are the same."""
    stream = odd + b"\r\n.\r\nNOOP\r\n"
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, first = fed([stream])
    pieces, second = fed(chunks)
    assert (whole, first.fault, first.rest) == (b"" if first.fault else pieces, second.fault, second.rest)


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (b"a\r\nb\rc\r\n", "bare-line-end", "Line 2 has a bare CR; lines end with CR LF."),
        (b"a\nb\r\n", "bare-line-end", "Line 1 has a bare LF; lines end with CR LF."),
        (b"a\r\n\r\n\0\r\n", "bare-line-end", "Line 3 has a NUL; lines end with CR LF."),
        (b"a\r\n" + b"x" * 999 + b"\r\n", "line-too-long", "Line 2 has more than 998 characters."),
        (b"x" * 999 + b"\n\r\n", "line-too-long", "Line 1 has more than 998 characters."),
        (b"x" * 990 + b"\n" + b"x" * 99 + b"\r\n", "bare-line-end", "Line 1 has a bare LF; lines end with CR LF."),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_the_first_fault_is_told_with_its_line(content: bytes, code: str, sentence: str, size: int) -> None:
    """The first fault and its line do not depend on how the bytes came."""
    stream = content + b".\r\n"
    _, dots = fed([stream[i : i + size] for i in range(0, len(stream), size)])
    assert dots.is_ended
    assert dots.fault is not None
    assert (code, sentence) == (dots.fault.code, dots.fault.sentence)


@pytest.mark.parametrize("size", [1, 333, 1000, 100_000])
def test_a_line_of_998_passes(size: int) -> None:
    """998 characters are a line, with a stuffed dot too, and however often."""
    stream = (b"x" * 998 + b"\r\n" + b".." + b"y" * 997 + b"\r\n") * 3 + b".\r\n"
    out, dots = fed([stream[i : i + size] for i in range(0, len(stream), size)])
    assert dots.fault is None
    assert out == (b"x" * 998 + b"\r\n" + b"." + b"y" * 997 + b"\r\n") * 3


def test_the_size_limit_is_inclusive() -> None:
    """The last good size passes, one byte more is a fault; reading goes on to the end in both."""
    for extra, code in ((0, None), (1, "too-big")):
        dots = Dots(size_limit=100)
        dots.feed(b"x" * (98 + extra) + b"\r\n.\r\n")
        assert dots.is_ended
        assert code == (dots.fault.code if dots.fault else None)


def test_an_empty_message_is_empty() -> None:
    """A dot at once is a message of no bytes."""
    out, dots = fed([b".\r\n"])
    assert (b"", True, None) == (out, dots.is_ended, dots.fault)
