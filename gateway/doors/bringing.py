"""The other side of the administrator's door: a command brings an order there, and loads nothing of what answers it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from gateway.doors.orders import Answer, AnyOrder

LARGEST = 4 * 1024 * 1024
NAME = "admin.sock"


async def bring(order: AnyOrder, folder: Path) -> Answer:
    """Bring an order to the gateway that runs on this folder. Raises `OSError` if none does."""
    with Near(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path, limit=LARGEST)
    try:
        writer.write(msgspec.json.encode(order) + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise ConnectionResetError("the gateway ended before it answered")
        return msgspec.json.decode(line, type=Answer)
    finally:
        writer.close()


class Near:
    """The socket's path in a form short enough for the system's 108 bytes, whatever the folder's."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self) -> Path:
        return Path(f"/proc/self/fd/{self._descriptor}") / NAME

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
