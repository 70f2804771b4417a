"""A mail server that takes everything as fast as Python can: the same next hop for both sides.

`python sink.py PORT CERT KEY`.

It prints one line per message taken, so that the measuring side counts arrivals without sharing its process.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

import uvloop


class Sink(asyncio.Protocol):
    """ESMTP with STARTTLS and PIPELINING; keeps nothing."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.buffer = bytearray()
        self.is_data = False
        self.is_tls = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = transport
        if not self.is_tls:
            self.say(b"220 sink")

    def say(self, line: bytes) -> None:
        """Reply."""
        self.transport.write(line + b"\r\n")

    def data_received(self, data: bytes) -> None:
        """Commands, or content up to its end."""
        self.buffer += data
        while True:
            if self.is_data:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    del self.buffer[: max(0, len(self.buffer) - 4)]
                    return
                del self.buffer[: end + 5]
                self.is_data = False
                sys.stdout.write("1\n")
                sys.stdout.flush()
                self.say(b"250 2.0.0 Ok")
                continue
            end = self.buffer.find(b"\r\n")
            if end < 0:
                return
            line = bytes(self.buffer[:end])
            del self.buffer[: end + 2]
            self.command(line.upper())

    def command(self, line: bytes) -> None:
        """One command."""
        if line.startswith(b"EHLO"):
            offers = [b"sink", b"PIPELINING", b"8BITMIME", b"SIZE 104857600", b"ENHANCEDSTATUSCODES", b"DSN"]
            offers += [] if self.is_tls else [b"STARTTLS"]
            for offer in offers[:-1]:
                self.say(b"250-" + offer)
            self.say(b"250 " + offers[-1])
        elif line == b"STARTTLS":
            self.say(b"220 Go")
            self.buffer.clear()
            task = asyncio.get_running_loop().create_task(self.upgrade())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        elif line == b"DATA":
            self.is_data = True
            self.buffer[:0] = b"\r\n"
            self.say(b"354 Go")
        elif line == b"QUIT":
            self.say(b"221 Bye")
            self.transport.close()
        else:
            self.say(b"250 2.0.0 Ok")

    async def upgrade(self) -> None:
        """STARTTLS."""
        self.is_tls = True
        self.transport = await asyncio.get_running_loop().start_tls(
            self.transport, self, self.context, server_side=True
        )


async def main(port: int, certificate: str, key: str) -> None:
    """Serve until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.get_running_loop().create_server(lambda: Sink(context), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
