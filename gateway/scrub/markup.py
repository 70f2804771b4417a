"""XML read without DOCTYPE, entities, network or bombs; and short names for the vocabularies of Office Open XML.

`short` writes a name as prefix and local part, the same for Transitional (ECMA-376) and Strict (ISO/IEC 29500), so that
a rule is written once. A name from a vocabulary nobody here knows has no short form: the empty text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from lxml import etree  # type: ignore[import-untyped]  # it ships no types; no other module imports it

from gateway.scrub.plan import Code, Place, Stuck

Element: TypeAlias = etree._Element

DEEPEST: Final = 256
_TOO_DEEP: Final = etree.XPath("boolean(" + "/*" * (DEEPEST + 1) + ")")
_ENCODINGS: Final = frozenset({"UTF-8", "UTF8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ASCII"})

_OPEN: Final = "schemas.openxmlformats.org/"
_STRICT: Final = "purl.oclc.org/ooxml/"
_MICROSOFT: Final = "schemas.microsoft.com/office/"

_BOTH: Final = (  # Transitional has the year, Strict has not
    ("w", "wordprocessingml/2006/main"),
    ("x", "spreadsheetml/2006/main"),
    ("p", "presentationml/2006/main"),
    ("a", "drawingml/2006/main"),
    ("wp", "drawingml/2006/wordprocessingDrawing"),
    ("xdr", "drawingml/2006/spreadsheetDrawing"),
    ("c", "drawingml/2006/chart"),
    ("cdr", "drawingml/2006/chartDrawing"),
    ("dgm", "drawingml/2006/diagram"),
    ("pic", "drawingml/2006/picture"),
    ("lc", "drawingml/2006/lockedCanvas"),
    ("r", "officeDocument/2006/relationships"),
    ("m", "officeDocument/2006/math"),
    ("vt", "officeDocument/2006/docPropsVTypes"),
    ("ep", "officeDocument/2006/extended-properties"),
    ("cust", "officeDocument/2006/custom-properties"),
    ("sl", "schemaLibrary/2006/main"),
)
_OURS: Final = {  # "+" is for known vocabularies nobody writes a rule for
    _OPEN: (
        ("mc", "markup-compatibility/2006"),
        ("rel", "package/2006/relationships"),
        ("ct", "package/2006/content-types"),
        ("cp", "package/2006/metadata/core-properties"),
        ("+", "drawingml/2006/compatibility"),
    ),
    _MICROSOFT: (
        ("w14", "word/2010/wordml"),
        ("w15", "word/2012/wordml"),
        ("w16", "word/2018/wordml"),
        ("w16cid", "word/2016/wordml/cid"),
        ("w16du", "word/2023/wordml/word16du"),
        ("w16cex", "word/2018/wordml/cex"),
        ("w16se", "word/2015/wordml/symex"),
        ("w16sdt", "word/2020/wordml/sdtdatahash"),
        ("wne", "word/2006/wordml"),
        ("wp14", "word/2010/wordprocessingDrawing"),
        ("wps", "word/2010/wordprocessingShape"),
        ("wpg", "word/2010/wordprocessingGroup"),
        ("wpc", "word/2010/wordprocessingCanvas"),
        ("wpi", "word/2010/wordprocessingInk"),
        ("a14", "drawing/2010/main"),
        ("a15", "drawing/2012/main"),
        ("a16", "drawing/2014/main"),
        ("asvg", "drawing/2016/SVG/main"),
        ("+", "drawing/2016/11/main"),
        ("+", "drawing/2017/decorative"),
        ("+", "drawing/2018/hyperlinkcolor"),
        ("+", "drawing/2007/8/2/chart"),
        ("+", "drawing/2012/chart"),
        ("c16", "drawing/2014/chart"),
        ("+", "drawing/2014/chart/ac"),
        ("+", "drawing/2015/06/chart"),
        ("+", "drawing/2017/03/chart"),
        ("+", "drawing/2008/diagram"),
        ("+", "drawing/2010/diagram"),
        ("+", "drawing/2012/chartStyle"),
        ("thm15", "thememl/2012/main"),
        ("p14", "powerpoint/2010/main"),
        ("p15", "powerpoint/2012/main"),
        ("p16", "powerpoint/2015/main"),
        ("p188", "powerpoint/2018/8/main"),
        ("x14", "spreadsheetml/2009/9/main"),
        ("x14ac", "spreadsheetml/2009/9/ac"),
        ("x15", "spreadsheetml/2010/11/main"),
        ("x15ac", "spreadsheetml/2010/11/ac"),
        ("x16r2", "spreadsheetml/2015/02/main"),
        ("xr", "spreadsheetml/2014/revision"),
        ("xr", "spreadsheetml/2015/revision2"),
        ("xr", "spreadsheetml/2016/revision3"),
        ("xr", "spreadsheetml/2016/revision5"),
        ("xr", "spreadsheetml/2016/revision6"),
        ("xr", "spreadsheetml/2016/revision9"),
        ("xr", "spreadsheetml/2016/revision10"),
        ("xda", "spreadsheetml/2017/dynamicarray"),
        ("+", "spreadsheetml/2018/calcfeatures"),
        ("xm", "excel/2006/main"),
    ),
    "urn:schemas-microsoft-com:": (
        ("v", "vml"),
        ("o", "office:office"),
        ("w10", "office:word"),
        ("xo", "office:excel"),
        ("pvml", "office:powerpoint"),
    ),
    "www.w3.org/": (("xml", "XML/1998/namespace"),),
    "purl.org/": (("dc", "dc/elements/1.1/"), ("dcterms", "dc/terms/")),
}
_PREFIXES: Final = {
    **{_OPEN + path: prefix for prefix, path in _BOTH},
    **{_STRICT + path.replace("2006/", ""): prefix for prefix, path in _BOTH},
    **{root + path: prefix for root, rows in _OURS.items() for prefix, path in rows},
}


def parse(content: bytes, place: Place) -> Element:
    """The root of `content`; raises `Stuck` for what is not plain, well-formed, shallow XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False)
    narrow = content.replace(b"\x00", b"") if b"\x00" in content[:4] else content  # UTF-16, with a mark or without
    if b"<!DOCTYPE" in narrow:
        raise Stuck(Code.DAMAGED, place)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Stuck(Code.LIMIT if "depth" in str(error) else Code.DAMAGED, place) from None
    information = root.getroottree().docinfo
    if information.doctype or (information.encoding or "UTF-8").upper() not in _ENCODINGS:
        raise Stuck(Code.DAMAGED, place)
    if _TOO_DEEP(root):
        raise Stuck(Code.LIMIT, place)
    return root


