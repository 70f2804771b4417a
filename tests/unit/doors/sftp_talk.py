"""A client that says exactly what it is told to, to a session without a socket."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

from gateway.doors.sftp.attributes import NOTHING, Attributes, write_attributes
from gateway.doors.sftp.handles import Ration
from gateway.doors.sftp.session import Bounds, Session
from gateway.doors.sftp.status import Client
from gateway.doors.sftp.tree import Tree
from gateway.doors.sftp.wire import Flags, Kind
from tests.unit.doors.sftp_tree import MemoryTree, Office

PUT = Flags.WRITE | Flags.CREATE | Flags.TRUNCATE
RESUME = Flags.WRITE | Flags.CREATE


def string(value: bytes | str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def frame(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", 1 + len(body), kind) + body


@dataclass(frozen=True)
class Answer:
    """One answer, taken apart as far as tests look."""

    kind: int
    id: int
    body: bytes

    @property
    def code(self) -> int:
        assert self.kind == Kind.STATUS, f"not a status: {self.kind}"
        return int.from_bytes(self.body[:4], "big")

    @property
    def text(self) -> str:
        return self.body[8 : 8 + int.from_bytes(self.body[4:8], "big")].decode()

    @property
    def handle(self) -> bytes:
        assert self.kind == Kind.HANDLE, f"no handle: {self.kind} {self.body!r}"
        return self.body[4:]

    @property
    def data(self) -> bytes:
        assert self.kind == Kind.DATA, f"no data: {self.kind} {self.body!r}"
        return self.body[4:]


@dataclass
class Talk:
    """A session and the client's side of it."""

    office: Office = field(default_factory=Office)
    client: Client = Client.WINSCP
    bounds: Bounds = field(default_factory=Bounds)
    ration: Ration = field(default_factory=lambda: Ration(256))
    tree: Tree | None = None
    next_id: int = 1

    def __post_init__(self) -> None:
        tree = self.tree or MemoryTree(self.office)
        self.session = Session(tree, client=self.client, bounds=self.bounds, ration=self.ration)
        self.left = b""

    def hear(self, raw: bytes) -> list[Answer]:
        """Feed the bytes, let the session work, take the answers apart."""

        async def work() -> bytes:
            self.session.feed(raw)
            out = b""
            while True:
                while (pending := self.session.work_now()) is not None:
                    await pending
                if not (more := self.session.take()):
                    return out
                out += more

        self.left += asyncio.run(work())
        found = []
        while len(self.left) >= 4 and len(self.left) >= 4 + (size := int.from_bytes(self.left[:4], "big")):
            message, self.left = self.left[4 : 4 + size], self.left[4 + size :]
            found.append(Answer(message[0], int.from_bytes(message[1:5], "big"), message[5:]))
        return found

    def hello(self, version: int = 3) -> Answer:
        """INIT."""
        return self.hear(frame(Kind.INIT, struct.pack(">I", version)))[0]

    def ask(self, kind: int, *fields: bytes) -> Answer:
        """One request, one answer."""
        (answer,) = self.hear(self.request(kind, *fields))
        return answer

    def request(self, kind: int, *fields: bytes) -> bytes:
        """One request as bytes."""
        self.next_id += 1
        return frame(kind, struct.pack(">I", self.next_id) + b"".join(fields))

    def open(self, path: str, flags: int = PUT) -> Answer:
        return self.ask(Kind.OPEN, string(path), struct.pack(">I", flags), write_attributes(NOTHING))

    def write(self, handle: bytes, offset: int, data: bytes) -> Answer:
        return self.ask(Kind.WRITE, string(handle), struct.pack(">Q", offset), string(data))

    def read(self, handle: bytes, offset: int, size: int) -> Answer:
        return self.ask(Kind.READ, string(handle), struct.pack(">QI", offset, size))

    def close(self, handle: bytes) -> Answer:
        return self.ask(Kind.CLOSE, string(handle))

    def fset(self, handle: bytes, **said: int) -> Answer:
        return self.ask(Kind.FSETSTAT, string(handle), write_attributes(Attributes(**said)))

    def extended(self, name: str, *fields: bytes) -> Answer:
        return self.ask(Kind.EXTENDED, string(name), *fields)

    def end(self, *, was_clean: bool = False) -> None:
        """The channel goes."""
        asyncio.run(self.session.end(was_clean=was_clean))


def talk(**given: object) -> Talk:
    """A session that has been greeted."""
    found = Talk(**given)  # type: ignore[arg-type]
    found.hello()
    return found
