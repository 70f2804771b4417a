"""The walk over a PDF's objects: from the root, each dictionary held against the allow-list of its kind.

Ruling text: ISO 32000-1 §7.7 (structure), §12.5 (annotations), §12.6 (actions). What the root does not reach is counted
and not written. Nothing here recurses: a hostile file can nest as deep as it likes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

from gateway.scrub import Child, icc, pdf_rules
from gateway.scrub.plan import Code, Kind, Place, Stuck
from gateway.scrub.tally import Tally

_HOLDERS = (Dictionary, Array, Stream)
_WEB = ("http:", "https:", "mailto:", "tel:")
_MOST_OBJECTS = 500_000
_MOST_PICTURE = 1 << 28
_ONE_POINT = 1.0
_FURNITURE = ("/ObjStm", "/XRef")
_XREF_KEYS = frozenset({"/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms", "/Prev", "/XRefStm", "/Encrypt"})
_ACTIONS_AT = ("/A", "/OpenAction", "/Next", "/PA")


class Cleaner:
    """Cleans one open document in place."""

    def __init__(self, pdf: pikepdf.Pdf, child: Child, tally: Tally) -> None:
        self._pdf = pdf
        self._child = child
        self._tally = tally
        self._removed: set[tuple[int, int]] = set()
        """Objects that go although something may still point at them."""
        self._profiles: set[tuple[int, int]] = set()
        self._taken: list[Object] = []
        """What was taken out; it was part of the document as it came."""

    def clean(self) -> None:
        """Trailer, catalog, pages, annotations; then everything they reach."""
        if len(self._pdf.objects) > _MOST_OBJECTS:
            raise Stuck(Code.LIMIT, Place.OBJECT)
        self._information()
        self._only(self._pdf.Root, pdf_rules.CATALOG, Place.CATALOG)
        self._catalog()
        for page in self._pdf.pages:
            self._page(page.obj)
        self._walk()

    # ── the frame ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _information(self) -> None:
        """The trailer's Info (ISO 32000-1 §14.3.3), and what else has been put there."""
        trailer = self._pdf.trailer
        information = trailer.get("/Info")
        if isinstance(information, Dictionary):
            gone = [
                key
                for key in list(information.keys())
                if self._strips(pdf_rules.INFO.get(key, Kind.MARKS), key, information, Place.PROPERTIES)
            ]
            for key in gone:
                self._take(information, key)
            if len(information.keys()) == 0:
                self._take(trailer, "/Info")
        for key in list(trailer.keys()):
            if key not in pdf_rules.TRAILER | _XREF_KEYS | {"/Info"} and self._tally.strips(Kind.MARKS, Place.WHOLE):
                self._take(trailer, key)

    def _strips(self, kind: Kind, key: str, holder: Object, place: Place) -> bool:
        value = holder.get(key)
        if isinstance(value, pikepdf.String):
            self._tally.remember(kind, str(value))
        return self._tally.strips(kind, place)

    def _take(self, holder: Object, key: str | int) -> None:
        self._taken.append(holder[key])
        del holder[key]

    def _only(self, holder: Object, allowed: frozenset[str], place: Place) -> None:
        """Take every key that is not on the list."""
        for key in [key for key in holder.keys() if key not in allowed]:  # noqa: SIM118
            kind = pdf_rules.LOST.get(key, Kind.MARKS)
            if self._strips(kind, key, holder, place):
                self._take(holder, key)

    def _catalog(self) -> None:
        root = self._pdf.Root
        names = root.get("/Names")
        if isinstance(names, Dictionary):
            self._only(names, pdf_rules.NAMES, Place.CATALOG)
        form = root.get("/AcroForm")
        if isinstance(form, Dictionary):
            if "/XFA" in form and self._tally.strips(Kind.HIDDEN, Place.CATALOG):
                self._take(form, "/XFA")  # a second form beside the visible one
            if int(form.get("/SigFlags", 0)) & 1:
                self._tally.is_signed = True
        layers = root.get("/OCProperties")
        if isinstance(layers, Dictionary):
            default = layers.get("/D")
            off = len(default.get("/OFF", [])) if isinstance(default, Dictionary) else 0
            if isinstance(default, Dictionary) and str(default.get("/BaseState", "/ON")) != "/ON":
                off += 1
            self._tally.cannot_strip(Kind.HIDDEN, Place.CATALOG, off)

    def _page(self, page: Object) -> None:
        self._only(page, pdf_rules.PAGE, Place.PAGE)
        media, crop = page.get("/MediaBox"), page.get("/CropBox")
        if isinstance(media, Array) and isinstance(crop, Array) and _is_smaller(crop, media):
            self._tally.cannot_strip(Kind.CROPS, Place.PAGE)
        notes = page.get("/Annots")
        if not isinstance(notes, Array):
            return
        left = [note for note in notes if isinstance(note, Dictionary) and self._stays(note)]
        if len(left) == len(notes):
            return
        self._taken.append(notes)
        if left:
            page["/Annots"] = Array(left)
        else:
            self._take(page, "/Annots")

    def _stays(self, note: Object) -> bool:
        """Whether an annotation stays: links and form fields do, comments go by default (ISO 32000-1 §12.5.6)."""
        subtype = str(note.get("/Subtype", ""))
        if subtype == "/Link":
            self._only(note, pdf_rules.LINK, Place.ANNOTATION)
            return True
        if subtype == "/Widget":
            if str(note.get("/FT", "")) == "/Sig" and "/V" in note:
                self._tally.is_signed = True
            self._only(note, pdf_rules.WIDGET, Place.ANNOTATION)
            return True
        if subtype == "/Watermark":
            return True
        if self._tally.strips(pdf_rules.ANNOTATIONS.get(subtype, Kind.COMMENTS), Place.ANNOTATION):
            if note.is_indirect:
                self._removed.add(note.objgen)
            return False
        for key, kind in (("/T", Kind.PEOPLE), ("/M", Kind.DATES), ("/CreationDate", Kind.DATES), ("/NM", Kind.IDS)):
            if key in note and self._tally.strips(kind, Place.ANNOTATION):
                self._take(note, key)
        return True

    # ── the walk ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _walk(self) -> None:
        """Everything the trailer still reaches, each object once; then count what it never reached.

        That is what is left of earlier versions. It is not written, whatever the plan.
        """
        seen: set[tuple[int, int]] = set()
        self._visit([self._pdf.trailer], seen, self._clean)
        self._visit(self._taken, seen, _leave)
        spare = sum(1 for item in self._pdf.objects if _is_content(item) and item.objgen not in seen)
        self._tally.strips(Kind.HISTORY, Place.OBJECT, spare)

    def _visit(self, waiting: list[Object], seen: set[tuple[int, int]], visit: Callable[[Object], None]) -> None:
        while waiting:
            holder = waiting.pop()
            if not isinstance(holder, _HOLDERS):
                continue
            if holder.is_indirect:
                if holder.objgen in seen:
                    continue
                seen.add(holder.objgen)
            visit(holder)
            waiting += [value for value in _values(holder) if isinstance(value, _HOLDERS)]

    def _clean(self, holder: Object) -> None:
        if isinstance(holder, Array):
            self._array(holder)
        else:
            self._dictionary(holder)

    def _dictionary(self, holder: Object) -> None:
        """One dictionary, or a stream's."""
        for key in list(holder.keys()):
            kind = pdf_rules.EVERYWHERE.get(key) or (Kind.MARKS if key.startswith("/PTEX.") else None)
            if (kind and self._tally.strips(kind, Place.OBJECT)) or (self._removed and self._is_removed(holder[key])):
                self._take(holder, key)
        if "/EF" in holder and self._tally.strips(Kind.ATTACHED, Place.OBJECT):
            self._take(holder, "/EF")
        for key in _ACTIONS_AT:
            if key in holder:
                self._action(holder, key)
        if isinstance(holder, Stream):
            self._stream(holder)
        if isinstance(profile := holder.get("/DestOutputProfile"), Stream):
            self._profile(profile)

    def _array(self, holder: Object) -> None:
        """A list loses what is gone; a colour space by profile has its profile rebuilt (ISO 32000-1 §8.6.5.5)."""
        for at in reversed(range(len(holder) if self._removed else 0)):
            if self._is_removed(holder[at]):
                self._take(holder, at)
        if len(holder) == 2 and isinstance(holder[1], Stream) and str(holder[0]) == "/ICCBased":
            self._profile(holder[1])

    def _is_removed(self, item: Object) -> bool:
        return isinstance(item, Dictionary) and item.is_indirect and item.objgen in self._removed

    def _action(self, holder: Object, key: str) -> None:
        """Actions that leave the document or run something (ISO 32000-1 §12.6.4)."""
        action = holder[key]
        if isinstance(action, Array):
            left = [item for item in action if not self._goes(item)]
            if len(left) != len(action):
                self._taken.append(action)
                holder[key] = Array(left)
        elif self._goes(action):
            self._take(holder, key)

    def _goes(self, action: Object) -> bool:
        if not isinstance(action, Dictionary):
            return False
        name = str(action.get("/S", ""))
        kind = pdf_rules.ACTIONS.get(name)
        if name == "/URI" and not str(action.get("/URI", "")).lower().startswith(_WEB):
            kind = Kind.LINKS
            self._tally.remember(kind, str(action.get("/URI", "")))
        return kind is not None and self._tally.strips(kind, Place.ANNOTATION)

    # ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _stream(self, stream: Object) -> None:
        subtype = str(stream.get("/Subtype", ""))
        if "/F" in stream:
            raise Stuck(Code.UNKNOWN, Place.OBJECT)  # its data is in another file (ISO 32000-1 §7.3.8.2)
        if subtype == "/Form":
            self._only(stream, pdf_rules.FORM, Place.OBJECT)
        if subtype == "/Image":
            self._only(stream, pdf_rules.IMAGE, Place.OBJECT)
        filters = stream.get("/Filter")
        names = [str(item) for item in filters] if isinstance(filters, Array) else [str(filters)]
        if names[-1] in ("/DCTDecode", "/JPXDecode", "/DCT"):
            self._picture(stream, names)

    def _picture(self, stream: Object, filters: list[str]) -> None:
        """A JPEG goes through its own scrubber."""
        content = stream.read_raw_bytes()
        for name in filters[:-1]:
            if name != "/FlateDecode":
                raise Stuck(Code.UNKNOWN, Place.MEDIA)
            content = _inflated(content)
        self._child.spend(len(content))
        clean = self._tally.adopt(self._child.clean(content))
        if clean is None or (clean == content and len(filters) == 1):
            return
        parameters = stream.get("/DecodeParms")
        if isinstance(parameters, Array):
            parameters = parameters[-1] if len(parameters) else None
        stream.write(
            clean, filter=Name.DCTDecode, decode_parms=parameters if isinstance(parameters, Dictionary) else None
        )

    def _profile(self, stream: Object) -> None:
        """Rebuild a colour profile once, however many pictures share it."""
        if stream.objgen in self._profiles:
            return
        self._profiles.add(stream.objgen)
        content = stream.read_bytes()
        self._child.spend(len(content))
        plain = icc.rebuilt(content)
        if plain is None:
            self._tally.cannot_strip(Kind.MARKS, Place.PROFILE)
        elif plain != content and self._tally.strips(Kind.DEVICE, Place.PROFILE):
            stream.write(plain)


def _leave(holder: Object) -> None:
    """What was taken out needs no cleaning."""


def _values(holder: Object) -> Iterable[Object]:
    return holder.as_list() if isinstance(holder, Array) else [value for _, value in holder.items()]


def _is_content(item: Object) -> bool:
    """Whether an object holds something and is not the file's own furniture."""
    return isinstance(item, Dictionary | Stream) and str(item.get("/Type", "")) not in _FURNITURE


def _is_smaller(crop: Object, media: Object) -> bool:
    """Whether the visible part leaves out more than a hair of the page."""
    if len(crop) != 4 or len(media) != 4:
        return True
    inner, outer = _box(crop), _box(media)
    return any(a - b > _ONE_POINT for a, b in zip(inner[:2], outer[:2], strict=True)) or any(
        b - a > _ONE_POINT for a, b in zip(inner[2:], outer[2:], strict=True)
    )


def _box(corners: Object) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(number) for number in corners)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _inflated(content: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(content, _MOST_PICTURE)
    except zlib.error:
        raise Stuck(Code.DAMAGED, Place.MEDIA) from None
    if stream.unconsumed_tail:
        raise Stuck(Code.LIMIT, Place.MEDIA)
    return plain
