"""What systemd is told, over a real socket, and what it hands over."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.systemd import Systemd


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """In the place of systemd's notification socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(10)
        yield sock


def told_by(listener: socket.socket, **said: str) -> Systemd:
    return Systemd.passed({"NOTIFY_SOCKET": listener.getsockname(), **said})


def test_it_says_that_it_is_ready(listener: socket.socket) -> None:
    """And in the same breath how it is."""
    told_by(listener).ready("serving")

    assert b"READY=1\nSTATUS=serving" == listener.recv(500)


def test_a_reload_says_when_it_began(listener: socket.socket) -> None:
    """`notify-reload` waits five minutes without the moment."""
    told_by(listener).reloading()

    first, _, second = listener.recv(500).partition(b"\n")
    assert b"RELOADING=1" == first
    assert second.startswith(b"MONOTONIC_USEC=")


def test_an_abstract_socket_is_reached_too() -> None:
    """`@name` stands for a name that begins with a zero byte."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        name = f"sealgate-test-{os.getpid()}"
        sock.bind("\0" + name)
        sock.settimeout(10)
        Systemd(place="@" + name).stopping()

        assert b"STOPPING=1" == sock.recv(500)


def test_nobody_listening_is_no_failure(tmp_path: Path) -> None:
    """Who supervises us must not be able to stop us."""
    Systemd(place=str(tmp_path / "nobody")).ready("serving")
    Systemd().ready("serving")


def test_what_it_was_told_no_child_is(listener: socket.socket) -> None:
    """The environment forgets it, so that nobody else speaks in our name."""
    environment = {"NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": "3000000", "PATH": "/usr/bin"}

    systemd = Systemd.passed(environment)

    assert {"PATH": "/usr/bin"} == environment
    assert 3.0 == systemd.watchdog_s


def test_another_process_s_watchdog_is_not_ours(listener: socket.socket) -> None:
    """After a fork both variables may still be there."""
    assert 0.0 == told_by(listener, WATCHDOG_USEC="3000000", WATCHDOG_PID="1").watchdog_s


def test_it_says_that_it_lives_only_while_it_does(listener: socket.socket) -> None:
    """Twice yes, then no: two words and not a third."""
    answers = [True, True, False]
    systemd = told_by(listener, WATCHDOG_USEC="30000")

    async def run() -> None:
        done = asyncio.Event()

        async def is_alive() -> bool:
            if len(answers) == 1:
                done.set()
            return answers.pop(0) if answers else False

        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(systemd.watch(is_alive, lambda: "well"))
            await done.wait()
            watching.cancel()

    asyncio.run(run())
    listener.setblocking(False)

    assert [b"WATCHDOG=1\nSTATUS=well"] * 2 == [listener.recv(500), listener.recv(500)]
    with pytest.raises(BlockingIOError):
        listener.recv(500)


ADOPTS = """
import os, sys
os.dup2(int(sys.argv[2]), 3, inheritable=True)
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[1]))
from gateway.commands.systemd import Systemd
systemd = Systemd.passed()
(place,) = systemd.sockets or ("none",)
print(place, os.get_inheritable(3), systemd.take(place) is not None, systemd.take(place) is None)
"""


@pytest.mark.parametrize(("offset", "is_ours"), [(0, True), (1, False)])
def test_sockets_are_taken_by_their_place(offset: int, is_ours: bool) -> None:
    """One that listens at descriptor 3 is found under `host:port`, once, and no child inherits it; if meant for us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place, descriptor = f"127.0.0.1:{server.getsockname()[1]}", server.fileno()
        said = subprocess.run(
            [sys.executable, "-c", ADOPTS, str(offset), str(descriptor)],
            pass_fds=(descriptor,),
            env={**os.environ, "LISTEN_FDS": "1"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.split()

    assert said == ([place, "False", "True", "True"] if is_ours else ["none", "True", "False", "True"])