def serialise(root: Element) -> bytes:
    """UTF-8 with a declaration, without what stood before or after the root."""
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)
    return content


def add(parent: Element, name: str) -> None:
    """Append an empty element of a full name."""
    etree.SubElement(parent, name)


def forget_spaces(root: Element, keep: set[str]) -> None:
    """Take out declarations no name uses any more, but for the prefixes in `keep`."""
    etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(keep))


@lru_cache(maxsize=8192)
def short(name: str) -> str:
    """`prefix:local` for a known vocabulary, the bare name for a name without one, an empty text for an unknown one."""
    if name[:1] != "{":
        return name
    space, _, local = name[1:].partition("}")
    prefix = _PREFIXES.get(space.removeprefix("http://"), "")
    return f"{prefix}:{local}" if prefix else ""


@lru_cache(maxsize=1024)
def full(name: str) -> tuple[str, ...]:
    """The full names a short one stands for."""
    prefix, _, local = name.partition(":")
    spaces = (
        path if path.startswith("urn:") else "http://" + path for path, known in _PREFIXES.items() if known == prefix
    )
    return tuple(f"{{{space}}}{local}" for space in spaces)


def is_known(space: str) -> bool:
    """Whether a vocabulary is on the list."""
    return space.removeprefix("http://") in _PREFIXES
