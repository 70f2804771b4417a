"""What the doors prove themselves with: renewed in the middle of a day, or not at all."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from copy import copy
from pathlib import Path

import pytest

from gateway.commands.authority import THIS_MACHINE, issue, make_authority
from gateway.commands.hostkey import make_host_key
from gateway.commands.setting import HOST_KEY, Setting
from gateway.commands.showing import Showing
from gateway.commands.systemd import Systemd
from gateway.engine.clock import SystemClock, moment
from gateway.errors import Misconfigured


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    certs = tmp_path / "certs"
    certs.mkdir()
    now = moment(SystemClock().now_ms())
    make_authority(certs, ("town.test",), now=now)
    for name in ("gateway", "other"):
        issue(certs, name, THIS_MACHINE, now=now)
    make_host_key(certs / HOST_KEY)
    make_host_key(certs / "other_host_key")
    return Setting(folder=tmp_path)


def after(setting: Setting, change: Callable[[Path], None]) -> tuple[Showing, Showing, bytes]:
    """What is shown before a change, what after it and a SIGHUP, and what systemd was told meanwhile."""
    place = setting.folder / "notify"
    showing = Showing(setting, SystemClock(), Systemd(place=str(place)))
    showing.load(with_host_key=True)
    before = copy(showing)

    async def story(systemd: socket.socket) -> bytes:
        showing.look_again()
        said = b""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(showing.watch())
            while b"READY=1" not in said:
                said += await asyncio.to_thread(systemd.recv, 500)
            watching.cancel()
        return said

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(place))
        systemd.settimeout(10)
        change(setting.certs)
        said = asyncio.run(story(systemd))
    return before, showing, said


def test_a_new_pair_and_a_new_host_key_are_shown(setting: Setting) -> None:
    """Each in the place of the old one; systemd hears that a reload began and that it ended."""

    def renew(certs: Path) -> None:
        for old, new in (("gateway.pem", "other.pem"), ("gateway.key", "other.key"), (HOST_KEY, "other_host_key")):
            os.replace(certs / new, certs / old)

    before, showing, said = after(setting, renew)

    assert before.context() is not showing.context()
    assert before.host_key != showing.host_key
    assert said.startswith(b"RELOADING=1")


@pytest.mark.parametrize(
    ("old", "new"), [("gateway.pem", "other.pem"), ("gateway.key", HOST_KEY), (HOST_KEY, "gateway.pem")]
)
def test_what_does_not_load_changes_nothing(setting: Setting, old: str, new: str) -> None:
    """Half a pair, a key that is none, a host key that is none: all of it stays as it was, and the door is not dead."""

    def spoil(certs: Path) -> None:
        (certs / old).write_bytes((certs / new).read_bytes())

    before, showing, said = after(setting, spoil)

    assert before.context() is showing.context()
    assert (before.host_key, before.ends) == (showing.host_key, showing.ends)
    assert said.endswith(b"READY=1")


def test_an_office_without_a_file_door_needs_no_host_key(setting: Setting) -> None:
    """And with one it does not open without."""
    (setting.certs / HOST_KEY).unlink()
    showing = Showing(setting, SystemClock(), Systemd())

    showing.load(with_host_key=False)

    assert showing.host_key is None
    with pytest.raises(Misconfigured, match="people host-key"):
        showing.load(with_host_key=True)
