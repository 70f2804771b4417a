"""A load of mail: N connections, each sending its share one after another over one TLS session.

`python load.py PORT CA CONNECTIONS MESSAGES SIZE RATE RECIPIENT SENDER [PASSWORD]` prints JSON: seconds, and
milliseconds from the end of DATA to its reply and from MAIL to that reply, each sorted. With a RATE above 0 messages
start at that many a second, all connections together, instead of as fast as they can. Bounded in count.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import sys
import time

import uvloop


def message(sender: str, recipient: str, number: str, size: int) -> bytes:
    """A plain message of about that many bytes."""
    head = (
        f"From: {sender}\r\nTo: {recipient}\r\nSubject: [office] [case] minutes {number}\r\n"
        f"Message-ID: <{number}@bench.test>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
    )
    line = "The committee met at nine and adjourned at ten without further business.\r\n"
    return (head + line * max(1, (size - len(head)) // len(line))).encode()


async def client(number: int, argv: list[str], latencies: list[float], transactions: list[float]) -> None:
    """One connection."""
    port, ca, connections, count, size, rate, recipient, sender = argv[:8]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port), limit=1 << 20)

    async def reply(expected: bytes) -> None:
        while True:
            line = await reader.readline()
            if line[3:4] != b"-":
                if not line.startswith(expected):
                    raise SystemExit(f"unexpected reply {line!r}")
                return

    async def say(line: bytes, expected: bytes) -> None:
        writer.write(line + b"\r\n")
        await reply(expected)

    await reply(b"220")
    await say(b"EHLO bench.test", b"250")
    await say(b"STARTTLS", b"220")
    await writer.start_tls(ssl.create_default_context(cafile=ca), server_hostname="localhost")
    await say(b"EHLO bench.test", b"250")
    if len(argv) > 8:
        token = base64.b64encode(b"\0" + sender.encode() + b"\0" + argv[8].encode())
        await say(b"AUTH PLAIN " + token, b"235")
    started = time.perf_counter()
    for n in range(int(count) // int(connections)):
        if float(rate):
            turn = started + (n * int(connections) + number) / float(rate)
            await asyncio.sleep(max(0.0, turn - time.perf_counter()))
        opened = time.perf_counter()
        await say(b"MAIL FROM:<" + sender.encode() + b">", b"250")
        await say(b"RCPT TO:<" + recipient.encode() + b">", b"250")
        await say(b"DATA", b"354")
        writer.write(message(sender, recipient, f"{number}.{n}.{time.time_ns()}", int(size)))
        began = time.perf_counter()
        await say(b".", b"250")
        done = time.perf_counter()
        latencies.append((done - began) * 1000)
        transactions.append((done - opened) * 1000)
    writer.close()


async def main(argv: list[str]) -> None:
    """All connections at once."""
    latencies: list[float] = []
    transactions: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(client(n, argv, latencies, transactions) for n in range(int(argv[2]))))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "latencies_ms": sorted(latencies), "transactions_ms": sorted(transactions)}))


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(sys.argv[1:]))
