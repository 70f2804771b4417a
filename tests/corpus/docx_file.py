"""A Word document as raw XML: tiers 1 and 2 in every place, and a way to add one thing more."""

# ruff: noqa: E501  a template reads better unbroken

from __future__ import annotations

from tests.corpus import jpeg_file
from tests.corpus.canary import Dirty
from tests.corpus.office import DOC, FRAME, FRAME_RELS, HEAD, MS, THEME, package, rels, types

MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml"
NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    f' xmlns:r="{DOC}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    f' xmlns:w14="{MS}/word/2010/wordml" xmlns:w15="{MS}/word/2012/wordml"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:zz="urn:@1.vocabulary@" mc:Ignorable="w14 w15 zz"'
)
WHO = 'w:id="9" w:author="@1.change-author@" w:date="2024-01-02T03:04:05Z"'
PICTURE = (
    '<w:r><w:drawing><wp:inline><wp:extent cx="100" cy="100"/>'
    r'<wp:docPr id="1" name="@1.picture-name@.jpg" descr="C:\Users\@1.alt-path@\scan.jpg"/>'
    '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
    '<pic:cNvPr id="1" name="@1.inner-name@"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rIdPic"/>'
    "</pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)
BODY = (
    '<w:p w:rsidR="#1.rsid-r#" w:rsidRDefault="#1.rsid-default#" w:rsidP="#1.rsid-p#" w14:paraId="#1.para-id#"'
    ' w14:textId="#1.text-id#" zz:note="@1.unknown-attribute@"><w:bookmarkStart w:id="7" w:name="_GoBack"/>'
    '<w:bookmarkEnd w:id="7"/><w:r w:rsidRPr="#1.rsid-run#"><w:t>@0.visible@</w:t></w:r>'
    f"<w:ins {WHO}><w:r><w:t>@0.inserted@</w:t></w:r></w:ins>"
    f"<w:del {WHO}><w:r><w:delText>@2.deleted@</w:delText></w:r></w:del></w:p>"
    f"<w:p><w:pPr><w:rPr><w:del {WHO}/></w:rPr></w:pPr><w:r><w:t>@0.joined-left@</w:t></w:r></w:p>"
    f"<w:p><w:pPr><w:pPrChange {WHO}><w:pPr><w:pStyle w:val='@2.former-style@'/></w:pPr></w:pPrChange></w:pPr>"
    "<w:r><w:t>@0.joined-right@</w:t></w:r></w:p>"
    f"<w:moveFromRangeStart w:id='1' w:author='@1.mover@' w:name='@2.move-name@'/><w:p><w:pPr><w:rPr><w:moveFrom {WHO}/>"
    f"</w:rPr></w:pPr><w:moveFrom {WHO}><w:r><w:t>@2.moved-away@</w:t></w:r></w:moveFrom></w:p><w:moveFromRangeEnd w:id='1'/>"
    f"<w:p><w:moveTo {WHO}><w:r><w:t>@0.moved-here@</w:t></w:r></w:moveTo></w:p>"
    f"<w:tbl><w:tr><w:trPr><w:del {WHO}/></w:trPr><w:tc><w:p><w:r><w:t>@2.deleted-row@</w:t></w:r></w:p></w:tc></w:tr>"
    "<w:tr><w:tc><w:p><w:r><w:t>@0.kept-row@</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    "<w:p><w:commentRangeStart w:id='1'/><w:r><w:t>@0.commented@</w:t></w:r><w:commentRangeEnd w:id='1'/>"
    "<w:r><w:commentReference w:id='1'/></w:r></w:p>"
    "<w:p><w:sdt><w:sdtPr><w:alias w:val='@1.control-alias@'/><w:tag w:val='@1.control-tag@'/>"
    "<w:dataBinding w:xpath='/@1.binding@' w:storeItemID='{1}'/></w:sdtPr><w:sdtContent><w:r><w:t>@0.controlled@</w:t></w:r>"
    "</w:sdtContent></w:sdt><w:smartTag w:uri='urn:@1.smart-tag@' w:element='x'><w:r><w:t>@0.smart@</w:t></w:r></w:smartTag></w:p>"
    r"<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> FILENAME </w:instrText></w:r>"
    r"<w:r><w:instrText>\p </w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>"
    r"<w:r><w:t>C:\@1.field-path@\x.docx</w:t></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>"
    r"<w:fldSimple w:instr=' INCLUDETEXT &quot;C:\\\\@4.include-path@&quot; '><w:r><w:t>@0.included@</w:t></w:r></w:fldSimple></w:p>"
    "<w:p><w:permStart w:id='3' w:ed='@1.editor-login@'/><w:permEnd w:id='3'/><w:hyperlink r:id='rIdFile'><w:r>"
    "<w:t>@0.link-text@</w:t></w:r></w:hyperlink><w:hyperlink r:id='rIdWeb'><w:r><w:t>@0.web-text@</w:t></w:r></w:hyperlink></w:p>"
    f"<w:p>{PICTURE}<w:r><w:pict><v:shape id='s' alt='file:///@1.vml-alt@'><v:imagedata o:title='@1.vml-title@'/>"
    f"<v:textbox><w:txbxContent><w:p><w:ins {WHO}><w:r><w:t>@0.boxed@</w:t></w:r></w:ins><w:del {WHO}><w:r>"
    "<w:delText>@2.deleted-in-box@</w:delText></w:r></w:del></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
    "<zz:secret>@1.unknown-element@</zz:secret><!-- @1.xml-comment@ -->"
)
SETTINGS = (
    "<w:attachedTemplate r:id='rIdTpl'/><w:rsids><w:rsidRoot w:val='#1.rsid-root#'/></w:rsids>"
    "<w:docVars><w:docVar w:name='@1.variable@' w:val='@1.variable-value@'/></w:docVars>"
    "<w:mailMerge><w:query w:val='@1.merge-query@'/></w:mailMerge>"
    "<w:documentProtection w:edit='readOnly' w:hash='@1.protection-hash@' w:salt='@1.protection-salt@'/>"
    "<w15:docId w15:val='{@1.document-id@}'/>"
)
STORIES = {
    "footnotes": f"<w:footnote w:id='2'><w:p><w:del {WHO}><w:r><w:delText>@2.deleted-note@</w:delText></w:r></w:del>"
    "<w:r><w:t>@0.footnote@</w:t></w:r></w:p></w:footnote>",
    "endnotes": f"<w:endnote w:id='2'><w:p><w:del {WHO}><w:r><w:delText>@2.deleted-end@</w:delText></w:r></w:del></w:p></w:endnote>",
    "comments": "<w:comment w:id='1' w:author='@1.commenter@' w:initials='CC'><w:p><w:r><w:t>@2.comment-text@</w:t></w:r></w:p></w:comment>",
    "settings": SETTINGS,
    "styles": "<w:style w:type='paragraph' w:styleId='Normal'><w:name w:val='Normal'/><w:rsid w:val='#1.rsid-style#'/></w:style>",
    "numbering": "<w:abstractNum w:abstractNumId='0'><w:nsid w:val='#1.nsid#'/><w:tmpl w:val='#1.tmpl#'/></w:abstractNum>",
}
ROOTS = {"header1": "hdr", "document": "document"}


def _story(name: str, body: str) -> str:
    root = ROOTS.get(name, name)
    return f"{HEAD}<w:{root} {NS}>{body}</w:{root}>"


def dirty(
    *, body: str = "", parts: dict[str, str | bytes] | None = None, arrows: tuple[tuple[str, str, str], ...] = ()
) -> Dirty:
    """The document; `body`, `parts` and `arrows` are added to it."""
    files: dict[str, str | bytes] = {
        "word/document.xml": _story("document", f"<w:body>{BODY}{body}<w:sectPr><w:headerReference w:type='default' r:id='rIdHdr'/></w:sectPr></w:body>"),
        "word/header1.xml": _story("header1", f"<w:p><w:del {WHO}><w:r><w:delText>@2.deleted-header@</w:delText></w:r></w:del><w:r><w:t>@0.header@</w:t></w:r></w:p>"),
        **{f"word/{name}.xml": _story(name, text) for name, text in STORIES.items()},
        "word/theme/theme1.xml": HEAD + THEME,
        "word/people.xml": f'{HEAD}<w15:people {NS}><w15:person w15:author="@1.person@"><w15:presenceInfo w15:userId="@1.login@"/></w15:person></w15:people>',
        "word/media/image1.jpg": jpeg_file.dirty().content,
        "word/orphan.xml": f"{HEAD}<x>@2.orphan-part@</x>",
        "customXml/item1.xml": f"{HEAD}<x>@1.custom-xml@</x>",
        "customXml/itemProps1.xml": f"{HEAD}<x>@1.custom-xml-props@</x>",
        "customXml/_rels/item1.xml.rels": rels(("rId1", f"{DOC}/customXmlProps", "itemProps1.xml")),
        "word/printerSettings1.bin": "@1.printer@",
        **FRAME,
        **(parts or {}),
    }  # fmt: skip
    files["word/_rels/settings.xml.rels"] = rels(
        ("rIdTpl", f"{DOC}/attachedTemplate", "!file:///C:/@1.template-path@/firm.dotm")
    )
    files["word/_rels/document.xml.rels"] = rels(
        *((f"rId{name}", f"{DOC}/{name}", f"{name}.xml") for name in STORIES),
        ("rIdTheme", f"{DOC}/theme", "theme/theme1.xml"),
        ("rIdHdr", f"{DOC}/header", "header1.xml"),
        ("rIdPic", f"{DOC}/image", "media/image1.jpg"),
        ("rIdPeople", f"{MS}/2011/relationships/people", "people.xml"),
        ("rIdXml", f"{DOC}/customXml", "../customXml/item1.xml"),
        ("rIdPrint", f"{DOC}/printerSettings", "printerSettings1.bin"),
        ("rIdFile", f"{DOC}/hyperlink", "!file:///Z:/@4.link-path@/a.docx"),
        ("rIdWeb", f"{DOC}/hyperlink", "!https://www.example.org/"),
        *arrows,
    )
    files["_rels/.rels"] = rels(("rId1", f"{DOC}/officeDocument", "word/document.xml"), *FRAME_RELS)
    overrides = {
        "word/document.xml": f"{MEDIA}.document.main+xml",
        "word/header1.xml": f"{MEDIA}.header+xml",
        **{f"word/{name}.xml": f"{MEDIA}.{name}+xml" for name in STORIES},
        "word/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    }
    defaults = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml",
                "jpg": "image/jpeg", "jpeg": "image/jpeg", "bin": "application/octet-stream"}  # fmt: skip
    return package({"[Content_Types].xml": types(overrides, defaults), **files})
