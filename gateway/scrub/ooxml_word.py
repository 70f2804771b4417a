"""Word documents: changes accepted as Word accepts them, fields that name files and people, hidden text.

Ruling text: ECMA-376 part 1 §17. Accepting (§17.13.5): what was inserted or moved here stays, what was deleted or moved
away goes, former properties go; a deleted paragraph mark joins its paragraph to the next, a deleted row or cell goes
whole. It happens in every story, text boxes and their fallbacks included, because every element is visited.

GAP: white text is not told from white-on-dark. Consequence: text hidden by its colour alone is not held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.scrub.markup import Element, short
from gateway.scrub.ooxml_part import Part, is_web, remove, unwrap
from gateway.scrub.ooxml_rules import DRAWING_ATTRIBUTES, DRAWING_DROP, Rules
from gateway.scrub.opc import Relation
from gateway.scrub.plan import Kind
from gateway.scrub.tally import Tally

_RANGES = [
    "moveFromRange",
    "moveToRange",
    "customXmlInsRange",
    "customXmlDelRange",
    "customXmlMoveFromRange",
    "customXmlMoveToRange",
]
_FORMER = ["rPr", "pPr", "sectPr", "tblPr", "tblGrid", "trPr", "tcPr", "tblPrEx", "numbering"]
_HASH = [
    "hash",
    "salt",
    "hashValue",
    "saltValue",
    "algorithmName",
    "spinCount",
    "cryptProviderType",
    "cryptAlgorithmClass",
    "cryptAlgorithmType",
    "cryptAlgorithmSid",
    "cryptSpinCount",
    "cryptProvider",
]

WORD = Rules(
    drop={
        **DRAWING_DROP,
        **dict.fromkeys(
            ("w:del", "w:moveFrom", "w:delText", "w:delInstrText", "w:cellDel", "w:cellMerge"), Kind.CHANGES
        ),
        "w:cellIns": Kind.CHANGES,
        **{f"w:{name}{edge}": Kind.CHANGES for name in _RANGES for edge in ("Start", "End")},
        **{f"w:{name}Change": Kind.CHANGES for name in _FORMER},
        **dict.fromkeys(
            ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference", "w:annotationRef"), Kind.COMMENTS
        ),
        **dict.fromkeys(
            ("w:rsids", "w:rsid", "w:docId", "w14:docId", "w15:docId", "w:nsid", "w:tmpl", "w:id"), Kind.IDS
        ),
        **dict.fromkeys(
            ("w:docVars", "w:mailMerge", "w:attachedSchema", "sl:schemaLibrary", "w:customXmlPr"), Kind.MARKS
        ),
        **dict.fromkeys(("w:alias", "w:tag", "w:dataBinding", "w15:dataBinding", "w16sdt:dataBinding"), Kind.MARKS),
        **dict.fromkeys(("w:attachedTemplate", "w:saveThroughXslt"), Kind.PATHS),
        **dict.fromkeys(("w:writeProtection", "w:permStart", "w:permEnd", "w15:person"), Kind.PEOPLE),
        **dict.fromkeys(("w:subDoc", "w:frame"), Kind.LINKS),
        **dict.fromkeys(("w:altChunk", "w:control", "w:object", "w:contentPart"), Kind.OBJECTS),
        "w:guid": Kind.IDS,
        "w:embedRegular": Kind.MARKS,
        "w:embedBold": Kind.MARKS,
        "w:embedItalic": Kind.MARKS,
        "w:embedBoldItalic": Kind.MARKS,
    },
    unwrap={
        "w:ins": Kind.CHANGES,
        "w:moveTo": Kind.CHANGES,
        "w:smartTag": Kind.MARKS,
        "w:customXml": Kind.MARKS,
    },
    attributes={
        **DRAWING_ATTRIBUTES,
        **dict.fromkeys(
            ("w:rsidR", "w:rsidRPr", "w:rsidRDefault", "w:rsidP", "w:rsidDel", "w:rsidTr", "w:rsidSect"), Kind.IDS
        ),
        **dict.fromkeys(("w14:paraId", "w14:textId", "w16cid:durableId", "w:tplc", "w:rsid"), Kind.IDS),
        **dict.fromkeys(("w:author", "w:initials", "w:userId", "w:edGrp", "w:ed"), Kind.PEOPLE),
        **dict.fromkeys(("w:date", "w16du:dateUtc"), Kind.DATES),
    },
    own={"w:documentProtection": {f"w:{name}": Kind.IDS for name in _HASH}},
)

_FIELDS = {
    **dict.fromkeys(("DDE", "DDEAUTO", "MACROBUTTON"), Kind.CODE),
    **dict.fromkeys(("LINK", "INCLUDE", "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "RD", "DATABASE"), Kind.LINKS),
    **dict.fromkeys(("USERNAME", "USERADDRESS", "USERINITIALS", "AUTHOR", "LASTSAVEDBY"), Kind.PEOPLE),
    **dict.fromkeys(("DOCVARIABLE", "DOCPROPERTY", "INFO", "KEYWORDS", "COMMENTS", "ADDIN", "PRIVATE"), Kind.MARKS),
    **dict.fromkeys(("TEMPLATE", "FILENAME"), Kind.PATHS),
}
_CONTENT = frozenset({"w:t", "w:drawing", "w:pict", "w:sym", "w:object"})
_OFF = frozenset({"0", "false", "off"})
_MARKERS = frozenset({"w:bookmarkStart", "w:bookmarkEnd", "w:proofErr", "w:commentRangeStart", "w:commentRangeEnd"})


def whole(parts: Mapping[str, Part], relations: Mapping[str, tuple[Relation, ...]], tally: Tally) -> None:
    """What no table can say: joined paragraphs, deleted rows and cells, fields, hidden runs."""
    hidden = _hidden_styles(parts)
    for part in parts.values():
        if not short(str(part.root.tag)).startswith("w:"):
            continue
        _accept(part)
        _fields(part)
        _hidden(part, hidden)
        _last_edit(part)


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _accept(part: Part) -> None:
    """Take away deleted cells, rows and paragraph marks; in reverse, so that a run of joined paragraphs ends in one."""
    for mark in reversed(part.elements("w:del", "w:moveFrom", "w:cellDel")):
        properties = mark.getparent()
        holder = properties.getparent() if properties is not None else None
        if properties is None or holder is None:
            continue
        match short(str(properties.tag)):
            case "w:trPr" | "w:tcPr" if part.strips(Kind.CHANGES):
                _take_out(holder)
            case "w:rPr" if short(str(holder.tag)) == "w:pPr" and part.strips(Kind.CHANGES):
                remove(mark)
                if (paragraph := holder.getparent()) is not None:
                    _join(paragraph)


def _take_out(element: Element) -> None:
    """Remove a row or a cell, and the table that has none left."""
    parent = element.getparent()
    remove(element)
    if parent is None or any(short(str(child.tag)) in ("w:tr", "w:tc", "w:sdt") for child in parent):
        return
    if short(str(parent.tag)) in ("w:tr", "w:tbl"):
        _take_out(parent)


def _join(paragraph: Element) -> None:
    """Move what a paragraph says to the start of the next; the surviving mark's properties win, as in Word."""
    following = paragraph.getnext()
    while following is not None and short(str(following.tag)) in _MARKERS:
        following = following.getnext()
    says = [child for child in paragraph if short(str(child.tag)) != "w:pPr"]
    if following is not None and short(str(following.tag)) == "w:p":
        start = 1 if len(following) and short(str(following[0].tag)) == "w:pPr" else 0
        for offset, child in enumerate(says):
            following.insert(start + offset, child)
        remove(paragraph)
    elif following is not None and all(short(str(child.tag)) in ("w:del", "w:moveFrom") for child in says):
        remove(paragraph)  # nothing is left of it, and something still ends the cell or the body


