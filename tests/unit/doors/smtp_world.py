"""A mail door on loopback with TLS, a reception that remembers, and a client that says exactly what it is told to."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.doors import Kept, Refusal, Submission, Waiting
from gateway.doors.guard import Guard, Penalties
from gateway.doors.smtp.door import SmtpDoor
from gateway.doors.smtp.settings import Settings
from gateway.errors import StoreAway
from gateway.facts import Reason, Receipt
from gateway.skeleton import Limits
from gateway.transfer import Address, Party, Recipient, Way, transfer_id

ANN = Party(
    person="a.novak@town.example",
    address=Address(local="a.novak", domain="town.example"),
    name="Ann Novak",
    signed_in_by="password",
)
PASSWORD = "correct horse"
KEPT_ID = transfer_id(bytes(16))


@dataclass
class FakeDeposit:
    """Keeps what it is given; can be full."""

    content: bytes = b""
    is_dropped: bool = False
    room: int = 1 << 40

    async def write(self, untrusted_data: bytes) -> None:
        if len(self.content) + len(untrusted_data) > self.room:
            raise StoreAway("full")
        self.content += untrusted_data

    def drop(self) -> None:
        self.is_dropped = True


@dataclass
class FakeReception:
    """A reception with one person; what it answers is set by assignment."""

    refusals: dict[str, Refusal] = field(default_factory=dict)
    outcome: Refusal | None = None
    waiting: tuple[Waiting, ...] = ()
    begin_error: Exception | None = None
    accept_error: Exception | None = None
    refuse_error: Exception | None = None
    foresee_error: Exception | None = None
    room: int = 1 << 40
    gate: asyncio.Event | None = None
    deposits: list[FakeDeposit] = field(default_factory=list)
    kept: list[tuple[bytes, Submission]] = field(default_factory=list)
    turned_away: list[tuple[str, Submission]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    accepting: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def sign_in(self, login: str, secret_password: str, source: str) -> Party | None:
        self.tried.append(login)
        return ANN if (login, secret_password) == ("a.novak", PASSWORD) else None

    def owns(self, sender: Party, address: str) -> bool:
        return sender == ANN and address.lower() in ("a.novak@town.example", "clerk@town.example")

    async def foresee(self, sender: Party, recipient: Recipient, way: Way) -> Refusal | None:
        if self.foresee_error:
            raise self.foresee_error
        return self.refusals.get(recipient.key)

    async def begin(self) -> FakeDeposit:
        if self.begin_error:
            raise self.begin_error
        self.deposits.append(FakeDeposit(room=self.room))
        return self.deposits[-1]

    async def refuse(self, submission: Submission, reason: Reason) -> None:
        if self.refuse_error:
            raise self.refuse_error
        self.turned_away.append((reason.code, submission))

    async def accept(self, deposit: FakeDeposit, submission: Submission) -> Kept | Refusal:  # type: ignore[override]
        """As the contract says: the work is the engine's, so a caller's end does not cut it."""
        work = asyncio.get_running_loop().create_task(self._accept(deposit, submission))
        done: asyncio.Future[Kept | Refusal] = asyncio.get_running_loop().create_future()
        work.add_done_callback(lambda w: None if done.done() else _pass_on(w, done))
        return await done

    async def _accept(self, deposit: FakeDeposit, submission: Submission) -> Kept | Refusal:
        self.accepting.set()
        if self.gate:
            await self.gate.wait()
        if self.accept_error:
            raise self.accept_error
        if self.outcome:
            return self.outcome
        self.kept.append((deposit.content, submission))
        self.done.set()
        receipt = Receipt(stream=KEPT_ID, version=1, indexes=(0,), size=1, checkpoint="")
        return Kept(transfer=KEPT_ID, receipt=receipt, waiting=self.waiting)


def _pass_on(work: asyncio.Future[Kept | Refusal], done: asyncio.Future[Kept | Refusal]) -> None:
    error = work.exception()
    if error:
        done.set_exception(error)
    else:
        done.set_result(work.result())


class FixedClock:
    """A clock that stands still and draws zeros."""

    def now_ms(self) -> int:
        return 1_780_000_000_000

    def random(self, size: int) -> bytes:
        return bytes(size)


@cache
def certificate() -> tuple[bytes, bytes]:
    """A self-signed certificate for `localhost` and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime(2020, 1, 1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass
class World:
    """A door and its ports."""

    reception: FakeReception
    door: SmtpDoor
    context: ssl.SSLContext
    starttls_port: int
    implicit_port: int
    clients: list[Client] = field(default_factory=list)

    async def client(self, *, implicit: bool = True) -> Client:
        """A connection; the greeting is not read yet."""
        port = self.implicit_port if implicit else self.starttls_port
        tls = client_context() if implicit else None
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        self.clients.append(Client(reader, writer))
        return self.clients[-1]

    async def signed_in(self) -> Client:
        """A client that has said EHLO and signed in."""
        client = await self.client()
        assert (await client.reply()).startswith("220 ")
        await client.say("EHLO desk.example")
        assert await client.say("AUTH PLAIN " + plain("a.novak", PASSWORD)) == "235 2.7.0 Signed in."
        return client

    async def ready_for_data(self, *recipients: str) -> Client:
        """A client that may send the message."""
        client = await self.signed_in()
        await client.say("MAIL FROM:<a.novak@town.example>")
        for recipient in recipients or ("m.day@smithday.example",):
            await client.say(f"RCPT TO:<{recipient}>")
        assert (await client.say("DATA")).startswith("354 ")
        return client


def plain(login: str, password: str) -> str:
    return base64.b64encode(f"\0{login}\0{password}".encode()).decode()


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=certificate()[0].decode())
    context.check_hostname = False
    return context


