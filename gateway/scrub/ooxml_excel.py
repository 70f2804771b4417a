"""Excel workbooks: hidden sheets, rows, columns and names; strings of deleted cells; path codes in headers.

Ruling text: ECMA-376 part 1 §18. Hidden things and cached sources can only be held or kept here: taking them out would
need formulas to be frozen first.

GAP: number formats that show nothing (`;;;`) and text in the colour of its cell are not found. Consequence: a value
hidden that way leaves with the workbook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.scrub import markup
from gateway.scrub.markup import short
from gateway.scrub.ooxml_part import Part, remove
from gateway.scrub.ooxml_rules import DRAWING_ATTRIBUTES, DRAWING_DROP, Rules
from gateway.scrub.opc import Relation
from gateway.scrub.plan import Kind, Place
from gateway.scrub.tally import Tally

_HASH = [
    "password",
    "workbookPassword",
    "revisionsPassword",
    "algorithmName",
    "hashValue",
    "saltValue",
    "spinCount",
    "workbookAlgorithmName",
    "workbookHashValue",
    "workbookSaltValue",
    "workbookSpinCount",
]
_HASHES = dict.fromkeys(_HASH, Kind.IDS)
_SETUP = {"codeName": Kind.MARKS}

EXCEL = Rules(
    drop={
        **DRAWING_DROP,
        **dict.fromkeys(("x15ac:absPath", "x:webPublishItems", "x:webPublishing"), Kind.PATHS),
        **dict.fromkeys(("x:fileSharing", "x:customWorkbookViews", "x:customSheetViews"), Kind.PEOPLE),
        "x:fileVersion": Kind.DEVICE,
        "xr:revisionPtr": Kind.IDS,
        **dict.fromkeys(
            ("x:smartTags", "x:smartTagPr", "x:smartTagTypes", "x:cellWatches", "x:customProperties"), Kind.MARKS
        ),
        **dict.fromkeys(("x:oleObjects", "x:controls"), Kind.OBJECTS),
    },
    attributes=DRAWING_ATTRIBUTES,
    own={
        "x:workbookPr": _SETUP,
        "x:sheetPr": _SETUP,
        "x:workbookProtection": _HASHES,
        "x:sheetProtection": _HASHES,
        "x:protectedRange": {**_HASHES, "securityDescriptor": Kind.PEOPLE},
        "x:scenario": {"user": Kind.PEOPLE, "comment": Kind.COMMENTS},
        "x:pivotCacheDefinition": {
            "refreshedBy": Kind.PEOPLE,
            "refreshedDate": Kind.DATES,
            "refreshedDateIso": Kind.DATES,
        },
        "x:table": {"comment": Kind.COMMENTS, "connectionId": Kind.LINKS},
        "x:tableColumn": {"queryTableFieldId": Kind.LINKS},
        "x:definedName": {"comment": Kind.COMMENTS, "description": Kind.COMMENTS, "help": Kind.COMMENTS},
    },
)

_TEXTS = ("x:oddHeader", "x:oddFooter", "x:evenHeader", "x:evenFooter", "x:firstHeader", "x:firstFooter")
_PATH_CODE = re.compile(r"(&&)|&Z", re.IGNORECASE)
_TRUE = frozenset({"1", "true", "on"})


def whole(parts: Mapping[str, Part], relations: Mapping[str, tuple[Relation, ...]], tally: Tally) -> None:
    """What no table can say, sheet by sheet; then the strings no sheet uses any more."""
    used: set[int] = set()
    for part in parts.values():
        match part.kind:
            case "officeDocument":
                _workbook(part)
            case "worksheet" | "chartsheet":
                _sheet(part, used)
                _notes(part, parts, relations.get(part.name, ()))
            case "table":
                _unlink_query(part)
    for part in parts.values():
        if part.kind == "sharedStrings":
            _orphans(part, used)


def _workbook(part: Part) -> None:
    sheets = [sheet for sheet in part.elements("x:sheet") if sheet.get("state", "visible") != "visible"]
    part.tally.cannot_strip(Kind.HIDDEN, Place.WORKBOOK, len(sheets))
    names = [
        name
        for name in part.elements("x:definedName")
        if name.get("hidden") in _TRUE and not (name.get("name") or "").startswith("_xlnm.")
    ]
    part.tally.cannot_strip(Kind.HIDDEN, Place.WORKBOOK, len(names))


def _sheet(part: Part, used: set[int]) -> None:
    """Hidden rows and columns, path codes; and note which shared strings the cells use."""
    hidden = 0
    for element in part.root.iter("{*}*"):
        match short(str(element.tag)):
            case "x:c":
                if element.get("t") == "s" and (value := next(element.iterchildren("{*}v"), None)) is not None:
                    used.add(_number(value.text))
            case "x:row" if len(element):
                hidden += element.get("hidden") in _TRUE or element.get("ht") == "0"
            case "x:col":
                hidden += element.get("hidden") in _TRUE or element.get("width") == "0"
    part.tally.cannot_strip(Kind.HIDDEN, Place.SHEET, hidden)
    for text in part.elements(*_TEXTS):
        plain = _PATH_CODE.sub(lambda found: found[1] or "", text.text or "")
        if plain != (text.text or "") and part.strips(Kind.PATHS):
            text.text = plain


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


def _notes(part: Part, parts: Mapping[str, Part], arrows: tuple[Relation, ...]) -> None:
    """Comments have twins in VML; form controls live in the same drawing and are objects."""
    for arrow in arrows:
        drawing = parts.get(arrow.target)
        if arrow.kind != "vmlDrawing" or drawing is None:
            continue
        types = {element.get("ObjectType") for element in drawing.elements("xo:ClientData")}
        if types == {"Note"}:
            part.drop(arrow, Kind.COMMENTS)
        elif types:
            part.tally.cannot_strip(Kind.OBJECTS, Place.DRAWING, len(types - {"Note"}))
            part.tally.cannot_strip(Kind.COMMENTS, Place.DRAWING, len(types & {"Note"}))


def _unlink_query(part: Part) -> None:
    """A table that came from a query is a plain table once the connection is gone (§18.5.1.2)."""
    if part.root.get("tableType") == "queryTable" and part.strips(Kind.LINKS):
        del part.root.attrib["tableType"]


def _orphans(part: Part, used: set[int]) -> None:
    """Strings of deleted cells: emptied, so that the places of the others stay."""
    for at, string in enumerate(list(part.root.iterchildren("{*}si"))):
        if at in used or not "".join(string.itertext()) or not part.strips(Kind.HISTORY):
            continue
        for child in list(string):
            remove(child)
        markup.add(string, str(string.tag).replace("}si", "}t"))
