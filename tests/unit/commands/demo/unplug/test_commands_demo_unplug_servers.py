"""Mail servers that are no help: what they keep of what they were told."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from gateway.commands.demo.cast import eventually, free_base
from gateway.commands.demo.unplug.servers import Mute


@pytest.fixture(params=[True, False], ids=["hangs up", "says nothing"])
def server(request: pytest.FixtureRequest) -> Iterator[Mute]:
    mute = Mute(free_base() + 2525, request.param)
    mute.listens()
    yield mute
    mute.stops()


def test_it_says_nothing(server: Mute) -> None:
    """A caller reads the end at once, or nothing at all."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as call:
        call.settimeout(0.2)
        if server.hangs_up:
            assert b"" == call.recv(10)
        else:
            with pytest.raises(TimeoutError):
                call.recv(10)

    assert eventually(lambda: server.calls == 1, 5)


def test_what_it_was_told_is_looked_at_when_it_goes() -> None:
    """Every byte, so that one that leaked would be seen."""
    server = Mute(free_base() + 2525, hangs_up=False)
    server.listens()
    with socket.create_connection(("127.0.0.1", server.port), 5) as call:
        call.sendall(b"EHLO and a secret")
        assert eventually(lambda: server.calls == 1, 5)
        server.stops()

    assert b"EHLO and a secret" == bytes(server.seen)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 5)
