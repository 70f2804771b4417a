"""What in an Office package stays, goes or waits, as tables: by relationship, by element, by attribute.

Ruling text: handbook `metadata.md` §1; ECMA-376 part 1. Names are `markup.short` names, so that Transitional and Strict
share a row. A relationship in no table is unknown: its part is dropped if it is a leaf, else the document waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.scrub.plan import Kind, Place

STORIES: dict[str, Place] = {  # parts that are XML, are followed, and are cleaned
    "officeDocument": Place.BODY,
    "styles": Place.STYLES,
    "stylesWithEffects": Place.STYLES,
    "tableStyles": Place.STYLES,
    "settings": Place.SETTINGS,
    "webSettings": Place.SETTINGS,
    "presProps": Place.SETTINGS,
    "viewProps": Place.SETTINGS,
    "fontTable": Place.STYLES,
    "numbering": Place.STYLES,
    "theme": Place.STYLES,
    "themeOverride": Place.STYLES,
    "footnotes": Place.NOTES,
    "endnotes": Place.NOTES,
    "header": Place.HEADERS,
    "footer": Place.HEADERS,
    "glossaryDocument": Place.PARTS,
    "chart": Place.DRAWING,
    "chartUserShapes": Place.DRAWING,
    "chartStyle": Place.DRAWING,
    "chartColorStyle": Place.DRAWING,
    "diagramData": Place.DRAWING,
    "diagramLayout": Place.DRAWING,
    "diagramQuickStyle": Place.DRAWING,
    "diagramColors": Place.DRAWING,
    "diagramDrawing": Place.DRAWING,
    "drawing": Place.DRAWING,
    "vmlDrawing": Place.DRAWING,
    "worksheet": Place.SHEET,
    "chartsheet": Place.SHEET,
    "sharedStrings": Place.WORKBOOK,
    "calcChain": Place.WORKBOOK,
    "sheetMetadata": Place.WORKBOOK,
    "table": Place.SHEET,
    "pivotTable": Place.SHEET,
    "pivotCacheDefinition": Place.WORKBOOK,
    "slide": Place.SLIDE,
    "slideLayout": Place.SLIDE,
    "slideMaster": Place.SLIDE,
    "notesSlide": Place.NOTES,
    "notesMaster": Place.NOTES,
    "handoutMaster": Place.NOTES,
}
PROPERTIES = frozenset(  # the latter two are what ISO/IEC 29500 Strict calls them
    {"core-properties", "extended-properties", "custom-properties", "extendedProperties", "customProperties"}
)
PICTURES = frozenset({"image"})
STRIPPED: dict[str, Kind] = {  # the arrow goes, and the part with it
    "thumbnail": Kind.THUMBNAILS,
    "classificationlabels": Kind.MARKS,
    "customXml": Kind.MARKS,
    "customXmlProps": Kind.MARKS,
    "xmlMaps": Kind.MARKS,
    "font": Kind.MARKS,
    "printerSettings": Kind.DEVICE,
    "customProperty": Kind.MARKS,
    "tags": Kind.MARKS,
    "comments": Kind.COMMENTS,
    "commentsExtended": Kind.COMMENTS,
    "commentsExtensible": Kind.COMMENTS,
    "commentsIds": Kind.COMMENTS,
    "commentAuthors": Kind.COMMENTS,
    "authors": Kind.COMMENTS,
    "people": Kind.PEOPLE,
    # Excel's threads and who is in them: no table cleans these, and the old comments beside them say the same.
    "threadedComment": Kind.MARKS,
    "person": Kind.MARKS,
    "usernames": Kind.PEOPLE,
    "revisionHeaders": Kind.CHANGES,
    "revisionLog": Kind.CHANGES,
    "revisionInfo": Kind.HISTORY,
    "changesInfo": Kind.HISTORY,
    "attachedTemplate": Kind.PATHS,
    "mailMergeSource": Kind.PATHS,
    "mailMergeHeaderSource": Kind.PATHS,
    "recipientData": Kind.PEOPLE,
    "transform": Kind.PATHS,
    "connections": Kind.LINKS,
    "queryTable": Kind.LINKS,
    "hdphoto": Kind.CROPS,
    "package": Kind.SOURCES,
    "vbaProject": Kind.CODE,
    "wordVbaData": Kind.CODE,
    "keyMapCustomizations": Kind.CODE,
    "attachedToolbars": Kind.CODE,
    "extensibility": Kind.CODE,
    "ui": Kind.CODE,
    "webextension": Kind.CODE,
    "webextensiontaskpanes": Kind.CODE,
    "oleObject": Kind.OBJECTS,
    "control": Kind.OBJECTS,
    "activeXControlBinary": Kind.OBJECTS,
    "ctrlProp": Kind.OBJECTS,
    "aFChunk": Kind.OBJECTS,
}
ONLY_HELD: dict[str, Kind] = {  # taking them out needs more than dropping a part: formulas frozen, tables rebuilt
    "externalLink": Kind.SOURCES,
    "pivotCacheRecords": Kind.SOURCES,
    "slicer": Kind.SOURCES,
    "slicerCache": Kind.SOURCES,
    "timeline": Kind.SOURCES,
    "timelineCache": Kind.SOURCES,
    "powerPivotData": Kind.SOURCES,
    "rdRichValue": Kind.SOURCES,
    "rdRichValueStructure": Kind.SOURCES,
    "rdRichValueTypes": Kind.SOURCES,
    "xlMacrosheet": Kind.CODE,
    "xlIntlMacrosheet": Kind.CODE,
    "dialogsheet": Kind.CODE,
}
SIGNATURES = frozenset({"origin", "signature"})

KEEP_ELEMENT, UNWRAP = "keep", "unwrap"
DANGLING: dict[str, str] = {  # when a reference goes: the element it stands on goes too, but for these
    "a:blip": KEEP_ELEMENT,
    "v:imagedata": KEEP_ELEMENT,
    "v:fill": KEEP_ELEMENT,
    "x:pageSetup": KEEP_ELEMENT,
    "x:pivotCacheDefinition": KEEP_ELEMENT,
    "x:worksheetSource": KEEP_ELEMENT,
    "p:sldMasterId": KEEP_ELEMENT,
    "w:hyperlink": UNWRAP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One application's tables of elements and attributes."""

    drop: Mapping[str, Kind]
    unwrap: Mapping[str, Kind] = field(default_factory=dict)
    attributes: Mapping[str, Kind] = field(default_factory=dict)
    """Attributes that go wherever they stand."""
    own: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    """Attributes that go from one element."""


