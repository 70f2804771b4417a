"""One connection, without a socket: what a server's bytes are read as, however they are cut, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.ship.wire import LONGEST_REPLY, Lost, Reply, Wire

OK = Reply(code=250, text="2.0.0 ok")


class Cable(asyncio.Transport):
    """A transport that keeps what is written, and answers with what it was told to."""

    def __init__(self, wire: Wire, answers: tuple[bytes, ...] = ()) -> None:
        super().__init__()
        self.wire = wire
        self.answers = list(answers)
        self.written: list[bytes] = []
        self.is_closed = False
        wire.connection_made(self)

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))
        if self.answers:
            asyncio.get_running_loop().call_soon(self.wire.data_received, self.answers.pop(0))

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


def talk(story: Callable[[Wire, Cable], Coroutine[Any, Any, Any]], *answers: bytes) -> Any:
    """Run the story over a wire that has been greeted."""

    async def bounded() -> Any:
        wire = Wire()
        cable = Cable(wire, answers)
        wire.data_received(b"220 ready\r\n")
        await wire.greeting(5)
        async with asyncio.timeout(10):
            return await story(wire, cable)

    return asyncio.run(bounded())


async def noop(wire: Wire, cable: Cable) -> Reply:
    return await wire.ask(b"NOOP", 5)


@pytest.mark.parametrize(
    ("untrusted", "reply"),
    [
        (b"250 2.0.0 ok\r\n", OK),
        (b"250 2.0.0 ok\n", OK),
        (b"250\r\n", Reply(code=250, text="")),
        (b"250-one\r\n250-two\r\n250 three\r\n", Reply(code=250, text="one\ntwo\nthree")),
        (b"250-one\r\n250\r\n", Reply(code=250, text="one\n")),
        (b"354 end with <CRLF>.<CRLF>\r\n", Reply(code=354, text="end with <CRLF>.<CRLF>")),
        (b"550 na\xc3\xafve \x1b[31m\r\n", Reply(code=550, text="na\\xefve \\x1b[31m")),
        (b"550 \xff\r\n", Reply(code=550, text="\\udcff")),
    ],
)
def test_a_reply_is_read_however_it_is_cut(untrusted, reply):
    """The network may cut a reply anywhere; it reads the same, in printable ASCII."""

    async def story(wire: Wire, cable: Cable) -> list[Reply]:
        found = []
        for cut in range(len(untrusted)):
            loop = asyncio.get_running_loop()
            loop.call_soon(wire.data_received, untrusted[:cut])
            loop.call_soon(wire.data_received, untrusted[cut:])
            found.append(await wire.ask(b"NOOP", 5))
        return found

    assert {(reply.code, reply.text)} == {(found.code, found.text) for found in talk(story)}


@pytest.mark.parametrize(
    "untrusted",
    [b"hello, world\r\n", b"\r\n", b"25\r\n", b"2500 ok\r\n", b"999 odd\r\n", b"150 odd\r\n", b" 250 ok\r\n",
     b"+25 ok\r\n", b"250_ok\r\n", b"250-one\r\n550 two\r\n", "²50 ok\r\n".encode()],
)  # fmt: skip
def test_what_is_no_reply_ends_the_conversation(untrusted):
    """A line that is no reply, and lines that disagree about the code, are not guessed at."""
    with pytest.raises(Lost, match="garbage"):
        talk(noop, untrusted)


@pytest.mark.parametrize(
    "untrusted",
    [b"250 " + b"x" * LONGEST_REPLY + b"\r\n", b"250-" + b"x" * LONGEST_REPLY, b"250-x\r\n" * LONGEST_REPLY,
     b"x" * 70_000],
)  # fmt: skip
def test_a_reply_without_end_is_cut_off(untrusted):
    """A reply is bounded, whole or not, and nothing of a longer one is kept."""

    async def story(wire: Wire, cable: Cable) -> tuple[str, bool, int]:
        with pytest.raises(Lost) as caught:
            await wire.ask(b"NOOP", 5)
        return caught.value.cause, cable.is_closed, len(wire._untrusted)

    assert ("flood", True, 0) == talk(story, untrusted)


def test_the_longest_reply_is_read():
    """A reply of exactly the bound is one."""
    text = "x" * (LONGEST_REPLY - len("250 \r\n"))

    assert Reply(code=250, text=text) == talk(noop, f"250 {text}\r\n".encode())


def test_commands_go_out_together():
    """Several commands are one write, and their replies come back in order, in whatever pieces."""

    async def story(wire: Wire, cable: Cable) -> tuple[list[bytes], list[Reply]]:
        loop = asyncio.get_running_loop()
        loop.call_soon(wire.data_received, b"250 one\r\n25")
        loop.call_soon(wire.data_received, b"0 two\r\n354 three\r\n")
        replies = await wire.ask_together((b"ONE", b"TWO", b"THREE"), 5)
        return cable.written, replies

    written, replies = talk(story)

    assert [b"ONE\r\nTWO\r\nTHREE\r\n"] == written
    assert ["one", "two", "three"] == [reply.text for reply in replies]


@pytest.mark.parametrize("behind", [b"", b"hm\r\n", b"250-" + b"x" * LONGEST_REPLY])
def test_replies_heard_before_the_line_broke_are_given(behind):
    """What a server said before it closed, spoke nonsense or never ended still counts; the line does not."""

    async def story(wire: Wire, cable: Cable) -> tuple[list[Reply], bool]:
        loop = asyncio.get_running_loop()
        loop.call_soon(wire.data_received, b"250 2.0.0 ok\r\n" + behind)
        loop.call_soon(wire.eof_received)
        return await wire.ask_together((b"ONE", b"TWO"), 5), wire.is_open

    assert ([OK], False) == talk(story)


@pytest.mark.parametrize("command", [b"RCPT TO:<a>\r\nDATA", b"NOOP\n", b"\r"])
def test_a_command_is_one_line(command):
    """Nothing that holds a line end is ever said."""

    async def story(wire: Wire, cable: Cable) -> list[bytes]:
        with pytest.raises(ValueError, match="one line"):
            await wire.ask(command, 5)
        return cable.written

    assert [] == talk(story)


def test_silence_is_not_waited_for_forever():
    """A server that does not answer in time has ended the conversation, and a late answer changes nothing."""

    async def story(wire: Wire, cable: Cable) -> str:
        with pytest.raises(Lost, match="silence"):
            await wire.ask(b"NOOP", 0)
        wire.data_received(b"250 ok\r\n")
        with pytest.raises(Lost) as caught:
            await wire.ask(b"NOOP", 5)
        return caught.value.cause

    assert "silence" == talk(story)


def test_what_is_said_unasked_answers_nothing():
    """A reply nobody asked for would be taken for the answer to the next command."""

    async def story(wire: Wire, cable: Cable) -> list[bytes]:
        wire.data_received(b"421 4.4.2 idle\r\n")
        with pytest.raises(Lost, match="early"):
            await wire.ask(b"NOOP", 5)
        return cable.written

    assert [] == talk(story)


def test_a_second_answer_ends_the_conversation():
    """The answer counts, but whoever gives two is not asked again."""

    async def story(wire: Wire, cable: Cable) -> tuple[Reply, bool]:
        return await wire.ask(b"NOOP", 5), wire.is_open

    assert (OK, False) == talk(story, b"250 2.0.0 ok\r\n250 2.0.0 again\r\n")


def test_a_connection_that_is_gone_says_so():
    """A server that hangs up while it is asked, or before, is told from one that refuses."""

    async def story(wire: Wire, cable: Cable) -> tuple[str, str]:
        asyncio.get_running_loop().call_soon(wire.connection_lost, None)
        with pytest.raises(Lost) as during:
            await wire.ask(b"NOOP", 5)
        with pytest.raises(Lost) as after:
            await wire.pour(b"x", 5)
        return during.value.cause, after.value.cause

    assert ("closed", "closed") == talk(story)


def test_the_end_is_a_write_of_its_own():
    """Content and what completes it are never one write."""

    async def story(wire: Wire, cable: Cable) -> list[bytes]:
        await wire.pour(b"content", 5)
        cable.answers.append(b"250 2.0.0 ok\r\n")
        await wire.finish(b"\r\n.\r\n", 5)
        return cable.written

    assert [b"content", b"\r\n.\r\n"] == talk(story)


def test_content_waits_for_a_slow_reader():
    """No piece is written while the transport takes no more, and one that never does is silence."""

    async def story(wire: Wire, cable: Cable) -> tuple[str, int]:
        wire.pause_writing()
        with pytest.raises(Lost) as caught:
            await wire.pour(b"x" * 1_000_000, 0)
        return caught.value.cause, len(cable.written)

    assert ("silence", 1) == talk(story)


def test_goodbye():
    """An open line says QUIT and closes; a broken one says nothing more."""

    async def story(wire: Wire, cable: Cable) -> list[bytes]:
        wire.quit()
        assert cable.is_closed
        wire.quit()
        return cable.written

    assert [b"QUIT\r\n"] == talk(story)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(code=550, text="5.1.1 nobody"), "5.1.1"),
        (Reply(code=550, text="5.1.1"), "5.1.1"),
        (Reply(code=550, text="nobody"), "5.0.0"),
        (Reply(code=550, text="2.0.0 confused"), "5.0.0"),
        (Reply(code=451, text="4.7.1 later\n4.7.2 please"), "4.7.1"),
        (Reply(code=451, text="4.7.1234 later"), "4.0.0"),
    ],
)
def test_the_status_is_the_servers_where_it_fits(reply, status):
    """An enhanced status of another class than the code's is not believed (RFC 3463 §2)."""
    assert status == reply.status
