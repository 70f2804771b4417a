"""Invariant: whatever a client says, in any state, the session answers within its bounds or ends; it raises only
`Breach`, completes no file without a CLOSE, and gives every handle back.

Each seed is tried in every state a session can be in.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from gateway.doors.sftp.requests import Unreadable, read_request
from gateway.doors.sftp.wire import MAX_MESSAGE, Breach, Flags, Kind
from tests.unit.doors.sftp_talk import PUT, Talk, frame, string, talk
from tests.unit.doors.sftp_tree import ACME, MemoryFile, Office

SEEDS = 1250
"""In each of the eight states: 10^4 packets."""

PATHS = (b"/", b"/to/Acme/a", b"/to/Globex/x", b"..", b"/to/../from", b"\xff", b"", b"/to/Acme/" + b"n" * 300)
NUMBERS = (0, 1, 7, 255, 4096, 261_120, 2**31 - 1, 2**31, 2**32 - 1)
EXTENSIONS = (b"limits@openssh.com", b"fsync@openssh.com", b"posix-rename@openssh.com", b"statvfs@openssh.com", b"x")


def handle(dice: random.Random) -> bytes:
    return dice.choice([n.to_bytes(8, "big") for n in range(4)] + [b"", b"h" * 256])


def field(dice: random.Random) -> bytes:
    """One field of any request: a path, a handle, a number, attributes, data, or noise."""
    return dice.choice(
        (
            lambda: string(dice.choice(PATHS)),
            lambda: string(handle(dice)),
            lambda: string(dice.choice(EXTENSIONS)),
            lambda: struct.pack(">I", dice.choice(NUMBERS)),
            lambda: struct.pack(">Q", dice.choice((0, 1, 5, 2**40, 2**63 - 1, 2**64 - 1))),
            lambda: struct.pack(">I", dice.choice((0, 1, 4, 8, 0xF, 0x80000000, 0xFFFFFFFF))),
            lambda: string(dice.randbytes(dice.choice((0, 1, 100, 5000)))),
            lambda: dice.randbytes(dice.randrange(9)),
        )
    )()


def sensible(dice: random.Random) -> bytes:
    """A request that has its fields in order."""
    one, two, name = string(dice.choice(PATHS)), string(dice.choice(PATHS)), string(handle(dice))
    offset = struct.pack(">Q", dice.choice((0, 1, 5, 100, 2**63 - 1)))
    kind, body = dice.choice(
        (
            (Kind.OPEN, one + struct.pack(">II", dice.randrange(64), 0)),
            (Kind.OPENDIR, one),
            (Kind.READDIR, name),
            (Kind.READ, name + offset + struct.pack(">I", dice.choice(NUMBERS))),
            (Kind.WRITE, name + offset + string(dice.randbytes(dice.choice((0, 1, 99))))),
            (Kind.FSTAT, name),
            (Kind.FSETSTAT, name + struct.pack(">IQ", 1, dice.choice((0, 5, 2**63)))),
            (Kind.SETSTAT, one + struct.pack(">IQ", 1, 0)),
            (Kind.STAT, one),
            (Kind.REALPATH, one),
            (Kind.RENAME, one + two),
            (Kind.REMOVE, one),
            (Kind.MKDIR, one + bytes(4)),
            (Kind.EXTENDED, string(dice.choice(EXTENSIONS)) + one + two),
        )
    )
    return bytes([kind]) + struct.pack(">I", dice.randrange(2**32)) + body


def message(dice: random.Random) -> bytes:
    """Sensible, sensible but broken somewhere, or made of fields; never a CLOSE."""
    choice = dice.random()
    if choice < 0.4:
        made = bytearray(sensible(dice))
    else:
        kind = dice.choice((*range(0, 23), 99, 101, 105, 200, 201, 255))
        made = bytearray(bytes([kind]) + struct.pack(">I", dice.randrange(2**32)))
        for _ in range(dice.randrange(5)):
            made += field(dice)
    if choice > 0.7 and len(made) > 1:
        made[dice.randrange(1, len(made))] = dice.randrange(256)
    if choice > 0.9:
        del made[dice.randrange(1, len(made)) :]
    if made[0] == Kind.CLOSE:
        made[0] = Kind.STAT
    return struct.pack(">I", len(made)) + bytes(made)


def office() -> Office:
    return Office(files={ACME / "a": MemoryFile(bytearray(b"content")), ACME / "b": MemoryFile()})


def writing() -> Talk:
    t = talk(office=office())
    t.write(t.open("/to/Acme/new").handle, 0, b"12345")
    return t


def poisoned() -> Talk:
    t = writing()
    t.write((1).to_bytes(8, "big"), 2**62, b"x")
    return t


def reading() -> Talk:
    t = talk(office=office())
    t.open("/to/Acme/a", Flags.READ)
    return t


def listing() -> Talk:
    t = talk(office=office())
    t.ask(Kind.OPENDIR, string("/to/Acme"))
    return t


def closed() -> Talk:
    t = writing()
    t.close((1).to_bytes(8, "big"))
    return t


def full() -> Talk:
    t = talk(office=office())
    for _ in range(64):
        t.open("/to/Acme/new", PUT)
    return t


STATES: dict[str, Callable[[], Talk]] = {
    "silent": lambda: Talk(office=office()),
    "greeted": lambda: talk(office=office()),
    "writing": writing,
    "poisoned": poisoned,
    "reading": reading,
    "listing": listing,
    "closed": closed,
    "full": full,
}


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
def test_no_packet_breaks_a_session(state: str) -> None:
    """Ten packets a session, until it ends or they do: answers in bounds, nothing complete, a clean end."""
    for seed in range(0, SEEDS, 10):
        dice = random.Random(f"{state} {seed}")
        t = STATES[state]()
        before = t.office.completed()
        try:
            for _ in range(10):
                for answer in t.hear(message(dice)):
                    assert len(answer.body) + 5 <= MAX_MESSAGE
                    assert answer.kind in {2, *range(101, 106), 201}
        except Breach:
            pass
        assert len(before) >= len(t.office.completed()), seed  # a REMOVE may take one away
        t.end()
        assert 256 == t.ration.left


def test_any_bytes_are_a_request_or_a_reason() -> None:
    """The reader alone, on noise: a request, an answerable fault, or a breach."""
    dice = random.Random(11)
    for _ in range(3000):
        raw = memoryview(dice.randbytes(dice.randrange(1, 60)))
        try:
            read_request(raw)
        except (Unreadable, Breach):
            continue


def test_every_cut_of_every_request_is_answered() -> None:
    """A request cut anywhere after its id is unreadable, and the session goes on."""
    dice = random.Random(3)
    for _ in range(60):
        whole = sensible(dice)
        for cut in range(5, len(whole), 3):
            t = talk(office=office())
            answers = t.hear(frame(whole[0], whole[1:cut]))

            assert 1 == len(answers)