PROPERTY_KINDS: dict[str, Kind] = {
    "creator": Kind.PEOPLE,
    "lastModifiedBy": Kind.PEOPLE,
    "Company": Kind.PEOPLE,
    "Manager": Kind.PEOPLE,
    "created": Kind.DATES,
    "modified": Kind.DATES,
    "lastPrinted": Kind.DATES,
    "Template": Kind.PATHS,
    "HyperlinkBase": Kind.PATHS,
    "Application": Kind.DEVICE,
    "AppVersion": Kind.DEVICE,
}

DRAWING_DROP: dict[str, Kind] = {
    "a16:creationId": Kind.IDS,
    "a16:rowId": Kind.IDS,
    "a16:colId": Kind.IDS,
    "a16:predDERef": Kind.IDS,
    "c16:uniqueId": Kind.IDS,
    "c16:uniqueID": Kind.IDS,
    "a14:imgProps": Kind.CROPS,
    "thm15:themeFamily": Kind.MARKS,
    "o:OLEObject": Kind.OBJECTS,
}
DRAWING_ATTRIBUTES: dict[str, Kind] = {
    "o:gfxdata": Kind.MARKS,
    "o:title": Kind.MARKS,
    "o:href": Kind.LINKS,
    "o:althref": Kind.LINKS,
    "o:spid": Kind.IDS,
    "wp14:anchorId": Kind.IDS,
    "wp14:editId": Kind.IDS,
}
