"""The skeleton of a mail message: where everything is, found without taking anything apart.

`intake.mail` makes one from untrusted bytes in a confined worker, `scrub.mail` composes from it, the judge reads its
facts. It holds offsets into the original and short decoded values, never a body. Every type encodes to msgpack by
msgspec and back: plain frozen dataclasses, tuples, no unions but None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gateway.transfer import Address


class Octets(Protocol):
    """A whole message in memory or mapped: `bytes` and `mmap` both are this."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice, /) -> bytes: ...

    def find(self, sub: bytes, start: int, end: int, /) -> int:
        """The first offset of `sub` in [start, end), or -1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is enforced before parsing (DESIGN §9); all inclusive: the last good value."""

    message_bytes: int = 50 * 1024 * 1024
    header_bytes: int = 256 * 1024
    header_fields: int = 1_000
    field_bytes: int = 16 * 1024
    address_field_bytes: int = 128 * 1024
    """To and Cc alone: 1,000 recipients do not fit into 16 KiB. Ours is read in one pass, so length is all it costs."""
    encoded_words: int = 100
    comment_depth: int = 5
    mime_depth: int = 20
    mime_parts: int = 1_000
    received: int = 50
    mark_fields: tuple[str, ...] = ("x-sealgate-label", "msip_labels")
    """Header fields, lower case, that carry a label: read for the judge, never let out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One header field. [start, end) is the field with its CRLF; [value, end) what follows the colon."""

    name: str
    """Lower case."""
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One MIME entity. [start, body) is its header with the blank line, [body, end) its body.

    The CRLF before the next delimiter belongs to the delimiter (RFC 2046 §5.1.1), so it is not in the body.
    """

    path: str
    """Empty for the message itself, then `1`, `2`, `2.1` …; the message inside a `message/rfc822` is its child 1."""
    parent: int
    """Index of the enclosing part in `Skeleton.parts`; -1 for the message itself."""
    start: int
    body: int
    end: int
    fields: tuple[Field, ...]
    media: str
    """Lower-case `type/subtype`, the default of RFC 2045 §5.2 where none is given."""
    parameters: tuple[tuple[str, str], ...]
    """Of Content-Type, in order, names in lower case, values decoded."""
    encoding: str
    """`7bit`, `8bit`, `binary`, `quoted-printable`, `base64`; else as given, and an ambiguity says so."""
    disposition: str
    """`inline`, `attachment`, whatever was given, or empty."""
    names: tuple[str, ...]
    """Every different file name a reader might see, the preferred first: `filename*`, `filename`, `name*`, `name`."""
    is_frozen: bool
    """Under a signature or encrypted by the sender: its bytes leave exactly as they came."""

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, or an empty text."""
        return next((value for key, value in self.parameters if key == name), "")

    @property
    def is_multipart(self) -> bool:
        """True for a container of parts."""
        return self.media.startswith("multipart/")

    @property
    def charset(self) -> str:
        """The declared charset in lower case, or empty."""
        return self.parameter("charset").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a message says of itself on top: read, bounded, never trusted."""

    message_id: str = ""
    subject: str = ""
    authors: tuple[Address, ...] = ()
    """Every address of every From field."""
    sender: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    """Name and text of every field that carries a label."""
    received: int = 0
    """How many servers say they have seen it: the loop guard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A message: its parts in document order (`parts[0]` is the message itself) and what is odd about it."""

    size_bytes: int
    heading: Heading
    parts: tuple[Part, ...]
    ambiguities: tuple[str, ...] = ()
    """Codes, each once, sorted: readers may disagree about this message, so it waits for a person."""
    encrypted: str = ""
    """`openpgp` or `smime` when the packets say that the whole body is ciphertext. A hint, not evidence."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The message's own header."""
        return self.parts[0].fields

    def children(self, index: int) -> Iterator[tuple[int, Part]]:
        """The parts directly inside `parts[index]`, with their indexes."""
        return ((i, part) for i, part in enumerate(self.parts[index + 1 :], index + 1) if part.parent == index)
