"""Which header fields leave, and in what words (handbook `email.md` "Headers that leave", `metadata.md` §1).

An allow-list: a field nobody has thought of stays here. What is dropped is counted by kind, never by name or value, for
a field's name can be a user's text too. Field bodies that leave are slices of the original, but for the few rewritten
here: Date (to UTC), Message-IDs of inner hosts, Message-ID and Subject (when the plan says so) and every Content-*
field.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

from gateway.facts import Removed
from gateway.scrub.messageid import MessageIds
from gateway.skeleton import Field, Octets, Part

LEAVES = frozenset(
    (
        "date",
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "subject",
        "message-id",
        "in-reply-to",
        "references",
        "auto-submitted",
        "importance",
    )
)

# Kinds are the classes of `rules/metadata.toml`; what is not listed counts as "marks".
_KINDS = {
    "received": "device",
    "x-mailer": "device",
    "user-agent": "device",
    "x-originating-ip": "location",
    "bcc": "people",
    "resent-bcc": "people",
    "organization": "people",
    "thread-index": "ids",
    "thread-topic": "history",
    "date": "dates",
    "message-id": "ids",
    "content-id": "ids",
    "content-description": "names",
    "content-location": "paths",
}
_OF_IDS = frozenset(("message-id", "in-reply-to", "references"))
_REWRITTEN = frozenset(("mime-version", "content-type", "content-transfer-encoding", "content-disposition"))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DATE = re.compile(
    r"\s*(?:[A-Za-z]{3},)?\s*(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s+"
    r"(?:([+-])(\d{2})(\d{2})|(UTC?|GMT|Z))\s*(?:\([^()]{0,60}\))?\s*"
)
_UNKNOWN_MEDIA = "application/octet-stream"
_PLAIN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+")  # RFC 2045 §5.1 token, without what RFC 2231 reads
_KEPT_PARAMETERS = frozenset(("format", "delsp", "type", "micalg", "protocol", "report-type", "method", "smime-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a part will look: its media type, charset, boundary, transfer encoding, file name, Content-ID and the part of
    a `multipart/related` that starts; empty where none."""

    media: str
    charset: str
    boundary: str
    encoding: str
    name: str
    content_id: str = ""
    start: str = ""


