"""Has it really gone? Asked in a second process: a cleaner that was taken over must not vouch for itself.

Ruling text: handbook `metadata.md` §2, "Verify three ways". Of the three, two are here:

1. Bytes: inspect the original again to learn the removed identifiers, paths and sign-in names; inflate all of the clean
   copy and look for each, in every spelling it could have.
2. Reopen: the clean copy is of the original's type and our own `inspect` finds nothing in it that the plan strips.

GAP: a second, foreign reader (ExifTool) is not asked. Consequence: evidence says "two of three".
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape

import pikepdf

from gateway.scrub import zipread
from gateway.scrub.document import Shared, survey
from gateway.scrub.plan import Action, Kind, Plan, Stuck, Window
from gateway.scrub.sniff import Type, sniff

_SHORTEST = 10
"""Shorter values stand in any file by chance; `inspect` looks for those where they would stand."""
_MOST_VALUES = 1_000


def verify(
    original: Window, cleaned: bytes, *, name: str = "", media: str = "", plan: Plan, dictionary: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """What is wrong with the clean copy, in fixed words; nothing if it may leave.

    `dictionary` holds what may stand in no document that leaves: the office's host names, share names, sign-in names.
    """
    _, values = survey(original, name=name, media=media)
    again, _ = survey(cleaned, name=name, media=media)
    problems = [f"{f.kind.value} left in {f.place.value}" for f in again.findings if _should_be_gone(f.kind, plan)]
    if again.held:
        return (f"does not reopen: {again.held.code.value}",)
    try:
        kind = sniff(cleaned, Shared().spend, media=media)
        if kind is not sniff(original, Shared().spend, media=media):
            problems.append("changed its type")
        wanted = [value for value in (*values, *dictionary) if len(value) >= _SHORTEST]
        if len(wanted) > _MOST_VALUES:
            problems.append("too many removed values to look for")
        elif _is_anywhere(wanted, _layers(cleaned, kind)):
            problems.append("a removed value is still in its bytes")
    except Stuck as stuck:
        problems.append(f"does not reopen: {stuck.held.code.value}")
    return tuple(problems)


def _should_be_gone(kind: Kind, plan: Plan) -> bool:
    return plan.action(kind) in (Action.STRIP, Action.FLATTEN, Action.HOLD)


def _is_anywhere(values: list[str], layers: Iterator[bytes]) -> bool:
    spellings = {spelling for value in values for spelling in _spellings(value)}
    return any(spelling in layer for layer in layers for spelling in spellings) if spellings else False


def _spellings(value: str) -> Iterator[bytes]:
    """The ways a text is written into files."""
    plain = value.encode("utf-8", "surrogatepass")
    yield plain
    yield value.encode("utf-16-le", "surrogatepass")
    yield value.encode("utf-16-be", "surrogatepass")
    yield quote(plain).encode("ascii")
    yield escape(value).encode("utf-8", "surrogatepass")
    yield plain.hex().encode("ascii")
    yield plain.hex().upper().encode("ascii")
    for lead in range(3):  # base64 of a text looks different at each of the three places it can begin
        encoded = base64.b64encode(bytes(lead) + plain)
        yield encoded[(0, 2, 3)[lead] : len(encoded) - (0, 4, 4)[(len(plain) + lead) % 3]]


def _layers(content: bytes, kind: Type) -> Iterator[bytes]:
    """Everything in a document, inflated."""
    match kind:
        case Type.DOCX | Type.XLSX | Type.PPTX:
            shared = Shared()
            for member in zipread.read(content).members:
                yield member.name.encode("utf-8")
                yield zipread.inflate(content, member, shared.spend)
        case Type.PDF:
            yield content
            yield from _pdf_layers(content)
        case _:
            yield content


def _pdf_layers(content: bytes) -> Iterator[bytes]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream):
                try:
                    yield item.read_bytes()
                except pikepdf.PdfError:
                    yield item.read_raw_bytes()
            if isinstance(item, pikepdf.Object):
                yield item.unparse(resolved=True)
