"""A mail message becomes a skeleton: RFC 5322, RFC 2045-2047, RFC 2231, read in exactly one way or held.

Promises: bounded time and memory before anything is parsed, offsets instead of copies, and a name for every place where
two readers are known to disagree. Does not: decode bodies, judge content, follow labels. What is certainly wrong is a
`Fault`; what is ambiguous goes into `Skeleton.ambiguities` and the message waits for a person.
"""

from __future__ import annotations

import re

from gateway.intake.ciphertext import is_enveloped_cms, is_openpgp
from gateway.intake.fault import Fault
from gateway.intake.header import Header, Refused, header_of, heading_of
from gateway.intake.parameters import Structured, structured
from gateway.intake.parts import Place, Seam, seams_of
from gateway.intake.transferred import ENCODINGS, IDENTITY, flaw_of
from gateway.intake.words import CHARSETS
from gateway.skeleton import Limits, Octets, Part, Skeleton

_CHUNK = 1024 * 1024
_MIME_VERSION = re.compile(rb"[ \t]*1[ \t]*\.[ \t]*0[ \t]*(?:\((?:[^()\\]|\\[ -~])*\)[ \t]*)?")
_UUENCODED = re.compile(rb"begin [0-7]{3,4} [^\r\n]{1,200}\r\n")
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_REFUSED = frozenset({"message/partial", "message/external-body"})


def skeleton(untrusted: Octets | memoryview, limits: Limits) -> Skeleton | Fault:
    """The skeleton of a whole message. A `memoryview` is copied; bytes and maps are not."""
    content: Octets = bytes(untrusted) if isinstance(untrusted, memoryview) else untrusted
    if len(content) > limits.message_bytes:
        return Fault.of("too-big", bytes=f"{limits.message_bytes:,}")
    try:
        _check_line_ends(content)
        return _Scan(content, limits).whole()
    except Refused as refused:
        return refused.fault


def _check_line_ends(content: Octets) -> None:
    """The door has done this; a message from anywhere else has not been through the door."""
    at = 0
    while at < len(content):
        chunk = content[at : at + _CHUNK]
        if chunk.endswith(b"\r"):
            chunk = content[at : at + _CHUNK + 1]
        ends = chunk.count(b"\r\n")
        if ends != chunk.count(b"\r") or ends != chunk.count(b"\n") or b"\0" in chunk:
            raise Refused("bare-line-end", "bare-line-end.somewhere")
        at += len(chunk)


