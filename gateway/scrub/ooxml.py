"""Office Open XML: Word, Excel and PowerPoint documents, part by part.

Ruling text: ECMA-376 parts 1 and 2; handbook `metadata.md` §1 and §2.

1. Read the package in the one way it can be read (`zipread`, `opc`).
2. Follow the arrows from the root. Each is kept, stripped or held by its kind; a part nothing reaches is dropped.
3. Let the application's module do what needs more than one part (changes accepted, fields, orphaned strings).
4. Walk each part that is left by the tables; send each picture through the whole tuple of scrubbers again.
5. Write the package anew: untouched parts keep their packed bytes, relationships and types lose what is gone.
"""

from __future__ import annotations

from gateway.scrub import Child, markup, opc, zipread, zipwrite
from gateway.scrub.markup import Element
from gateway.scrub.ooxml_excel import EXCEL
from gateway.scrub.ooxml_excel import whole as whole_workbook
from gateway.scrub.ooxml_part import Part, is_web
from gateway.scrub.ooxml_powerpoint import POWERPOINT
from gateway.scrub.ooxml_powerpoint import whole as whole_presentation
from gateway.scrub.ooxml_rules import (
    ONLY_HELD,
    PICTURES,
    PROPERTIES,
    PROPERTY_KINDS,
    SIGNATURES,
    STORIES,
    STRIPPED,
)
from gateway.scrub.ooxml_word import WORD
from gateway.scrub.ooxml_word import whole as whole_text
from gateway.scrub.opc import Relation
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Place, Plan, Sink, Stuck, Window
from gateway.scrub.tally import Tally


