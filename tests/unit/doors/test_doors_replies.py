"""The table of replies, walked whole."""

from __future__ import annotations

import re

import pytest

from gateway.catalogue.texts import ENGLISH
from gateway.doors.replies import FAULTS, Replies, Say

REPLIES = Replies(ENGLISH)

LINE = re.compile(rb"[2-5][0-9][0-9][ -][ -~]*\r\n")


def test_the_table_is_complete() -> None:
    """Each thing the door can say has its row, and each fault leads to one."""
    assert all(REPLIES[say].code for say in Say)
    assert set(FAULTS.values()) <= set(Say)


@pytest.mark.parametrize("say", Say)
@pytest.mark.parametrize(
    "sentence", ["", "Fine.", "x" * 2_000, "w " * 1_000, "a\r\n250 ok", "caf\u00e9 \x00\x7f\u202e"]
)
def test_every_reply_is_lines_a_client_can_read(say: Say, sentence: str) -> None:
    """ASCII, no CR or LF inside, at most 512 bytes a line, one code throughout, whatever the sentence."""
    reply = REPLIES[say]
    lines = reply.lines(sentence).splitlines(keepends=True)
    assert all(LINE.fullmatch(line) and len(line) <= 512 for line in lines)
    assert {str(reply.code).encode()} == {line[:3] for line in lines}
    assert [b"-"] * (len(lines) - 1) + [b" "] == [line[3:4] for line in lines]


@pytest.mark.parametrize("say", Say)
def test_codes_agree_with_their_enhanced_codes(say: Say) -> None:
    """RFC 3463 §2: the class is the first digit; RFC 2034 §4: greetings, challenges and 354 have none."""
    reply = REPLIES[say]
    assert not reply.enhanced or reply.enhanced.split(".")[0] == str(reply.code)[0]
    assert reply.enhanced or say in (Say.GREETING, Say.HELLO, Say.GO_AHEAD, Say.CHALLENGE)


def test_the_first_sentence_is_the_first_line() -> None:
    """Many clients show no other."""
    reply = REPLIES[Say.KEPT].lines("Kept as T-1; 2 wait: no key.", "b@x.example: approval is due.")
    assert b"250-2.0.0 Kept as T-1; 2 wait: no key.\r\n250 2.0.0 b@x.example: approval is due.\r\n" == reply
