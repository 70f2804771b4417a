"""Where a door listens: an address of the rules, opened here."""

from __future__ import annotations

import socket

BACKLOG = 256


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; `[…]` is IPv6 alone. Raises `OSError`."""
    is_six = host.startswith("[")
    family = socket.AF_INET6 if is_six else socket.AF_INET
    sock = socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    sock.setblocking(False)
    return sock
