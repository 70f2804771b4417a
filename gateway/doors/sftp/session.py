"""The SFTP server, without a socket: bytes in, answers out, a tree behind it.

Promises
1. Answers leave in the order of the requests: one request is served at a time.
2. It takes no request while `out_bytes` of answers wait to be taken; of the input it holds what it was fed, so a caller
   gives the client credit only for what was used (`waiting`).
3. A file is complete by a CLOSE packet alone, and only if nothing about it went wrong; `end` completes nothing.
4. Version 3, whatever is asked; links and unknown requests are unsupported, and the session goes on.

It never waits by itself: `work_now` does what can be done at once and returns the rest as an awaitable.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from dataclasses import dataclass

from gateway.catalogue.texts import ENGLISH, Texts
from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.sftp import answers
from gateway.doors.sftp.handles import Download, Handles, Ration, Upload, excuse
from gateway.doors.sftp.requests import Request, Unreadable, read_hello, read_request
from gateway.doors.sftp.status import Client, Denied, Hint
from gateway.doors.sftp.tree import Content, Tree
from gateway.doors.sftp.verbs import NOT_OPEN, NOT_READABLE, NOT_WRITABLE, Answer, Verbs
from gateway.doors.sftp.wire import LEAST_MESSAGE, MAX_DATA, MAX_MESSAGE, Inbox, Kind
from gateway.errors import Failure

UNREADABLE = Denied.of(Hint.UNREADABLE, "unreadable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one session may take (DESIGN §9)."""

    handles: int = 64
    out_bytes: int = 1 << 20
    message_bytes: int = MAX_MESSAGE
    file_bytes: int = 64 << 30

    def __post_init__(self) -> None:
        if not LEAST_MESSAGE <= self.message_bytes <= MAX_MESSAGE:
            raise ValueError(f"an SFTP message has {LEAST_MESSAGE} to {MAX_MESSAGE} bytes")

    @property
    def data_bytes(self) -> int:
        """Of a file, in one message."""
        return self.message_bytes - (MAX_MESSAGE - MAX_DATA)


class Session:
    """One person's SFTP session."""

    def __init__(
        self,
        tree: Tree,
        *,
        client: Client,
        bounds: Bounds,
        ration: Ration,
        room: bytearray | None = None,
        texts: Texts = ENGLISH,
        refused: Refused = nobody_counts,
    ) -> None:
        self._tree = tree
        self._refused = refused
        self._texts = texts
        self._client = client
        self._bounds = bounds
        self._handles = Handles(bounds.handles, ration)
        self._verbs = Verbs(tree, self._handles, message_bytes=bounds.message_bytes, data_bytes=bounds.data_bytes)
        self._inbox = Inbox(room, most=bounds.message_bytes)
        self._data_bytes = bounds.data_bytes
        self._out: list[bytes | memoryview] = []
        self._out_size = 0
        self._is_greeted = False

    def feed(self, untrusted: bytes | memoryview) -> None:
        """Bytes from the client."""
        self._inbox.feed(untrusted)

    @property
    def waiting(self) -> int:
        """Bytes fed and not yet used."""
        return self._inbox.size

    def take(self) -> bytes:
        """The answers so far, to be sent."""
        return b"".join(self.pieces())

    def pieces(self) -> list[bytes | memoryview]:
        """The same, as they were made: putting them together would copy what was read."""
        out, self._out, self._out_size = self._out, [], 0
        return out

    def work_now(self) -> Awaitable[None] | None:
        """Serve what can be served at once. What is returned must be awaited before this is called again.

        None: nothing to do before more is fed or taken. Raises `Breach`: end the channel.
        """
        while self._out_size < self._bounds.out_bytes and (message := self._inbox.next()) is not None:
            if not self._is_greeted:
                read_hello(message)
                self._is_greeted = True
                self._say(answers.hello())
            elif (pending := self._begin(message)) is not None:
                return pending
        return None

    async def end(self, *, was_clean: bool) -> None:
        """The channel is gone: nothing open becomes a file."""
        names = self._handles.names()
        for name in names:
            match self._handles.pop(name):
                case Upload(draft=draft):
                    await draft.abandon()
                case Download(source=source):
                    await source.close(was_asked=False)
                case _:
                    pass
        await self._tree.leave(was_clean=was_clean and not names)

    def _begin(self, message: memoryview) -> Awaitable[None] | None:
        try:
            request = read_request(message)
        except Unreadable as unreadable:
            if message[0] == Kind.WRITE:
                self._handles.poison(UNREADABLE)  # whose bytes are missing cannot be told, and a CLOSE may follow
            self._say(answers.no(unreadable.request_id, UNREADABLE, self._client, self._texts))
            return None
        if request.kind == Kind.WRITE:
            return self._write(request)
        if request.kind == Kind.READ:
            return self._read(request)
        return self._later(request.id, self._verbs.answer(request))

    def _write(self, request: Request) -> Awaitable[None] | None:
        upload = self._handles.get(request.handle)
        if not isinstance(upload, Upload):
            self._reply(request.id, NOT_OPEN if upload is None else NOT_WRITABLE)
            return None
        denied = upload.write(request.offset, request.data, most=self._bounds.file_bytes)
        self._reply(request.id, denied)
        return upload.draft.room() if upload.draft.is_full and denied is None else None

    def _read(self, request: Request) -> Awaitable[None] | None:
        size = min(request.length, self._data_bytes)
        content: Content | Denied | Awaitable[Content | Denied]
        match self._handles.get(request.handle):
            case Download(source=source):
                content = source.read(request.offset, size)
            case Upload(is_readable=True, draft=draft):
                content = draft.read(request.offset, size)
            case opened:
                content = NOT_OPEN if opened is None else NOT_READABLE
        if inspect.isawaitable(content):
            return self._later_read(request.id, content)
        self._reply_read(request.id, content)
        return None

    async def _later_read(self, request_id: int, content: Awaitable[Content | Denied]) -> None:
        try:
            self._reply_read(request_id, await content)
        except Failure as failure:
            self._reply(request_id, excuse(failure))

    def _reply_read(self, request_id: int, content: Content | Denied) -> None:
        if isinstance(content, Denied):
            self._reply(request_id, content)
            return
        pieces = content if isinstance(content, list) else [memoryview(content)[:MAX_DATA]]
        if size := sum(map(len, pieces)):
            self._say(answers.data(request_id, size))
            for piece in pieces:
                self._say(piece)
        else:
            self._say(answers.end_of_file(request_id))

    async def _later(self, request_id: int, answer: Awaitable[Answer]) -> None:
        try:
            self._reply(request_id, await answer)
        except Failure as failure:
            self._reply(request_id, excuse(failure))

    def _reply(self, request_id: int, answer: Answer) -> None:
        if answer is None:
            self._say(answers.ok(request_id))
        elif isinstance(answer, Denied):
            self._refused(answer.hint.value)
            self._say(answers.no(request_id, answer, self._client, self._texts))
        else:
            self._say(answer)

    def _say(self, packet: bytes | memoryview) -> None:
        self._out.append(packet)
        self._out_size += len(packet)
