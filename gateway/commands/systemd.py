"""Talking to systemd, where it started us: sd_notify(3), the watchdog, and sockets it holds (sd_listen_fds(3)).

Everything is said from the process systemd started, never through a shell. Where there is no systemd all of it is
silent, and the doors open their own sockets. What systemd passed in the environment is taken out of it at once, so that
no child of ours speaks in our name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

STATUS_EVERY_S = 10.0
FIRST = 3
"""SD_LISTEN_FDS_START."""
_PASSED = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


@dataclass(slots=True)
class Systemd:
    """What systemd told us, and how to answer."""

    place: str = ""
    """Of its notification socket; empty where it expects nothing."""
    watchdog_s: float = 0.0
    """It ends us unless it hears of us this often; 0: it does not."""
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    """Those it holds for us, by `host:port`."""

    @classmethod
    def passed(cls, environment: MutableMapping[str, str] = os.environ) -> Systemd:
        """From the environment it started us with, which forgets it."""
        said = {name: environment.pop(name, "") for name in _PASSED}
        me = str(os.getpid())
        watchdog = said["WATCHDOG_USEC"] if said["WATCHDOG_PID"] in ("", me) else ""
        count = int(said["LISTEN_FDS"]) if said["LISTEN_PID"] == me and said["LISTEN_FDS"].isdecimal() else 0
        return cls(
            place=said["NOTIFY_SOCKET"],
            watchdog_s=int(watchdog) / 1e6 if watchdog.isdecimal() else 0.0,
            sockets=dict(map(_adopted, range(FIRST, FIRST + count))),
        )

    def tell(self, *lines: str) -> None:
        """Say something, if it listens. Never fails: who supervises us must not be able to stop us."""
        if not self.place:
            return
        address = "\0" + self.place[1:] if self.place.startswith("@") else self.place
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            sock.sendall("\n".join(lines).encode())

    def ready(self, status: str) -> None:
        """The doors are open, or open again as before after a reload."""
        self.tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `ready` must follow. `notify-reload` (systemd 253) waits for the moment of it."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The doors are closing."""
        self.tell("STOPPING=1")

    def take(self, place: str) -> socket.socket | None:
        """The socket it holds for `host:port`, once; None if it holds none."""
        return self.sockets.pop(place, None)

    def leave(self) -> None:
        """Close what nobody took: a unit that lists more than the rules do."""
        for place, sock in self.sockets.items():
            log.warning("systemd holds a socket that no door of the rules listens on place=%s", place)
            sock.close()
        self.sockets.clear()

    async def watch(self, is_alive: Callable[[], Awaitable[bool]], status: Callable[[], str]) -> None:
        """Say that we live, three times as often as we must, from the loop and only while it is so; and how we are."""
        while self.place:
            if await is_alive():
                self.tell("WATCHDOG=1", f"STATUS={status()}")
            await asyncio.sleep(self.watchdog_s / 3 or STATUS_EVERY_S)


def _adopted(descriptor: int) -> tuple[str, socket.socket]:
    """A listening socket and its place; no child inherits it."""
    os.set_inheritable(descriptor, False)
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return f"unix:{sock.getsockname()}", sock
    host, port = sock.getsockname()[:2]
    return (f"[{host}]:{port}" if sock.family == socket.AF_INET6 else f"{host}:{port}"), sock
