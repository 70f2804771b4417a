"""What a client asks: one message becomes one request, or a reason why not. draft-ietf-secsh-filexfer-02 §6.

Promises: a request is read whole or not at all, and nothing may follow it but a WRITE; every string is bounded before
it is taken; a WRITE's payload is a view. Paths are still bytes here: `paths` reads them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.doors.sftp.attributes import NOTHING, Attributes, BadAttributes, read_attributes
from gateway.doors.sftp.paths import MAX_PATH_BYTES
from gateway.doors.sftp.wire import MAX_DATA, Breach, Kind

MAX_HANDLE = 256
MAX_STRING = 2 * MAX_PATH_BYTES
"""Twice what a path may have, so that one a little too long is answered as a path, with a sentence."""

EMPTY = memoryview(b"")
_U32, _U64 = struct.Struct(">I"), struct.Struct(">Q")


class Unreadable(Exception):
    """One request cannot be read; its id is answered with BAD_MESSAGE, and the session goes on."""

    def __init__(self, request_id: int) -> None:
        super().__init__()
        self.request_id = request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: what its kind needs is set, the rest is empty."""

    kind: int
    id: int
    path: bytes = b""
    new_path: bytes = b""
    handle: bytes = b""
    offset: int = 0
    length: int = 0
    flags: int = 0
    attributes: Attributes = NOTHING
    extension: bytes = b""
    data: memoryview = EMPTY


class _Fields:
    """The fields of one message, in order."""

    __slots__ = ("_at", "_message", "id")

    def __init__(self, message: memoryview) -> None:
        if len(message) < 5:
            raise Breach("a request without an id")
        self._message = message
        self._at = 5
        (self.id,) = _U32.unpack_from(message, 1)

    def number(self, shape: struct.Struct) -> int:
        end = self._at + shape.size
        if end > len(self._message):
            raise Unreadable(self.id)
        (value,) = shape.unpack_from(self._message, self._at)
        self._at = end
        return int(value)

    def string(self, most: int = MAX_STRING) -> memoryview:
        length = self.number(_U32)
        if length > most or length > len(self._message) - self._at:
            raise Unreadable(self.id)
        self._at += length
        return self._message[self._at - length : self._at]

    def attributes(self) -> Attributes:
        try:
            found, self._at = read_attributes(self._message, self._at)
        except BadAttributes:
            raise Unreadable(self.id) from None
        return found

    def skip(self) -> None:
        """The rest is nobody's business."""
        self._at = len(self._message)

    def end(self) -> None:
        if self._at != len(self._message):
            raise Unreadable(self.id)


def read_hello(message: memoryview) -> int:
    """The version an INIT asks for. Extension pairs may follow (§4) and are not ours to judge."""
    if message[0] != Kind.INIT or len(message) < 5:
        raise Breach("the first message is not INIT")
    (version,) = _U32.unpack_from(message, 1)
    return int(version)


def read_request(message: memoryview) -> Request:
    """The request in a message. Raises `Unreadable` where it can be answered, `Breach` where it cannot.

    A kind that is not in the table comes back bare: its body is nobody's business.
    """
    kind = message[0]
    fields = _Fields(message)
    if kind == Kind.INIT:
        raise Breach("a second INIT")
    shape = _SHAPES.get(kind)
    if shape is None:
        return Request(kind=kind, id=fields.id)
    request = shape(kind, fields)
    fields.end()
    return request


def _with_path(kind: int, fields: _Fields) -> Request:
    return Request(kind=kind, id=fields.id, path=bytes(fields.string()))


def _with_path_and_attributes(kind: int, fields: _Fields) -> Request:
    return Request(kind=kind, id=fields.id, path=bytes(fields.string()), attributes=fields.attributes())


def _with_handle(kind: int, fields: _Fields) -> Request:
    return Request(kind=kind, id=fields.id, handle=bytes(fields.string(MAX_HANDLE)))


def _with_handle_and_attributes(kind: int, fields: _Fields) -> Request:
    handle = bytes(fields.string(MAX_HANDLE))
    return Request(kind=kind, id=fields.id, handle=handle, attributes=fields.attributes())


def _open(kind: int, fields: _Fields) -> Request:
    path = bytes(fields.string())
    return Request(kind=kind, id=fields.id, path=path, flags=fields.number(_U32), attributes=fields.attributes())


def _read(kind: int, fields: _Fields) -> Request:
    handle = bytes(fields.string(MAX_HANDLE))
    return Request(kind=kind, id=fields.id, handle=handle, offset=fields.number(_U64), length=fields.number(_U32))


def _write(kind: int, fields: _Fields) -> Request:
    handle = bytes(fields.string(MAX_HANDLE))
    offset = fields.number(_U64)
    data = fields.string(MAX_DATA)
    fields.skip()  # rclone 1.60 sends its whole buffer behind a short last piece; OpenSSH ignores that too
    return Request(kind=kind, id=fields.id, handle=handle, offset=offset, data=data)


def _rename(kind: int, fields: _Fields) -> Request:
    return Request(kind=kind, id=fields.id, path=bytes(fields.string()), new_path=bytes(fields.string()))


def _extended(kind: int, fields: _Fields) -> Request:
    name = bytes(fields.string(MAX_HANDLE))
    if name == b"posix-rename@openssh.com":
        path, new_path = bytes(fields.string()), bytes(fields.string())
        return Request(kind=kind, id=fields.id, extension=name, path=path, new_path=new_path)
    if name == b"statvfs@openssh.com":
        return Request(kind=kind, id=fields.id, extension=name, path=bytes(fields.string()))
    if name == b"fsync@openssh.com":
        return Request(kind=kind, id=fields.id, extension=name, handle=bytes(fields.string(MAX_HANDLE)))
    if name != b"limits@openssh.com":
        fields.skip()
    return Request(kind=kind, id=fields.id, extension=name)


_SHAPES: Mapping[int, Callable[[int, _Fields], Request]] = {
    Kind.OPEN: _open,
    Kind.CLOSE: _with_handle,
    Kind.READ: _read,
    Kind.WRITE: _write,
    Kind.LSTAT: _with_path,
    Kind.STAT: _with_path,
    Kind.FSTAT: _with_handle,
    Kind.SETSTAT: _with_path_and_attributes,
    Kind.FSETSTAT: _with_handle_and_attributes,
    Kind.OPENDIR: _with_path,
    Kind.READDIR: _with_handle,
    Kind.REMOVE: _with_path,
    Kind.MKDIR: _with_path_and_attributes,
    Kind.RMDIR: _with_path,
    Kind.REALPATH: _with_path,
    Kind.RENAME: _rename,
    Kind.EXTENDED: _extended,
}