class Tally:
    """Counts what was removed, by kind and place."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, place: str) -> None:
        """One more."""
        self._counts[kind, place] += 1

    def removed(self) -> tuple[Removed, ...]:
        """The counts as facts, in a fixed order."""
        return tuple(Removed(kind=k, place=p, count=n) for (k, p), n in sorted(self._counts.items()))


def kept_fields(
    original: Octets,
    fields: Iterable[Field],
    rewritten: dict[str, str],
    keep: tuple[str, ...],
    ids: MessageIds | None,
    tally: Tally,
) -> bytes:
    """The fields of a message that leave, without MIME-Version and Content-*.

    `rewritten` gives new bodies for some names; an empty one drops the field. `keep` are further names, lower case,
    that a rule lets out. Message-IDs go through `ids`.
    """
    lines: list[bytes] = []
    for field in fields:
        if field.name in _REWRITTEN:
            continue
        if field.name not in LEAVES and (field.name not in keep or field.name in ("bcc", "resent-bcc")):
            tally.add(_KINDS.get(field.name, "marks"), "header")
        elif field.name in rewritten:
            tally.add(_KINDS.get(field.name, "names"), "header")
            lines.append(_field(field.name, rewritten[field.name]) if rewritten[field.name] else b"")
        elif field.name == "date":
            lines.append(_date(original[field.value : field.end], tally))
        elif ids is not None and field.name in _OF_IDS:
            lines.append(_mapped(original[field.start : field.end], ids, tally))
        else:
            lines.append(_canonical(original[field.start : field.end]))
    return b"".join(lines)


def content_fields(original: Octets, part: Part, shape: Shape, tally: Tally) -> bytes:
    """The Content-* fields of a part, made anew: what the body needs to be read, and one clean file name."""
    parameters = [(key, value) for key, value in part.parameters if key in _KEPT_PARAMETERS]
    made = (("start", shape.start), ("charset", shape.charset), ("boundary", shape.boundary))
    parameters += [(key, value) for key, value in made if value]
    lines = [_parameterised("Content-Type", shape.media if "/" in shape.media else _UNKNOWN_MEDIA, parameters)]
    if shape.encoding in ("8bit", "binary", "quoted-printable", "base64"):
        lines.append(_field("content-transfer-encoding", shape.encoding))
    name = clean_name(shape.name) if shape.name else ""
    if part.disposition or name:
        kind = part.disposition if part.disposition in ("inline", "attachment") else "attachment"
        lines.append(_parameterised("Content-Disposition", kind, [("filename", name)] if name else []))
    if part.names not in ((), (name,)):
        tally.add("names", "attachment")
    if shape.content_id:
        lines.append(_field("content-id", f"<{shape.content_id}>"))
    for field in part.fields:
        is_new = field.name == "content-id" and lines[-1].strip() == original[field.start : field.end].strip()
        if field.name.startswith("content-") and field.name not in _REWRITTEN and not is_new:
            tally.add(_KINDS.get(field.name, "marks"), "part")
    return b"".join(lines)


def utc_date(text: str) -> str | None:
    """RFC 5322 §3.3 in UTC, so that it does not tell where the sender sits; None if it cannot be read."""
    found = _DATE.fullmatch(text)
    if not found or found[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[i] or 0) for i in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
    try:
        zone = timezone(-offset if found[7] == "-" else offset)
        month = _MONTHS.index(found[2].lower()) + 1
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1].title()} {at.year} {at:%H:%M:%S} +0000"


_UNSAFE_IN_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u2028\u2029]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def clean_name(untrusted: str) -> str:
    """A file name that every system shows and stores alike: no path, stream, control, direction or reserved name."""
    name = unicodedata.normalize("NFC", untrusted)
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn"))
    name = _UNSAFE_IN_NAME.sub("_", name).strip(" .")
    if not name:
        return "attachment"
    if _RESERVED.fullmatch(name):
        name = "_" + name
    stem, dot, ending = name.rpartition(".")
    if len(name) > 120:
        name = f"{stem[:100]}{dot}{ending[:19]}" if dot and len(ending) < 20 else name[:120]
    return name


def _date(body: bytes, tally: Tally) -> bytes:
    """In UTC; one that cannot be read is dropped, and the plan's own stands in its place."""
    text = body.decode("ascii", "replace").replace("\r\n", "")
    utc = utc_date(text)
    if utc is None or text.strip() != utc:
        tally.add("dates", "header")
    return _field("date", utc) if utc else b""


def _mapped(field: bytes, ids: MessageIds, tally: Tally) -> bytes:
    mapped = ids.rewritten(field)
    if mapped != field:
        tally.add("ids", "header")
    return _canonical(mapped)


def _field(name: str, body: str) -> bytes:
    title = "-".join(word.upper() if word in ("id", "mime") else word.title() for word in name.split("-"))
    return f"{title}: {body}\r\n".encode("ascii")


def _canonical(field: bytes) -> bytes:
    return field if field.endswith(b"\r\n") else field + b"\r\n"


def _parameterised(title: str, value: str, parameters: list[tuple[str, str]]) -> bytes:
    """One parameter a line, so that no line grows long."""
    lines = [f"{title}: {value}", *(f" {_parameter(name, text)}" for name, text in parameters)]
    return (";\r\n".join(lines) + "\r\n").encode("ascii")


def _parameter(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    if value.isascii() and value.isprintable():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name}="{escaped}"'
    # RFC 2231 §4; §3's continuations are not needed: 120 characters stay below a line's 998 bytes.
    return f"{name}*=utf-8''{quote(value, safe='')}"
