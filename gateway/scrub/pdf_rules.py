"""What in a PDF stays: allow-lists of keys by the kind of dictionary they stand in, and what each lost key gives away.

Ruling text: ISO 32000-1, the tables named at each list; handbook `metadata.md` §1.
"""

from __future__ import annotations

from gateway.scrub.plan import Kind


def _keys(names: str) -> frozenset[str]:
    return frozenset("/" + name for name in names.split())


CATALOG = _keys(  # table 28
    "Type Version Pages PageLabels Names Dests ViewerPreferences PageLayout PageMode Outlines OpenAction AcroForm"
    " StructTreeRoot MarkInfo Lang OutputIntents OCProperties"
)
PAGE = _keys(  # table 30
    "Type Parent Resources MediaBox CropBox BleedBox TrimBox ArtBox Contents Rotate Group Annots UserUnit StructParents"
    " Tabs Dur Trans"
)
PAGES = _keys("Type Parent Kids Count Resources MediaBox CropBox Rotate")  # table 29
IMAGE = _keys(  # table 89
    "Type Subtype Width Height ColorSpace BitsPerComponent Intent ImageMask Mask Decode Interpolate SMask SMaskInData"
    " Name StructParent OC Filter DecodeParms Length Matte"
)
FORM = _keys(  # table 95
    "Type Subtype FormType BBox Matrix Resources Group StructParent StructParents OC Name Filter DecodeParms Length"
)
LINK = _keys("Type Subtype Rect Border BS C H Dest A QuadPoints F P StructParent AP AS Contents Parent OC")  # table 173
WIDGET = _keys(  # tables 188, 220
    "Type Subtype Rect Border BS C H F P StructParent AP AS MK A Parent Kids FT T TU Ff V DV DA Q MaxLen Opt I TI Lock"
    " Contents OC"
)
OUTLINE = _keys("Type Title Parent Prev Next First Last Count Dest A SE C F")  # tables 152, 153
NAMES = _keys("Dests")  # table 31
OCG = _keys("Type Name Intent Usage")  # table 98
TRAILER = _keys("Size Root ID")

EVERYWHERE: dict[str, Kind] = {  # keys that go from any dictionary
    "/Metadata": Kind.MARKS,
    "/PieceInfo": Kind.MARKS,
    "/LastModified": Kind.DATES,
    "/Thumb": Kind.THUMBNAILS,
    "/OPI": Kind.PATHS,
    "/Measure": Kind.LOCATION,
    "/PtData": Kind.LOCATION,
    "/LGIDict": Kind.LOCATION,
    "/AF": Kind.ATTACHED,
    "/AA": Kind.CODE,
    "/JS": Kind.CODE,
    "/CreatorInfo": Kind.PEOPLE,
    "/Private": Kind.MARKS,
}
LOST: dict[str, Kind] = {  # what a key that is on no allow-list gives away, where it is more than a mark
    **EVERYWHERE,
    "/Info": Kind.MARKS,
    "/Collection": Kind.ATTACHED,
    "/SpiderInfo": Kind.PATHS,
    "/URI": Kind.PATHS,
    "/ID": Kind.IDS,
    "/NM": Kind.IDS,
    "/M": Kind.DATES,
    "/CreationDate": Kind.DATES,
    "/JavaScript": Kind.CODE,
    "/EmbeddedFiles": Kind.ATTACHED,
    "/Renditions": Kind.OBJECTS,
    "/Templates": Kind.HIDDEN,
    "/Prev": Kind.HISTORY,
}
INFO: dict[str, Kind] = {  # table 317
    "/Author": Kind.PEOPLE,
    "/Creator": Kind.DEVICE,
    "/Producer": Kind.DEVICE,
    "/CreationDate": Kind.DATES,
    "/ModDate": Kind.DATES,
}
ANNOTATIONS: dict[str, Kind] = {  # subtypes that are neither links nor form fields nor comments
    "/FileAttachment": Kind.ATTACHED,
    "/Sound": Kind.OBJECTS,
    "/Movie": Kind.OBJECTS,
    "/Screen": Kind.OBJECTS,
    "/3D": Kind.OBJECTS,
    "/RichMedia": Kind.OBJECTS,
    "/Redact": Kind.HIDDEN,
    "/PrinterMark": Kind.MARKS,
    "/TrapNet": Kind.MARKS,
}
ACTIONS: dict[str, Kind] = {  # table 198; those not here only move about in the document
    "/JavaScript": Kind.CODE,
    "/Launch": Kind.CODE,
    "/SubmitForm": Kind.CODE,
    "/ImportData": Kind.CODE,
    "/Rendition": Kind.CODE,
    "/Movie": Kind.CODE,
    "/Sound": Kind.CODE,
    "/RichMediaExecute": Kind.CODE,
    "/GoToR": Kind.LINKS,
    "/GoToE": Kind.LINKS,
    "/Thread": Kind.LINKS,
}
