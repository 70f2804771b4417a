"""`sealgate part …`: one part of the gateway as a systemd unit of its own, waiting at a socket that systemd holds.

Each serves whoever may write to that socket: its mode and group are the authority, because under `PrivateUsers=` every
peer's user reads 65534. Where there is no systemd `serve` starts the same parts as children; nobody needs this verb.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import click
import msgspec

from gateway.commands.setting import Setting
from gateway.commands.systemd import STATUS_EVERY_S, Systemd
from gateway.errors import Misconfigured

READING_S = 600
MICRO = 1_000_000


@click.group()
def part() -> None:
    """Run one part of the gateway alone, as its systemd unit does."""


@part.command()
@click.option("--json", "as_json", is_flag=True, help="Say that it waits as one JSON object.")
@click.pass_obj
def scribe(setting: Setting, as_json: bool) -> None:
    """Write and sign the ledger for one gateway, until it goes; systemd starts the next when another comes."""
    systemd = Systemd.passed()
    listener = _held_by(systemd)
    _end_when_told()
    _say("scribe", as_json=as_json)
    sock = _gateway(listener, systemd)
    signal.signal(signal.SIGTERM, lambda number, frame: sock.shutdown(socket.SHUT_RD))  # no more orders, then the end
    from gateway.commands.scribe import write_for  # only now: who waits at the socket is answered by this process

    # A long ledger is read first. From its first order on the gateway asks for something often enough for the watchdog.
    systemd.tell("STATUS=reading the ledger", *_patience(systemd, READING_S))
    lives = ("STATUS=writing", *_patience(systemd, systemd.watchdog_s), "WATCHDOG=1")
    tell = _now_and_then(lambda: systemd.tell(*lives), systemd.watchdog_s / 3 or STATUS_EVERY_S)
    write_for(sock, setting.folder.absolute(), heard=tell)


@part.command()
@click.option("--json", "as_json", is_flag=True, help="Say that it waits as one JSON object.")
def workshop(as_json: bool) -> None:
    """Start confined processes for gateways, and end them; it reads no document and knows no office."""
    from gateway.engine.workshop.hall_main import Hall

    systemd = Systemd.passed()
    listener = _held_by(systemd)
    _end_when_told()
    _say("workshop", as_json=as_json)
    systemd.ready("waiting for gateways")
    every_s = systemd.watchdog_s / 3 or None
    Hall().serve(listener=listener, every_s=every_s, each_turn=lambda: systemd.tell("WATCHDOG=1"))


def _gateway(listener: socket.socket, systemd: Systemd) -> socket.socket:
    """The next gateway that comes. Ready while it waits: a gateway's start waits for ours, never ours for a gateway."""
    systemd.ready("waiting for a gateway")
    listener.settimeout(systemd.watchdog_s / 3 or None)
    while True:
        try:
            sock, _ = listener.accept()
        except TimeoutError:
            systemd.tell("WATCHDOG=1")
        else:
            sock.setblocking(True)
            return sock


def _patience(systemd: Systemd, seconds: float) -> tuple[str, ...]:
    """From now on the watchdog, if there is one, waits that long for a word of ours."""
    return (f"WATCHDOG_USEC={int(seconds * MICRO)}",) if systemd.watchdog_s else ()


def _say(name: str, *, as_json: bool) -> None:
    click.echo(msgspec.json.encode({"part": name, "waits": True}) if as_json else f"The {name} waits for a gateway.")


def _held_by(systemd: Systemd) -> socket.socket:
    """The one socket this unit has. Raises `Misconfigured` where systemd gave none."""
    if len(systemd.sockets) != 1:
        raise Misconfigured("this part waits at a socket of systemd's: systemctl start it by its .socket unit")
    return systemd.sockets.popitem()[1]


def _end_when_told() -> None:
    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(0)  # what was started ends with this thread

    signal.signal(signal.SIGTERM, end)


def _now_and_then(act: Callable[[], None], least_s: float) -> Callable[[], None]:
    """`act`, but not twice within so many seconds."""
    due_s = 0.0

    def maybe() -> None:
        nonlocal due_s
        now_s = time.monotonic()
        if now_s >= due_s:
            due_s = now_s + least_s
            act()

    return maybe
