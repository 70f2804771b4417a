"""What this run's doors prove themselves with, certificate and host key: watched, and swapped whole.

A pair that was renewed is shown without anybody's word, or at SIGHUP at once; one half renewed waits for the other.
What cannot be read changes nothing, and no connection is dropped: each keeps what it was greeted with.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncssh

from gateway.commands.certificates import glance, shown
from gateway.commands.hostkey import host_key_at
from gateway.commands.setting import Setting
from gateway.commands.systemd import Systemd
from gateway.doors.sftp.server import SftpDoor
from gateway.engine.clock import Clock, moment
from gateway.errors import Failure

log = logging.getLogger("gateway.serve")

LOOK_EVERY_S = 10.0
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Showing:
    """Must be loaded before a door opens."""

    setting: Setting
    clock: Clock
    systemd: Systemd
    ends: datetime = NEVER
    """Of the certificate that is shown now."""
    host_key: asyncssh.SSHKey | None = None
    """None where no file door is listed."""
    file_door: SftpDoor | None = None
    """Once it is open: it is shown a new key."""
    _tls: ssl.SSLContext | None = None
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    def load(self, *, with_host_key: bool) -> None:
        """Read what there is. Raises `Misconfigured`, and then nothing has changed."""
        tls, ends = shown(self.setting.certs, now=moment(self.clock.now_ms()))
        self.host_key = host_key_at(self.setting.host_key) if with_host_key else None
        self._tls, self.ends = tls, ends

    def context(self) -> ssl.SSLContext:
        """For whoever connects now."""
        assert self._tls is not None
        return self._tls

    def look_again(self) -> None:
        """SIGHUP."""
        self._asked.set()

    async def watch(self) -> None:
        """Look every few seconds, and whenever asked."""
        seen = await asyncio.to_thread(glance, self.setting.certs)
        while True:
            is_asked = await self._is_asked()
            found = await asyncio.to_thread(glance, self.setting.certs)
            if is_asked or found != seen:
                seen = found
                await self._read_again()

    async def _is_asked(self) -> bool:
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True

    async def _read_again(self) -> None:
        self.systemd.reloading()
        try:
            self.load(with_host_key=self.host_key is not None)
            if self.file_door is not None and self.host_key is not None:
                await self.file_door.show(self.host_key)
            log.info("certificate reloaded")
        except Failure as why:
            log.error("certificate not reloaded cause=%r", why.cause)
        self.systemd.tell("READY=1")