# ── fields ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Field:
    """A complex field while its end is still to come."""

    def __init__(self, begin: Element) -> None:
        self.skeleton = [begin]
        self.result: list[Element] = []
        self.code = ""
        self.is_result = False


def _fields(part: Part) -> None:
    for simple in part.elements("w:fldSimple"):
        code = next((value for key, value in simple.items() if short(key) == "w:instr"), "")
        if (kind := _gives_away(code)) and _strips(part, kind, code):
            _blank(kind, list(simple.iter("{*}t")))
            unwrap(simple)
    for field in _complex_fields(part):
        if (kind := _gives_away(field.code)) and _strips(part, kind, field.code):
            _blank(kind, field.result)
            for element in field.skeleton:
                remove(element)


def _strips(part: Part, kind: Kind, code: str) -> bool:
    part.tally.remember(kind, _argument(code))
    return part.strips(kind)


def _complex_fields(part: Part) -> Iterator[_Field]:
    """Fields from begin to end, inner ones first; what was never closed is given too (ECMA-376 part 1 §17.16.18)."""
    found: list[_Field] = []
    open_fields: list[_Field] = []
    for element in part.elements("w:fldChar", "w:instrText", "w:t"):
        name = short(str(element.tag))
        step = next((value for key, value in element.items() if short(key) == "w:fldCharType"), "")
        if step == "begin":
            open_fields.append(_Field(element))
        elif open_fields:
            field = open_fields[-1]
            if name == "w:t":
                if field.is_result:
                    field.result.append(element)
                continue
            field.skeleton.append(element)
            if name == "w:instrText":
                field.code += element.text or ""
            elif step == "separate":
                field.is_result = True
            elif step == "end":
                found.append(open_fields.pop())
    yield from found + open_fields


