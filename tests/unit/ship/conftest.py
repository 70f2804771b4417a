"""A mail server that keeps a journal of every byte and misbehaves as told, and certificates good and bad."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
CLOSE = b""
"""Instead of a reply: the server closes."""
SILENCE = b"..."
"""Instead of a reply: nothing, ever."""
ENDLESS = b"250-and"
"""Instead of a reply: one that never ends."""


class Authority:
    """A development CA that issues certificates into files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        builder = self._builder(self._name, self._key.public_key(), -30, 365 * 50)
        certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True).sign(
            self._key, hashes.SHA256()
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, since: int, until: int
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(NOW + since * DAY)
            .not_valid_after(NOW + until * DAY)
        )  # fmt: skip

    def server(self, *names: str, until_days: int = 365 * 40) -> ssl.SSLContext:
        """A server's context with a certificate for `names` (host names and addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        sans = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx")])
        builder = self._builder(subject, key.public_key(), -20, until_days)
        leaf = builder.add_extension(x509.SubjectAlternativeName(sans), False).sign(self._key, hashes.SHA256())
        file = self._folder / f"{leaf.serial_number:x}.pem"
        file.write_bytes(
            leaf.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@dataclass
class Sink:
    """A mail server. `replies` overrides its answer to a command word, to `GREETING` and to `END` of the message."""

    context: ssl.SSLContext
    offers: tuple[str, ...] = ("8BITMIME", "SIZE 52428800", "DSN", "ENHANCEDSTATUSCODES")
    replies: dict[str, bytes] = field(default_factory=dict)
    is_tls_at_once: bool = False
    is_slow: bool = False
    clear: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    lone_dots: int = 0
    unread: bytes = b""
    """What was there behind the command that was met with silence."""
    connections: int = 0
    port: int = 0
    on_content: Callable[[int], None] = lambda size: None
    say: Callable[[bytes], None] = lambda unasked: None
    """Speak unasked on the newest connection."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Sink]:
        tls = self.context if self.is_tls_at_once else None
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_secure = self.is_tls_at_once
        self.say = writer.write
        await self._answer(writer, "GREETING", b"220 sink ready\r\n")
        while line := await reader.readline():
            (self.told if is_secure else self.clear).append(line.rstrip(b"\r\n"))
            word = line.split()[0].decode("latin-1").upper()
            offers = (*self.offers, *(() if is_secure else ("STARTTLS",)))
            hello = "".join(f"250-{offer}\r\n" for offer in ("sink", *offers[:-1])) + f"250 {offers[-1]}\r\n"
            usual = {
                "EHLO": hello.encode(), "STARTTLS": b"220 go\r\n", "DATA": b"354 go\r\n", "QUIT": b"221 bye\r\n",
            }  # fmt: skip
            if not is_secure and "EHLO-CLEAR" in self.replies and word == "EHLO":
                usual["EHLO"] = self.replies["EHLO-CLEAR"]
            if self.replies.get(word) == SILENCE:
                self.unread = await reader.read(65536)
            await self._answer(writer, word, usual.get(word, b"250 2.0.0 ok\r\n"))
            if word == "STARTTLS" and self.replies.get(word, b"220").startswith(b"220"):
                await writer.start_tls(self.context)
                is_secure = True
            if word == "DATA" and self.replies.get(word, b"354").startswith(b"354"):
                await self._content(reader)
                await self._answer(writer, "END", b"250 2.0.0 taken\r\n")

    async def _content(self, reader: asyncio.StreamReader) -> None:
        content, size = bytearray(), 0
        while not content.endswith(b"\r\n.\r\n") and content != b".\r\n":
            piece = await reader.read(65536)
            if not piece:
                raise ConnectionError
            size += len(piece)
            self.on_content(size)
            content += piece
            if "DROP-AT" in self.replies and size >= int(self.replies["DROP-AT"]):
                raise ConnectionError
            if size > 2_000_000:
                del content[:-5]
        if content == b".\r\n":
            self.lone_dots += 1
        else:
            self.contents.append(bytes(content))

    async def _answer(self, writer: asyncio.StreamWriter, word: str, usual: bytes) -> None:
        reply = self.replies.get(word, usual)
        if reply == CLOSE:
            raise ConnectionError
        while reply == SILENCE:
            await asyncio.Event().wait()
        while reply == ENDLESS:
            writer.write(b"250-and on\r\n" * 100)
            await writer.drain()
        writer.write(reply)
        await writer.drain()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def good(authority: Authority) -> ssl.SSLContext:
    """A server anyone who trusts the authority may trust as `mx.test` at 127.0.0.1."""
    return authority.server("mx.test", "127.0.0.1")


@pytest.fixture
def pipelined(good: ssl.SSLContext) -> Sink:
    """A server that offers PIPELINING."""
    return Sink(good, offers=(*Sink.offers, "PIPELINING"))


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["in-turn", "pipelined"])
def sink(good: ssl.SSLContext, request: pytest.FixtureRequest) -> Sink:
    """A server that is told MAIL, RCPT and DATA one after the other, and one that takes them together."""
    return Sink(good, offers=(*Sink.offers, *request.param))