class _Scan:
    """One pass over one message; finds parts top down, in document order."""

    def __init__(self, content: Octets, limits: Limits) -> None:
        self._content = content
        self._limits = limits
        self._parts: list[Part] = []
        self._odd: set[str] = set()

    def whole(self) -> Skeleton:
        """Everything, from the first byte on."""
        header = self._entity(Place(start=0, end=len(self._content)))
        heading, odd = heading_of(header, self._limits)
        self._odd |= odd
        self._check_version(header)
        return Skeleton(
            size_bytes=len(self._content),
            heading=heading,
            parts=tuple(self._parts),
            ambiguities=tuple(sorted(self._odd)),
            encrypted=self._encrypted(),
        )

    def _entity(self, place: Place) -> Header:
        if place.depth > self._limits.mime_depth:
            raise Refused("mime-depth", most=str(self._limits.mime_depth))
        if len(self._parts) >= self._limits.mime_parts:
            raise Refused("mime-parts", most=f"{self._limits.mime_parts:,}")
        header, body = self._header(place)
        part = self._described(header, body, place)
        index = len(self._parts)
        self._parts.append(part)
        if part.media in _REFUSED:
            raise Refused(part.media.replace("/", "-"))
        if part.is_multipart:
            self._multipart(index, part, place)
        elif part.media in ("message/rfc822", "message/global"):
            self._message(index, part, place)
        else:
            self._leaf(part)
        return header

    def _header(self, place: Place) -> tuple[Header, int]:
        content, start = self._content, place.start
        if content[start : start + 2] == b"\r\n":
            return header_of(b"", start, self._limits), start + 2
        stop = min(place.end, start + self._limits.header_bytes + 4)
        blank = content.find(b"\r\n\r\n", start, stop)
        if blank < 0:
            if start > 0:
                self._odd.add("part-without-body")
            header = header_of(content[start:stop], start, self._limits)
            body = place.end
        else:
            header, body = header_of(content[start : blank + 2], start, self._limits), blank + 4
        self._odd |= header.odd
        return header, body

    def _described(self, header: Header, body: int, place: Place) -> Part:
        kind = self._structured(header, "content-type", place.default_media)
        disposition = self._structured(header, "content-disposition", "")
        given = header.first("content-transfer-encoding")
        encoding = "7bit" if given is None else given.decode("ascii", "replace").strip(" \t").lower()
        if encoding not in ENCODINGS:
            self._odd.add("encoding-unknown")  # "base64 (x)" too: some see the comment, some the word (B39)
        if "/" not in kind.value:
            self._odd.add("content-type-malformed")
        charset = kind.get("charset").lower()
        if charset and charset not in CHARSETS:
            self._odd.add("charset")
        return Part(
            path=place.path,
            parent=place.parent,
            start=place.start,
            body=body,
            end=place.end,
            fields=header.fields,
            media=kind.value,
            parameters=kind.parameters,
            encoding=encoding,
            disposition=disposition.value,
            names=_names(kind, disposition),
            is_frozen=place.is_frozen,
        )

    def _structured(self, header: Header, name: str, default: str) -> Structured:
        body = header.first(name)
        if body is None:
            return Structured(value=default)
        read = structured(body.decode("ascii", "replace"))
        self._odd.update(f"{name}-{code}" for code in read.odd)
        if any(key == "boundary" for key, _ in read.extended):
            self._odd.add("boundary-encoded")
        if "smuggled" in read.odd:
            raise Refused("smuggled", "smuggled.parameter")
        return read

    def _multipart(self, index: int, part: Part, place: Place) -> None:
        boundary = part.parameter("boundary").encode("ascii", "replace")
        if not boundary or len(boundary) > 70 or boundary.endswith(b" "):  # RFC 2046 §5.1.1
            self._odd.add("boundary-malformed")
            return
        if part.encoding not in IDENTITY:
            self._odd.add("container-encoded")  # RFC 2045 §6.4
        if any(outer.startswith(boundary) or boundary.startswith(outer) for outer in place.boundaries):
            self._odd.add("boundary-prefix")
        seams = seams_of(self._content, part.body, part.end, boundary, limit=self._limits.mime_parts)
        self._odd |= seams.odd
        is_signed = part.media == "multipart/signed"
        if is_signed and seams.has_text_outside:
            self._odd.add("signature-shape")
        for number, seam in enumerate(seams.seams, 1):
            self._entity(_inside(place, index, number, seam, part, boundary))
        children = [child for child in self._parts[index + 1 :] if child.parent == index]
        if is_signed and (len(children) != 2 or children[1].media not in _SIGNATURES):
            self._odd.add("signature-shape")

    def _message(self, index: int, part: Part, place: Place) -> None:
        if part.encoding not in IDENTITY:
            self._odd.add("container-encoded")  # RFC 2046 §5.2.1
            return
        seam = Seam(start=part.body, end=part.end)
        header = self._entity(_inside(place, index, 1, seam, part, b""))
        heading_of(header, self._limits)  # its limits hold inside too

    def _leaf(self, part: Part) -> None:
        flaw = flaw_of(self._content, part.body, part.end, part.encoding) if part.encoding in ENCODINGS else ""
        if flaw:
            self._odd.add(flaw)
        if part.media.startswith("text/") and part.encoding in IDENTITY and self._is_uuencoded(part):
            self._odd.add("uuencoded")

    def _is_uuencoded(self, part: Part) -> bool:
        at = part.body
        while at >= 0:
            if _UUENCODED.match(self._content[at : min(at + 256, part.end)]):
                return True
            at = self._content.find(b"\r\nbegin ", at, part.end)
            at = at + 2 if at >= 0 else -1
        return False

    def _check_version(self, header: Header) -> None:
        version = header.first("mime-version")
        is_mime = any(field.name.startswith("content-") for field in header.fields)
        if (version is None and is_mime) or (version is not None and not _MIME_VERSION.fullmatch(version)):
            self._odd.add("mime-version")  # RFC 2045 §4: without it some readers see plain text

    def _encrypted(self) -> str:
        root = self._parts[0]
        head = self._content[root.body : min(root.body + 4096, root.end)]
        if root.media in ("application/pkcs7-mime", "application/x-pkcs7-mime") and is_enveloped_cms(head):
            return "smime"
        if root.media == "text/plain" and is_openpgp(head):
            return "openpgp"
        if root.media == "multipart/encrypted" and len(self._parts) == 3:
            last = self._parts[2]
            return "openpgp" if is_openpgp(self._content[last.body : min(last.body + 4096, last.end)]) else ""
        return ""


def _inside(place: Place, index: int, number: int, seam: Seam, part: Part, boundary: bytes) -> Place:
    return Place(
        start=seam.start,
        end=seam.end,
        path=f"{part.path}.{number}" if part.path else str(number),
        parent=index,
        depth=place.depth + 1,
        # RFC 2046 §5.1.5: in a digest a part is a message unless it says otherwise.
        default_media="message/rfc822" if part.media == "multipart/digest" else "text/plain",
        boundaries=(*place.boundaries, boundary) if boundary else place.boundaries,
        is_frozen=place.is_frozen or part.media in ("multipart/signed", "multipart/encrypted"),
    )


def _names(kind: Structured, disposition: Structured) -> tuple[str, ...]:
    pairs = (
        *((key == "filename", value) for key, value in disposition.extended),
        *((key == "filename", value) for key, value in disposition.parameters),
        *((key == "name", value) for key, value in kind.extended),
        *((key == "name", value) for key, value in kind.parameters),
    )
    return tuple(dict.fromkeys(value for is_name, value in pairs if is_name))
