"""The next hop as a witness: for every payload when its first byte came, what it was, and when it was taken.

Its journal is the oracle of a crash test, so it stands outside what crashes. It does nothing clever: STARTTLS, one
transaction after the other, `250` to everything.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

from gateway.engine.clock import SystemClock

_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*(<[^>\r\n]+>)")


@dataclass(slots=True)
class Payload:
    """One DATA, as far as it came."""

    recipient: str
    first_byte_ms: int
    sha256: str = ""
    """Empty if it never came to its end."""
    message_id: str = ""
    taken_ms: int = 0
    """When the `250` behind it was written; 0 if it was not."""


@dataclass(slots=True)
class Sink:
    """A mail server on loopback, in a thread of its own."""

    port: int
    certificate: Path
    key: Path
    payloads: list[Payload] = field(default_factory=list)
    """In order of their first bytes."""
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        ready = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(
                lambda reader, writer: self._session(reader, writer, context), "127.0.0.1", self.port, limit=1 << 20
            )
            ready.set()
            async with server:
                await server.serve_forever()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            try:
                self._loop.run_until_complete(serve())
            except RuntimeError:
                pass  # stopped
            finally:
                for _ in range(3):  # who had only just come is a task a moment later
                    for task in asyncio.all_tasks(self._loop):
                        task.cancel()
                    self._loop.run_until_complete(asyncio.sleep(0.05))
                self._loop.close()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        ready.wait(10)

    def stop(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._thread = None

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> None:
        try:
            await self._talk(reader, writer, tls)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass  # it was killed in mid-sentence: that is what this is about; or we stop
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> None:
        recipient = ""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:8].upper()
            if verb.startswith(b"EHLO"):
                writer.write(b"250-sink\r\n250-STARTTLS\r\n250-8BITMIME\r\n250 SIZE 200000000\r\n")
            elif verb.startswith(b"STARTTLS"):
                writer.write(b"220 go\r\n")
                await writer.start_tls(tls)
            elif verb.startswith(b"RCPT"):
                recipient = line.partition(b"<")[2].partition(b">")[0].decode("ascii").lower()
                writer.write(b"250 ok\r\n")
            elif verb.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                await self._data(reader, writer, recipient)
            elif verb.startswith(b"QUIT"):
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> None:
        digest, header, payload = hashlib.sha256(), b"", None
        while True:
            line = await reader.readline()
            if not line:
                raise asyncio.IncompleteReadError(b"", None)
            if payload is None:
                payload = Payload(recipient, _now_ms())
                self.payloads.append(payload)
            if line == b".\r\n":
                break
            line = line.removeprefix(b".")
            digest.update(line)
            if not payload.message_id and len(header) < 16384:
                header += line
                found = _MESSAGE_ID.search(line)
                payload.message_id = found[1].decode("ascii") if found else ""
        payload.sha256 = digest.hexdigest()
        writer.write(b"250 2.0.0 taken\r\n")
        await writer.drain()
        payload.taken_ms = _now_ms()


def _now_ms() -> int:
    return SystemClock().now_ms()
