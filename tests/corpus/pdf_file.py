"""A PDF as raw bytes: tiers 1 and 2 in every place, an earlier revision behind it, and a way to add one thing more."""

# ruff: noqa: E501  a template reads better unbroken

from __future__ import annotations

import zlib

from tests.corpus import jpeg_file
from tests.corpus.canary import Dirty, filled


def _stream(head: str, body: bytes) -> bytes:
    return f"<<{head} /Length {len(body)}>>\nstream\n".encode() + body + b"\nendstream"


def _written(objects: dict[int, bytes], trailer: str, before: bytes = b"", previous: int | None = None) -> bytes:
    """Objects, a cross-reference table and a trailer, appended to `before`."""
    out = bytearray(before or b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places: dict[int, int] = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in sorted(places.items()):
        out += f"{number} 1\n{place:010d} 00000 n \n".encode()
    back = f" /Prev {previous}" if previous is not None else ""
    return bytes(out) + f"trailer\n<<{trailer}{back}>>\nstartxref\n{start}\n%%EOF\n".encode()


def dirty(*, catalog: str = "", page: str = "", annotation: str = "", objects: dict[int, str] | None = None) -> Dirty:
    """The document; what is given is added to its catalog, its one page, that page's annotations, its objects 50 and up."""
    tokens: dict[str, tuple[int, str]] = {}

    def say(template: str) -> bytes:
        return filled(template, tokens).encode("latin-1")

    image = jpeg_file.dirty()
    tokens |= {f"image-{name}": token for name, token in image.tokens.items()}
    content = zlib.compress(say("BT /F1 12 Tf 40 100 Td (@0.visible@) Tj ET q 10 0 0 10 0 0 cm /I1 Do Q"))
    first = {
        1: say(
            "<</Type/Catalog /Pages 2 0 R /Metadata 6 0 R /PieceInfo <</X <</Private (@1.catalog-private@)>>>>"
            " /SpiderInfo <</V 1 /C [(@1.spider@)]>> /OCProperties <</OCGs [14 0 R] /D <</Order [14 0 R]>>>>"
            f" /Unheard (@1.catalog-key@) /URI <</Base (@1.base@)>> {catalog}>>"
        ),
        2: b"<</Type/Pages /Kids [3 0 R] /Count 1>>",
        3: say(
            "<</Type/Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Metadata 15 0 R /Thumb 16 0 R"
            " /LastModified (@1.page-modified@) /PieceInfo <</Y <</Private (@1.page-private@)>>>> /Unheard (@1.page-key@)"
            f" /Resources <</Font <</F1 8 0 R>> /XObject <</I1 9 0 R>>>> /Annots [10 0 R 11 0 R 12 0 R {annotation}] {page}>>"
        ),
        4: _stream("/Filter/FlateDecode", content),
        5: say(
            "<</Title (@1.title@) /Author (@1.author@) /Subject (@1.subject@) /Keywords (@1.keywords@) /Creator (@1.creator@)"
            " /Producer (@1.producer@) /CreationDate (D:2024@1.created@) /ModDate (@1.modified@) /Matter (@1.custom@)"
            " /PTEX.Fullbanner (@1.banner@)>>"
        ),
        6: _stream("/Type/Metadata /Subtype/XML", say("<x>@1.xmp@</x>")),
        7: say("<</Type/Whatever /S (@2.unreferenced@)>>"),
        8: b"<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>",
        9: _stream(
            "/Type/XObject /Subtype/Image /Width 16 /Height 8 /ColorSpace/DeviceGray /BitsPerComponent 8 /Filter/DCTDecode"
            " /Metadata 17 0 R /OPI <</2.0 (x)>>",
            image.content,
        ),
        10: say("<</Type/Annot /Subtype/Text /Rect [0 0 9 9] /Contents (@2.note@) /T (@1.note-author@) /NM (@1.note-name@) /Popup 13 0 R>>"),
        11: say("<</Type/Annot /Subtype/Highlight /Rect [0 0 9 9] /T (@1.marker@) /RC (@2.rich@) /M (@1.marked@)>>"),
        12: say("<</Type/Annot /Subtype/Link /Rect [0 0 9 9] /NM (@1.link-name@) /A <</S/GoToR /F (@4.remote-file@) /D [0]>>>>"),
        13: say("<</Type/Annot /Subtype/Popup /Rect [0 0 9 9] /Parent 10 0 R /Contents (@2.popup@)>>"),
        14: say("<</Type/OCG /Name (Layer) /Usage <</CreatorInfo <</Creator (@1.layer-creator@)>>>>>>"),
        15: _stream("/Type/Metadata", zlib.compress(say("<x>@1.page-xmp@</x>"))),
        16: _stream("/Width 1 /Height 1 /ColorSpace/DeviceGray /BitsPerComponent 8", say("@2.page-thumbnail@")),
        17: _stream("/Type/Metadata", say("<x>@1.image-xmp@</x>")),
        **{number: say(body) for number, body in (objects or {}).items()},
    }  # fmt: skip
    number = say("#1.file-id#").decode() * 4
    trailer = f"/Size {max(first) + 2} /Root 1 0 R /Info 5 0 R /ID [<{number}><{number}>]"
    earlier = _written({**first, max(first) + 1: say("<</Type/Old /V (@2.earlier-revision@)>>")}, trailer)
    last = max(first) + 1
    later = {last: b"<</Type/Old /V (gone)>>", 4: first[4]}
    start = earlier.rindex(b"xref\n0 1")
    return Dirty(content=_written(later, trailer, earlier, start), tokens=tokens)
