"""A PowerPoint presentation as raw XML: tiers 1 and 2 in every place, and a way to add one thing more."""

# ruff: noqa: E501  a template reads better unbroken

from __future__ import annotations

from tests.corpus import png_file
from tests.corpus.canary import Dirty
from tests.corpus.office import DOC, FRAME, FRAME_RELS, HEAD, MS, THEME, package, rels, types

MEDIA = "application/vnd.openxmlformats-officedocument.presentationml"
NS = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="' + DOC + '"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    f' xmlns:p14="{MS}/powerpoint/2010/main" xmlns:a16="{MS}/drawing/2014/main"'
)
FRAME_SHAPE = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
SHAPE = (
    '<p:sp><p:nvSpPr><p:cNvPr id="2" name="@1.shape-name@" descr="file:///@1.alt-path@"{hidden}><a:extLst>'
    '<a:ext uri="{FF2B5EF4-FFF2-40B4-BE49-F238E27FC236}"><a16:creationId id="{@1.creation-id@}"/></a:ext></a:extLst></p:cNvPr>'
    '<p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x="{x}" y="100"/><a:ext cx="500" cy="500"/></a:xfrm></p:spPr>'
    "<p:txBody><a:bodyPr/><a:p><a:r><a:t>@0.slide-text@</a:t></a:r></a:p></p:txBody></p:sp>"
)
PICTURE = (
    '<p:pic><p:nvPicPr><p:cNvPr id="3" name="@1.picture-name@.png"/><p:cNvPicPr/><p:nvPr><p:custDataLst><p:tags r:id="rIdTag"/>'
    '</p:custDataLst></p:nvPr></p:nvPicPr><p:blipFill><a:blip r:embed="rIdPic"/></p:blipFill><p:spPr/></p:pic>'
)
PRESENTATION = (
    '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rIdM"/></p:sldMasterIdLst><p:sldIdLst><p:sldId id="256" r:id="rIdS"/>'
    '</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="1" cy="1"/><p:modifyVerifier hashData="@1.modify-hash@"/>'
    '<p:extLst><p:ext uri="{521415D9-36F7-43E2-AB2F-B90AF26B5E84}"><p14:sectionLst><p14:section name="@1.section@" id="{1}">'
    "<p14:sldIdLst/></p14:section></p14:sectionLst></p:ext></p:extLst>"
)


def notes(text: str) -> str:
    """A notes page that says `text`."""
    return f"{HEAD}<p:notes {NS}><p:cSld><p:spTree>{FRAME_SHAPE}<p:sp><p:nvSpPr><p:cNvPr id='2' name=''/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:notes>"


def dirty(
    *, x: int = 100, hidden: str = "", show: str = "", parts: dict[str, str | bytes] | None = None,
    arrows: tuple[tuple[str, str, str], ...] = (),
) -> Dirty:  # fmt: skip
    """The presentation; what is given is added to its one slide."""
    shape = SHAPE.replace("{x}", str(x)).replace("{hidden}", hidden)
    tree = f"<p:cSld><p:spTree>{FRAME_SHAPE}{{}}</p:spTree></p:cSld>"
    colours = "".join(
        f'{name}="{value}" ' for name, value in (("bg1", "lt1"), ("tx1", "dk1"), ("bg2", "lt2"), ("tx2", "dk2"))
    )
    colours += " ".join(f'accent{n}="accent{n}"' for n in range(1, 7)) + ' hlink="hlink" folHlink="folHlink"'
    files: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"{HEAD}<p:presentation {NS}>{PRESENTATION}</p:presentation>",
        "ppt/slides/slide1.xml": f"{HEAD}<p:sld {NS}{show}>{tree.format(shape + PICTURE)}"
        '<p:extLst><p:ext uri="{1}"><p14:creationId val="123456789"/></p:ext></p:extLst></p:sld>',
        "ppt/slideLayouts/slideLayout1.xml": f"{HEAD}<p:sldLayout {NS}>{tree.format('')}</p:sldLayout>",
        "ppt/slideMasters/slideMaster1.xml": f"{HEAD}<p:sldMaster {NS}>{tree.format('')}<p:clrMap {colours}/>"
        '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rIdL"/></p:sldLayoutIdLst></p:sldMaster>',
        "ppt/theme/theme1.xml": HEAD + THEME,
        "ppt/tags/tag1.xml": f'{HEAD}<p:tagLst {NS}><p:tag name="X" val="@1.tag@"/></p:tagLst>',
        "ppt/commentAuthors.xml": f'{HEAD}<p:cmAuthorLst {NS}><p:cmAuthor id="0" name="@2.comment-author@"/></p:cmAuthorLst>',
        "ppt/comments/comment1.xml": f"{HEAD}<p:cmLst {NS}><p:cm><p:text>@2.comment@</p:text></p:cm></p:cmLst>",
        "ppt/revisionInfo.xml": f'{HEAD}<x id="@2.revision@"/>',
        "ppt/changesInfos/changesInfo1.xml": f'{HEAD}<x name="@2.changes@"/>',
        "ppt/media/image1.png": png_file.dirty().content,
        **FRAME,
        **(parts or {}),
    }
    files["ppt/_rels/presentation.xml.rels"] = rels(
        ("rIdM", f"{DOC}/slideMaster", "slideMasters/slideMaster1.xml"),
        ("rIdS", f"{DOC}/slide", "slides/slide1.xml"),
        ("rIdT", f"{DOC}/theme", "theme/theme1.xml"),
        ("rIdA", f"{DOC}/commentAuthors", "commentAuthors.xml"),
        ("rIdR", f"{MS}/2015/10/relationships/revisionInfo", "revisionInfo.xml"),
        ("rIdC", f"{MS}/2016/11/relationships/changesInfo", "changesInfos/changesInfo1.xml"),
    )
    files["ppt/slides/_rels/slide1.xml.rels"] = rels(
        ("rIdL", f"{DOC}/slideLayout", "../slideLayouts/slideLayout1.xml"),
        ("rIdPic", f"{DOC}/image", "../media/image1.png"),
        ("rIdTag", f"{DOC}/tags", "../tags/tag1.xml"),
        ("rIdCom", f"{DOC}/comments", "../comments/comment1.xml"),
        *arrows,
    )
    files["ppt/slideLayouts/_rels/slideLayout1.xml.rels"] = rels(
        ("rIdM", f"{DOC}/slideMaster", "../slideMasters/slideMaster1.xml")
    )
    files["ppt/slideMasters/_rels/slideMaster1.xml.rels"] = rels(
        ("rIdL", f"{DOC}/slideLayout", "../slideLayouts/slideLayout1.xml"),
        ("rIdT", f"{DOC}/theme", "../theme/theme1.xml"),
    )
    files["_rels/.rels"] = rels(("rId1", f"{DOC}/officeDocument", "ppt/presentation.xml"), *FRAME_RELS)
    overrides = {
        "ppt/presentation.xml": f"{MEDIA}.presentation.main+xml",
        "ppt/slides/slide1.xml": f"{MEDIA}.slide+xml",
        "ppt/slideLayouts/slideLayout1.xml": f"{MEDIA}.slideLayout+xml",
        "ppt/slideMasters/slideMaster1.xml": f"{MEDIA}.slideMaster+xml",
        "ppt/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
    }
    defaults = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml",
                "png": "image/png", "jpeg": "image/jpeg"}  # fmt: skip
    return package({"[Content_Types].xml": types(overrides, defaults), **files})