class Client:
    """Says bytes, hears replies; knows no protocol, so that it can break it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self) -> str:
        """A whole reply, its lines joined by newlines; empty when the door has hung up."""
        lines = []
        async with asyncio.timeout(5):
            while True:
                try:
                    line = await self.reader.readline()
                except ConnectionError:
                    line = b""
                lines.append(line.decode("ascii").removesuffix("\r\n"))
                if line[3:4] != b"-":
                    return "\n".join(lines)

    async def say(self, command: str) -> str:
        await self.send(command.encode("latin-1") + b"\r\n")
        return await self.reply()

    async def rest(self) -> str:
        """Everything until the door hangs up."""
        async with asyncio.timeout(5):
            try:
                return (await self.reader.read()).decode("ascii")
            except ConnectionError:
                return ""

    async def leave(self) -> None:
        """Hang up without a word."""
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()

    async def start_tls(self) -> None:
        await self.writer.start_tls(client_context(), server_hostname="localhost")


@asynccontextmanager
async def world(reception: FakeReception | None = None, settings: Settings | None = None) -> AsyncIterator[World]:
    """A door that listens, and closes when the test is over."""
    reception = reception or FakeReception()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context)
    loop = asyncio.get_running_loop()
    door = SmtpDoor(
        reception,
        settings=settings or Settings(hostname="gw.town.example", limits=Limits(message_bytes=1024 * 1024)),
        guard=Guard(now=loop.time, penalties=Penalties(free=100)),
        clock=FixedClock(),
        tls=lambda: context,
    )
    starttls = await door.listen("127.0.0.1", 0, implicit_tls=False)
    implicit = await door.listen("127.0.0.1", 0, implicit_tls=True)
    try:
        there = World(reception, door, context, starttls, implicit)
        yield there
    finally:
        await door.close(0)
        for client in there.clients:
            await client.leave()


def _load(context: ssl.SSLContext) -> None:
    """`load_cert_chain` reads files only."""
    cert, key = certificate()
    with tempfile.NamedTemporaryFile() as file:
        file.write(cert + key)
        file.flush()
        context.load_cert_chain(file.name)
