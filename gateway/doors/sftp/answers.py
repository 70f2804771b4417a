"""What we answer, as bytes: draft-ietf-secsh-filexfer-02 §4 and §7, and OpenSSH's PROTOCOL for the extensions.

Every answer starts with its length word, and none is longer than `wire.MAX_MESSAGE`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from gateway.catalogue.texts import Texts
from gateway.doors.sftp.attributes import Attributes, write_attributes
from gateway.doors.sftp.status import Client, Code, Denied, code_for, shown
from gateway.doors.sftp.tree import Space
from gateway.doors.sftp.wire import VERSION, Kind

EXTENSIONS: tuple[tuple[bytes, bytes], ...] = (
    (b"limits@openssh.com", b"1"),
    (b"fsync@openssh.com", b"1"),
    (b"posix-rename@openssh.com", b"1"),
    (b"statvfs@openssh.com", b"2"),
)
"""All we offer. Not copy-data, hardlink, lsetstat, users-groups-by-id: each would reach around a rule."""

_HEAD = struct.Struct(">IBI")
_DATA_HEAD = struct.Struct(">IBII")
BLOCK = 4096


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _reply(kind: Kind, request_id: int, body: bytes) -> bytes:
    return _HEAD.pack(5 + len(body), kind, request_id) + body


def hello() -> bytes:
    """VERSION 3, whatever was asked, and what we offer beside it."""
    body = bytes([Kind.VERSION]) + VERSION.to_bytes(4, "big")
    body += b"".join(_string(name) + _string(data) for name, data in EXTENSIONS)
    return _string(body)


def status(request_id: int, code: Code, text: str = "", language: str = "en") -> bytes:
    """A bare status."""
    said = _string(shown(text).encode()) + _string(language.encode())
    return _reply(Kind.STATUS, request_id, code.to_bytes(4, "big") + said)


def ok(request_id: int) -> bytes:
    """It is done."""
    return _HEAD.pack(17, Kind.STATUS, request_id) + bytes(12)  # code 0, no text, no language


def end_of_file(request_id: int) -> bytes:
    """There is no more."""
    return status(request_id, Code.EOF, "End of file")


def no(request_id: int, denied: Denied, client: Client, texts: Texts) -> bytes:
    """A refusal, with the code under which this client shows its text."""
    return status(request_id, code_for(denied.hint, client), denied.said(texts), texts.language)


def handle(request_id: int, name: bytes) -> bytes:
    """What was opened."""
    return _reply(Kind.HANDLE, request_id, _string(name))


def data(request_id: int, size: int) -> bytes:
    """What stands before so many bytes that were read."""
    return _DATA_HEAD.pack(9 + size, Kind.DATA, request_id, size)


def attributes(request_id: int, found: Attributes) -> bytes:
    """What a file is like."""
    return _reply(Kind.ATTRS, request_id, write_attributes(found))


def name(filename: str, longname: str, found: Attributes) -> bytes:
    """One name of a `names` answer."""
    return _string(filename.encode()) + _string(longname.encode()) + write_attributes(found)


def names(request_id: int, entries: Iterable[bytes]) -> bytes:
    """Some names, each made by `name`."""
    listed = list(entries)
    return _reply(Kind.NAME, request_id, len(listed).to_bytes(4, "big") + b"".join(listed))


def limits(request_id: int, message_bytes: int, data_bytes: int, handles: int) -> bytes:
    """How much we take at once (OpenSSH PROTOCOL §4.8)."""
    body = struct.pack(">4Q", message_bytes, data_bytes, data_bytes, handles)
    return _reply(Kind.EXTENDED_REPLY, request_id, body)


def space(request_id: int, found: Space) -> bytes:
    """The person's quota as a file system (OpenSSH PROTOCOL §4.4)."""
    total, free = found.total_bytes // BLOCK, found.free_bytes // BLOCK
    noexec_nosuid = 0x2
    body = struct.pack(">11Q", BLOCK, BLOCK, total, free, free, 0, 0, 0, 0, noexec_nosuid, 255)
    return _reply(Kind.EXTENDED_REPLY, request_id, body)
