"""Has it really gone? Asked in a second process: a cleaner that was taken over must not vouch for itself.

Ruling text: handbook `metadata.md` §2, "Verify three ways". Of the three, two are here:

1. Bytes: inspect the original again to learn the removed identifiers, paths and sign-in names; inflate all of the clean
   copy and look for each, in every spelling it could have.
2. Reopen: the clean copy is of the original's type and our own `inspect` finds nothing in it that the plan strips.

Both look into what the plan keeps: a comment that may stay must still not name its author. A removed value may stand
inside a value the plan keeps, and nowhere else.

GAP: a second, foreign reader (ExifTool) is not asked. Consequence: evidence says "two of three".
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape

import pikepdf

from gateway.scrub import zipread
from gateway.scrub.document import Shared, survey
from gateway.scrub.families import NAMES
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
    before = survey(original, name=name, media=media, plan=plan)
    again = survey(cleaned, name=name, media=media, plan=plan).inspection
    if again.held:
        return (f"does not reopen: {again.held.code.value}",)
    problems: list[str] = []
    try:
        kind = sniff(cleaned, Shared().spend, media=media)
        said = plan.within(NAMES[kind])
        problems += (f"{f.kind.value} left in {f.place.value}" for f in again.findings if _should_be_gone(f.kind, said))
        if kind is not sniff(original, Shared().spend, media=media):
            problems.append("changed its type")
        removed, never = _worth_a_look(before.removed), _worth_a_look(dictionary)
        if len(removed) + len(never) > _MOST_VALUES:
            problems.append("too many removed values to look for")
        elif (removed or never) and _is_left(removed, never, before.kept, _layers(cleaned, kind)):
            problems.append("a removed value is still in its bytes")
    except Stuck as stuck:
        problems.append(f"does not reopen: {stuck.held.code.value}")
    return tuple(problems)


def _should_be_gone(kind: Kind, plan: Plan) -> bool:
    return plan.action(kind) in (Action.STRIP, Action.FLATTEN, Action.HOLD)


def _worth_a_look(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value in values if len(value) >= _SHORTEST)


def _is_left(removed: tuple[str, ...], never: tuple[str, ...], kept: Iterable[str], layers: Iterator[bytes]) -> bool:
    """Whether a layer holds any of the words, but for a removed one that is there as part of what the plan keeps."""
    gone, banned = _all_spellings(removed), _all_spellings(never)
    return any(
        any(spelling in layer for spelling in banned)
        or any(spelling in layer and not _is_kept(spelling, kept, layer) for spelling in gone)
        for layer in layers
    )


def _is_kept(spelling: bytes, kept: Iterable[str], layer: bytes) -> bool:
    """Whether a spelling stands nowhere in the layer but inside a value the plan keeps."""
    around = [(whole, lead) for whole in _all_spellings(kept) for lead in _places(spelling, whole)]
    return all(
        any(at >= lead and layer.startswith(whole, at - lead) for whole, lead in around)
        for at in _places(spelling, layer)
    )


def _places(spelling: bytes, layer: bytes) -> Iterator[int]:
    at = layer.find(spelling)
    while at >= 0:
        yield at
        at = layer.find(spelling, at + 1)


def _all_spellings(values: Iterable[str]) -> set[bytes]:
    return {spelling for value in values for spelling in _spellings(value)}


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
