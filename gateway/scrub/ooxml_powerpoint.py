"""PowerPoint presentations: speaker notes, hidden slides, invisible shapes and shapes beside the slide.

Ruling text: ECMA-376 part 1 §19 and [MS-PPTX]. Notes can be stripped; a hidden slide can only be held or kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.scrub.markup import Element, short
from gateway.scrub.ooxml_part import Part, remove
from gateway.scrub.ooxml_rules import DRAWING_ATTRIBUTES, DRAWING_DROP, Rules
from gateway.scrub.opc import Relation
from gateway.scrub.plan import Kind, Place
from gateway.scrub.tally import Tally

POWERPOINT = Rules(
    drop={
        **DRAWING_DROP,
        **dict.fromkeys(("p14:creationId", "p14:modId", "p14:browseMode"), Kind.IDS),
        **dict.fromkeys(("p:custDataLst", "p:tags", "p14:sectionLst", "p14:sectionPr", "p:smartTags"), Kind.MARKS),
        "p:modifyVerifier": Kind.IDS,
        "p:embeddedFontLst": Kind.MARKS,
        "p:controls": Kind.OBJECTS,
        "p:oleObj": Kind.OBJECTS,
        "p15:presenceInfo": Kind.PEOPLE,
    },
    attributes=DRAWING_ATTRIBUTES,
    own={"p:presentation": {"bookmarkIdSeed": Kind.IDS}},
)
_FALSE = frozenset({"0", "false"})
_TRUE = frozenset({"1", "true"})
_DEFAULT_SIZE = (9_144_000, 6_858_000)


def whole(parts: Mapping[str, Part], relations: Mapping[str, tuple[Relation, ...]], tally: Tally) -> None:
    """What no table can say."""
    width, height = _size(parts)
    for part in parts.values():
        if part.kind == "slide":
            _slide(part, width, height)
            _notes(part, parts, relations.get(part.name, ()))


def _size(parts: Mapping[str, Part]) -> tuple[int, int]:
    for part in parts.values():
        for size in part.elements("p:sldSz") if part.kind == "officeDocument" else []:
            return _number(size.get("cx")), _number(size.get("cy"))
    return _DEFAULT_SIZE


def _number(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        return 0


def _slide(part: Part, width: int, height: int) -> None:
    """Is the slide hidden; and does it hold shapes nobody sees?"""
    if part.root.get("show") in _FALSE:
        part.tally.cannot_strip(Kind.HIDDEN, Place.SLIDE)
    for properties in part.elements("p:cNvPr"):
        shape = _shape(properties)
        is_unseen = shape is not None and (properties.get("hidden") in _TRUE or _is_beside(shape, width, height))
        if is_unseen and part.strips(Kind.HIDDEN):
            remove(shape)


def _shape(properties: Element) -> Element | None:
    """The shape a cNvPr describes; None for the slide's own tree."""
    inner = properties.getparent()
    shape = inner.getparent() if inner is not None else None
    return None if shape is None or short(str(shape.tag)) == "p:spTree" else shape


def _is_beside(shape: Element, width: int, height: int) -> bool:
    """Wholly outside the slide; shapes inside a group are measured by the group."""
    parent = shape.getparent()
    if parent is None or short(str(parent.tag)) != "p:spTree":
        return False
    for properties in shape.iterchildren("{*}spPr", "{*}grpSpPr", "{*}xfrm"):
        offset, extent = next(properties.iter("{*}off"), None), next(properties.iter("{*}ext"), None)
        if offset is None or extent is None or extent.get("cx") is None:
            continue
        left, top = _number(offset.get("x")), _number(offset.get("y"))
        right, bottom = left + _number(extent.get("cx")), top + _number(extent.get("cy"))
        return left >= width or top >= height or right <= 0 or bottom <= 0
    return False


def _notes(part: Part, parts: Mapping[str, Part], arrows: tuple[Relation, ...]) -> None:
    """Speaker notes with anything written in them."""
    for arrow in arrows:
        notes = parts.get(arrow.target)
        if arrow.kind == "notesSlide" and notes is not None and _is_written(notes):
            part.drop(arrow, Kind.NOTES)


def _is_written(notes: Part) -> bool:
    """Slide numbers and dates are fields (`a:fld`) and nobody's notes."""
    return any((run.text or "").strip() for run in notes.root.iter("{*}t") if not _is_field(run))


def _is_field(text: Element) -> bool:
    parent = text.getparent()
    return parent is not None and short(str(parent.tag)) == "a:fld"