def _gives_away(code: str) -> Kind | None:
    """What a field code gives away; None for the many that give away nothing."""
    words = code.split()
    name = words[0].upper() if words else ""
    if name == "FILENAME" and not any(word.lower() == "\\p" for word in words):
        return None
    if name == "HYPERLINK":
        target = _argument(code)
        return Kind.LINKS if target and not target.startswith("\\") and not is_web(target) else None
    return _FIELDS.get(name)


def _argument(code: str) -> str:
    """A field's first argument, without its quotes and doubled backslashes."""
    rest = code.strip().partition(" ")[2].strip()
    quoted = rest.split('"')
    word = quoted[1] if len(quoted) > 2 and not quoted[0].strip() else rest.partition(" ")[0]
    return word.replace("\\\\", "\\") if ":" in word else word


def _blank(kind: Kind, result: list[Element]) -> None:
    """A path's result is the path; other fields' results are what the page says, and stay."""
    if kind is Kind.PATHS:
        for text in result:
            text.text = ""


# ── hidden text ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _value(element: Element, label: str) -> str:
    return next((value for key, value in element.items() if short(key) == label), "")


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element.iterchildren("{*}*") if short(str(child.tag)) == name), None)


def _vanishes(properties: Element | None) -> bool | None:
    """Whether run properties hide; None if they do not say. `w:val="0"` shows (ECMA-376 part 1 §17.17.4)."""
    if properties is None:
        return None
    said = [child for name in ("w:vanish", "w:specVanish") if (child := _child(properties, name)) is not None]
    return any(_value(child, "w:val") not in _OFF for child in said) if said else None


def _hidden_styles(parts: Mapping[str, Part]) -> frozenset[str]:
    """Styles that hide, by themselves or by what they are based on."""
    says: dict[str, bool | None] = {}
    based: dict[str, str] = {}
    for part in parts.values():
        if part.kind != "styles":
            continue
        for style in part.elements("w:style"):
            name = _value(style, "w:styleId")
            says[name] = _vanishes(_child(style, "w:rPr"))
            parent = _child(style, "w:basedOn")
            based[name] = _value(parent, "w:val") if parent is not None else ""
    hidden = set()
    for name in says:
        step, seen = name, set[str]()
        while says.get(step) is None and step in based and step not in seen:
            seen.add(step)
            step = based[step]
        if says.get(step):
            hidden.add(name)
    return frozenset(hidden)


def _hidden(part: Part, hidden_styles: frozenset[str]) -> None:
    """Runs with something to see that is not shown."""
    for run in part.elements("w:r"):
        if not _is_hidden(run, hidden_styles):
            continue
        if any(short(str(child.tag)) in _CONTENT and _has_body(child) for child in run) and part.strips(Kind.HIDDEN):
            remove(run)


def _has_body(element: Element) -> bool:
    return short(str(element.tag)) != "w:t" or bool((element.text or "").strip())


def _is_hidden(run: Element, hidden_styles: frozenset[str]) -> bool:
    properties = _child(run, "w:rPr")
    said = _vanishes(properties)
    if said is not None:
        return said
    if not hidden_styles:
        return False
    styles = [_child(properties, "w:rStyle")] if properties is not None else []
    paragraph = next(run.iterancestors("{*}p"), None)
    if paragraph is not None and (settings := _child(paragraph, "w:pPr")) is not None:
        styles.append(_child(settings, "w:pStyle"))
    return any(style is not None and _value(style, "w:val") in hidden_styles for style in styles)


def _last_edit(part: Part) -> None:
    """The bookmark Word keeps where the author stopped writing."""
    ids = set()
    for start in part.elements("w:bookmarkStart"):
        if _value(start, "w:name") == "_GoBack" and part.strips(Kind.HISTORY):
            ids.add(_value(start, "w:id"))
            remove(start)
    for end in part.elements("w:bookmarkEnd") if ids else []:
        if _value(end, "w:id") in ids:
            remove(end)
