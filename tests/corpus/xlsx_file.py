"""An Excel workbook as raw XML: tiers 1 and 2 in every place, and a way to add one thing more."""

# ruff: noqa: E501  a template reads better unbroken

from __future__ import annotations

from tests.corpus.canary import Dirty
from tests.corpus.office import DOC, FRAME, FRAME_RELS, HEAD, MS, package, rels, types

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml"
NS = (
    f'xmlns="{MAIN}" xmlns:r="{DOC}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    f' xmlns:x15="{MS}/spreadsheetml/2010/11/main" xmlns:x15ac="{MS}/spreadsheetml/2010/11/ac"'
    f' xmlns:xr="{MS}/spreadsheetml/2014/revision" mc:Ignorable="x15 xr"'
)
WORKBOOK = (
    '<fileVersion appName="@1.program@" codeName="{@1.version-code@}"/><fileSharing userName="@1.sharing-user@"/>'
    '<workbookPr codeName="@1.code-name@"/><mc:AlternateContent><mc:Choice Requires="x15">'
    r'<x15ac:absPath url="C:\Users\@1.absolute-path@\"/></mc:Choice></mc:AlternateContent>'
    '<xr:revisionPtr revIDLastSave="0" documentId="@1.revision-id@"/><workbookProtection workbookPassword="@1.password-hash@"/>'
    '<customWorkbookViews><customWorkbookView name="@1.view-name@" guid="{1}"/></customWorkbookViews>'
    '<sheets><sheet name="Sums" sheetId="1" r:id="rId1"/>{sheets}</sheets>'
    '<definedNames><definedName name="Total" comment="@2.name-comment@">Sums!$A$1</definedName>{names}</definedNames>'
)
SHEET = (
    '<sheetPr codeName="@1.sheet-code@"/><sheetData><row r="1" xr:uid="{@1.row-uid@}"><c r="A1" t="s"><v>0</v></c>'
    '<c r="B1"><v>42</v></c></row>{rows}</sheetData><sheetProtection password="@1.sheet-hash@"/>'
    '<scenarios><scenario name="s" user="@1.scenario-user@" comment="@2.scenario-note@"><inputCells r="A1" val="1"/></scenario></scenarios>'
    '<hyperlinks><hyperlink ref="A1" r:id="rIdFile" tooltip="file:///@1.tooltip@"/></hyperlinks>'
    '<pageSetup r:id="rIdPrint"/><headerFooter><oddHeader>&amp;L&amp;Z&amp;F&amp;R@0.sheet-header@</oddHeader></headerFooter>'
    '<legacyDrawing r:id="rIdVml"/>'
)
STRINGS = "<si><t>@0.used-string@</t></si><si><t>@2.deleted-cell@</t></si>"
COMMENTS = '<authors><author>@1.comment-author@</author></authors><commentList><comment ref="A1" authorId="0"><text><t>@2.comment@</t></text></comment></commentList>'
VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel">'
    '<v:shape id="_x0000_s1" alt="@2.vml-twin@"><x:ClientData ObjectType="Note"/></v:shape></xml>'
)
THREADED = f'<ThreadedComments xmlns="{MS}/spreadsheetml/2018/threadedcomments"><threadedComment ref="A1"><text>@2.threaded@</text></threadedComment></ThreadedComments>'
PERSONS = f'<personList xmlns="{MS}/spreadsheetml/2018/threadedcomments"><person displayName="@1.person@" userId="@1.person-login@"/></personList>'


def dirty(
    *, rows: str = "", sheets: str = "", names: str = "", parts: dict[str, str | bytes] | None = None,
    arrows: tuple[tuple[str, str, str], ...] = (),
) -> Dirty:  # fmt: skip
    """The workbook; what is given is added to it."""
    book = WORKBOOK.replace("{sheets}", sheets).replace("{names}", names)
    files: dict[str, str | bytes] = {
        "xl/workbook.xml": f"{HEAD}<workbook {NS}>{book}</workbook>",
        "xl/worksheets/sheet1.xml": f"{HEAD}<worksheet {NS}>{SHEET.replace('{rows}', rows)}</worksheet>",
        "xl/sharedStrings.xml": f'{HEAD}<sst {NS} count="1" uniqueCount="2">{STRINGS}</sst>',
        "xl/comments1.xml": f"{HEAD}<comments {NS}>{COMMENTS}</comments>",
        "xl/drawings/vmlDrawing1.vml": VML,
        "xl/threadedComments/threadedComment1.xml": HEAD + THREADED,
        "xl/persons/person.xml": HEAD + PERSONS,
        "xl/printerSettings/printerSettings1.bin": "@1.printer@",
        "xl/customProperty1.bin": "@1.custom-property@",
        "xl/revisions/userNames.xml": f'{HEAD}<users {NS}><userInfo name="@1.revision-user@"/></users>',
        "xl/revisions/revisionHeaders.xml": f'{HEAD}<headers {NS}><header userName="@2.revision-header@"/></headers>',
        "xl/connections.xml": f'{HEAD}<connections {NS}><connection id="1" sourceFile="@4.connection@"/></connections>',
        "xl/orphan.bin": "@2.orphan@",
        **FRAME,
        **(parts or {}),
    }
    files["xl/worksheets/_rels/sheet1.xml.rels"] = rels(
        ("rIdFile", f"{DOC}/hyperlink", "!file:///@4.sheet-link@/x.xlsx"),
        ("rIdPrint", f"{DOC}/printerSettings", "../printerSettings/printerSettings1.bin"),
        ("rIdVml", f"{DOC}/vmlDrawing", "../drawings/vmlDrawing1.vml"),
        ("rIdC", f"{DOC}/comments", "../comments1.xml"),
        ("rIdT", f"{MS}/2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml"),
        ("rIdP", f"{DOC}/customProperty", "../customProperty1.bin"),
    )
    files["xl/_rels/workbook.xml.rels"] = rels(
        ("rId1", f"{DOC}/worksheet", "worksheets/sheet1.xml"),
        ("rId2", f"{DOC}/sharedStrings", "sharedStrings.xml"),
        ("rId3", f"{MS}/2017/10/relationships/person", "persons/person.xml"),
        ("rId4", f"{DOC}/usernames", "revisions/userNames.xml"),
        ("rId5", f"{DOC}/revisionHeaders", "revisions/revisionHeaders.xml"),
        ("rId6", f"{DOC}/connections", "connections.xml"),
        *arrows,
    )
    files["_rels/.rels"] = rels(("rId1", f"{DOC}/officeDocument", "xl/workbook.xml"), *FRAME_RELS)
    overrides = {
        "xl/workbook.xml": f"{MEDIA}.sheet.main+xml",
        "xl/worksheets/sheet1.xml": f"{MEDIA}.worksheet+xml",
        "xl/sharedStrings.xml": f"{MEDIA}.sharedStrings+xml",
        "xl/comments1.xml": f"{MEDIA}.comments+xml",
    }
    defaults = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml",
                "bin": "application/octet-stream", "jpeg": "image/jpeg",
                "vml": "application/vnd.openxmlformats-officedocument.vmlDrawing"}  # fmt: skip
    return package({"[Content_Types].xml": types(overrides, defaults), **files})