class Ooxml:
    """The scrubber of Office documents."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What stands in the document."""
        tally = Tally(child.plan, child)
        _Document(src, child, tally).clean()
        return tally.inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The document without what the plan strips."""
        tally = Tally(plan, child)
        members = _Document(src, child, tally).clean()
        zipwrite.write(members, out)
        return tally.verdict()


class _Document:
    """One document on its way through the five steps."""

    def __init__(self, src: Window, child: Child, tally: Tally) -> None:
        self.src = src
        self.child = child
        self.tally = tally
        self.package = opc.read(src, child.spend)
        self.parts: dict[str, Part] = {}
        self.pictures: set[str] = set()
        self.altered: set[str] = set()
        """Pictures whose clean copy differs."""
        self.carried: set[str] = set()
        """Parts no table cleans and the plan keeps, byte for byte."""
        self.properties: dict[str, Part] = {}
        self.gone: dict[str, set[str]] = {}
        """Ids of relationships that go, by the part they start from."""

    def clean(self) -> list[zipwrite.Packed]:
        """The members of the clean package."""
        main = opc.main_part(self.package)
        self._container()
        self._follow("")
        media = self.package.media(main)
        if "wordprocessingml" in media:
            rules, whole = WORD, whole_text
        elif "spreadsheetml" in media:
            rules, whole = EXCEL, whole_workbook
        else:
            rules, whole = POWERPOINT, whole_presentation
        whole(self.parts, self.package.relations, self.tally)
        for part in self.parts.values():
            part.walk(rules)
            self.gone.setdefault(part.name, set()).update(part.gone)
        return self._written()

    def _container(self) -> None:
        """What the zip itself gives away; it is written anew whatever the plan."""
        archive = self.package.archive
        self.tally.strips(Kind.DATES, Place.CONTAINER, archive.dated)
        self.tally.strips(Kind.MARKS, Place.CONTAINER, archive.adorned)

    # ── 2. arrows ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _follow(self, start: str) -> None:
        """Decide about every arrow that starts at `start`, and go on from the parts that stay. Depth: the parts'."""
        waiting = [start]
        while waiting:
            source = waiting.pop()
            for relation in self.package.relations.get(source, ()):
                if self._is_stripped(relation):
                    self._drop(source, relation)
                elif not relation.is_external and self._is_new(relation):
                    waiting.append(relation.target)

    def _drop(self, source: str, relation: Relation) -> None:
        self.gone.setdefault(source, set()).add(relation.id)
        if source in self.parts:
            self.parts[source].gone[relation.id] = relation

    def _is_stripped(self, relation: Relation) -> bool:
        kind = relation.kind
        if kind in SIGNATURES:
            self.tally.is_signed = True
            return False
        if relation.is_external:
            return not (kind == "hyperlink" and is_web(relation.target)) and self._strips_outside(relation)
        if relation.target not in self.package.members:
            return True  # an arrow to nowhere: readers disagree about it
        if kind in ONLY_HELD:
            self.tally.cannot_strip(ONLY_HELD[kind], Place.RELATIONS)
            return False
        if kind in STRIPPED:
            return self.tally.strips(STRIPPED[kind], Place.RELATIONS)
        if kind in STORIES or kind in PICTURES or kind in PROPERTIES or kind == "hyperlink":
            return False
        if self.package.relations.get(relation.target):
            raise Stuck(Code.UNKNOWN, Place.RELATIONS)  # a container nobody knows
        return self.tally.strips(Kind.MARKS, Place.RELATIONS)

    def _strips_outside(self, relation: Relation) -> bool:
        kind = STRIPPED.get(relation.kind, Kind.LINKS)
        self.tally.remember(kind, relation.target)
        return self.tally.strips(kind, Place.RELATIONS)

    def _is_new(self, relation: Relation) -> bool:
        """Take the part in, under the first kind of arrow that reached it; True if it was not met before."""
        name = relation.target
        if name in self.parts or name in self.pictures or name in self.properties or name in self.carried:
            return False
        if relation.kind in PICTURES:
            self.pictures.add(name)
        elif relation.kind in PROPERTIES:
            self.properties[name] = self._part(relation, Place.PROPERTIES)
        elif relation.kind in STORIES:
            self.parts[name] = self._part(relation, STORIES[relation.kind])
        elif relation.kind == "hyperlink":
            return False
        elif self.package.media(name).endswith("xml"):
            self.parts[name] = self._part(relation, Place.OBJECT)
        else:
            self.carried.add(name)
        return True

    def _part(self, relation: Relation, place: Place) -> Part:
        content = zipread.inflate(self.src, self.package.members[relation.target], self.child.spend)
        return Part(relation.target, relation.kind, place, content, self.tally)

    # ── 5. writing ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _written(self) -> list[zipwrite.Packed]:
        """All members that stay."""
        made = {name: new for name in self.pictures if (new := self._picture(name)) is not None}
        for name, part in self.properties.items():
            if (kept := _properties(part)) is None:
                self._forget(name)
            else:
                made[name] = kept
        made |= {name: part.content for name, part in self.parts.items()} | dict.fromkeys(self.carried, b"")
        staying = self._reached()
        made = {name: content for name, content in made.items() if name in staying}
        orphans = len(self.package.members) - self._accounted(staying)
        self.tally.strips(Kind.HISTORY, Place.CONTAINER, orphans)
        members = [self._packed(name, content) for name, content in made.items()]
        for name in ("", *made):
            members += self._relations(name) if self.package.relations.get(name) else []
        return [*members, self._types(made)]

    def _forget(self, target: str) -> None:
        for source, relations in self.package.relations.items():
            self.gone.setdefault(source, set()).update(r.id for r in relations if r.target == target)

    def _picture(self, name: str) -> bytes | None:
        """The picture's clean copy, by the scrubber of whatever it is; None if it waits."""
        content = zipread.inflate(self.src, self.package.members[name], self.child.spend)
        clean = self.tally.adopt(self.child.clean(content))
        if clean is not None and clean != content:
            self.altered.add(name)
        return clean

    def _reached(self) -> set[str]:
        """The parts the arrows that are left lead to."""
        reached: set[str] = set()
        waiting = [""]
        while waiting:
            source = waiting.pop()
            for relation in self.package.relations.get(source, ()):
                is_left = relation.id not in self.gone.get(source, ()) and not relation.is_external
                if is_left and relation.target not in reached:
                    reached.add(relation.target)
                    waiting.append(relation.target)
        return reached

    def _accounted(self, staying: set[str]) -> int:
        """How many members belong to the document as it came: whatever any arrow led to, their arrows, the types."""
        named = {r.target for rows in self.package.relations.values() for r in rows if not r.is_external} | staying
        files = {name for name in named if name in self.package.members}
        rels = {opc.rels_name(name) for name in ("", *files)} & set(self.package.members)
        return len(files | rels | {opc.TYPES})

    def _packed(self, name: str, content: bytes) -> zipwrite.Packed:
        """A member with its old packed bytes if its content is what it was."""
        member = self.package.members[name]
        part = self.parts.get(name) or self.properties.get(name)
        if name in self.altered or (part and part.is_changed):
            return zipwrite.pack(name, content)
        return self._copied(member)

    def _copied(self, member: zipread.Member) -> zipwrite.Packed:
        body = self.src[member.start : member.start + member.packed]
        return zipwrite.Packed(name=member.name, method=member.method, crc=member.crc, size=member.size, body=body)

    def _relations(self, source: str) -> list[zipwrite.Packed]:
        """The arrows that are left; no member where none is."""
        member = self.package.members[opc.rels_name(source)]
        gone = self.gone.get(source)
        if not gone:
            return [self._copied(member)]
        root = markup.parse(zipread.inflate(self.src, member, _free), Place.RELATIONS)
        for row in root.iterchildren("{*}*"):
            if row.get("Id") in gone:
                root.remove(row)
        return [zipwrite.pack(member.name, markup.serialise(root))] if len(root) else []

    def _types(self, made: dict[str, bytes]) -> zipwrite.Packed:
        """The types of what is left."""
        member = self.package.members[opc.TYPES]
        names = {name.lower() for name in made}
        extensions = {name.rpartition(".")[2] for name in names} | {"rels"}
        root = markup.parse(zipread.inflate(self.src, member, _free), Place.CONTAINER)
        spare = [row for row in root.iterchildren("{*}*") if not _is_needed(row, names, extensions)]
        if not spare:
            return self._copied(member)
        for row in spare:
            root.remove(row)
        return zipwrite.pack(member.name, markup.serialise(root))


def _free(inflated_bytes: int) -> None:
    """Nothing: these bytes have been counted when the package was read."""


def _is_needed(row: Element, names: set[str], extensions: set[str]) -> bool:
    if row.get("PartName"):
        return (row.get("PartName") or "").removeprefix("/").lower() in names
    return (row.get("Extension") or "").lower() in extensions


def _properties(part: Part) -> bytes | None:
    """The properties the plan keeps; None if there are none and the part goes."""
    for row in list(part.root):
        local = row.tag.rpartition("}")[2] if isinstance(row.tag, str) else ""
        kind = PROPERTY_KINDS.get(local, Kind.MARKS)
        part.tally.remember(kind, "".join(row.itertext()).strip())
        if part.strips(kind):
            part.root.remove(row)
    return part.content if len(part.root) else None
