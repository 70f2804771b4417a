"""Office packages as raw XML and raw zip: the frame that the Word, Excel and PowerPoint files share."""

from __future__ import annotations

import io
import zipfile

from tests.corpus.canary import Dirty, filled

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
MS = "http://schemas.microsoft.com/office"

CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
    "<dc:title>@1.core-title@</dc:title><dc:subject>@1.core-subject@</dc:subject><dc:creator>@1.core-creator@</dc:creator>"
    "<cp:keywords>@1.core-keywords@</cp:keywords><dc:description>@1.core-description@</dc:description>"
    "<cp:lastModifiedBy>@1.core-modifier@</cp:lastModifiedBy><cp:category>@1.core-category@</cp:category>"
    "</cp:coreProperties>"
)
APP = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Template>@1.app-template@</Template><Company>@1.app-company@</Company><Manager>@1.app-manager@</Manager>"
    "<Application>@1.app-program@</Application><HyperlinkBase>@1.app-base@</HyperlinkBase></Properties>"
)
CUSTOM = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
    ' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
    '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="@1.custom-name@">'
    "<vt:lpwstr>@1.custom-value@</vt:lpwstr></property></Properties>"
)
LABELS = f'<clbl:labelList xmlns:clbl="{MS}/2020/mipLabelMetadata"><clbl:label id="@1.label@"/></clbl:labelList>'
THEME = (
    '<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Office"><a:themeElements>'
    '<a:clrScheme name="Office"/><a:fontScheme name="Office"/><a:fmtScheme name="Office"/></a:themeElements></a:theme>'
)
FRAME_RELS = (
    ("rIdA", f"{RELS}/metadata/core-properties", "docProps/core.xml"),
    ("rIdB", f"{DOC}/extended-properties", "docProps/app.xml"),
    ("rIdC", f"{DOC}/custom-properties", "docProps/custom.xml"),
    ("rIdD", f"{RELS}/metadata/thumbnail", "docProps/thumbnail.jpeg"),
    ("rIdE", f"{MS}/2020/02/relationships/classificationlabels", "docMetadata/LabelInfo.xml"),
)
FRAME = {
    "docProps/core.xml": CORE,
    "docProps/app.xml": APP,
    "docProps/custom.xml": CUSTOM,
    "docProps/thumbnail.jpeg": "@2.thumbnail@",
    "docMetadata/LabelInfo.xml": LABELS,
}


def rels(*rows: tuple[str, str, str]) -> str:
    """A relationships part; a target that begins with `!` is outside."""
    body = "".join(
        f'<Relationship Id="{ident}" Type="{kind}" Target="{target.lstrip("!")}"'
        + (' TargetMode="External"/>' if target.startswith("!") else "/>")
        for ident, kind, target in rows
    )
    return f'{HEAD}<Relationships xmlns="{RELS}">{body}</Relationships>'


def types(overrides: dict[str, str], defaults: dict[str, str]) -> str:
    """The content types part."""
    body = "".join(f'<Default Extension="{k}" ContentType="{v}"/>' for k, v in defaults.items())
    body += "".join(f'<Override PartName="/{k}" ContentType="{v}"/>' for k, v in overrides.items())
    return f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{body}</Types>'


def package(parts: dict[str, str | bytes]) -> Dirty:
    """The zip, with times and an archive comment of its own, templates filled in."""
    tokens: dict[str, tuple[int, str]] = {}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = filled("@1.zip-comment@", tokens).encode()
        for name, body in parts.items():
            row = zipfile.ZipInfo(filled(name, tokens), (2024, 5, 6, 7, 8, 10))
            row.compress_type = zipfile.ZIP_DEFLATED
            row.comment = filled("@1.member-comment@", tokens).encode() if name.endswith("core.xml") else b""
            archive.writestr(row, filled(body, tokens) if isinstance(body, str) else body)
    return Dirty(content=out.getvalue(), tokens=tokens)
