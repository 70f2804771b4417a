"""The package of an Office document: which parts there are, of what type, and who refers to whom.

Ruling text: ECMA-376 part 2. Readers follow relationships, not folders, so we do: a part no relationship reaches is not
part of the document. A package that says two things about one part is held.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from gateway.scrub import markup, zipread
from gateway.scrub.plan import Code, Place, Stuck, Window

TYPES = "[Content_Types].xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One arrow from a part to a part, or to somewhere outside."""

    id: str
    kind: str
    """The last step of the relationship's type: `styles`, `image`, `attachedTemplate` …"""
    target: str
    """A part's name, or the outside address as written."""
    is_external: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The parts and arrows of one document."""

    archive: zipread.Archive
    members: dict[str, zipread.Member]
    defaults: dict[str, str]
    overrides: dict[str, str]
    relations: dict[str, tuple[Relation, ...]]
    """By the part they start from; the package's own start from the empty name."""

    def media(self, part: str) -> str:
        """The declared type of a part, in lower case; empty if nothing is declared."""
        extension = part.rpartition(".")[2].lower()
        return self.overrides.get(part.lower(), self.defaults.get(extension, ""))


def rels_name(part: str) -> str:
    """Where the relationships that start from `part` are kept (ECMA-376 part 2 §6.5.2.3)."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"


def read(src: Window, spend: Callable[[int], None]) -> Package:
    """The package in `src`; raises `Stuck`."""
    archive = zipread.read(src)
    members = {member.name: member for member in archive.members}
    if TYPES not in members:
        raise Stuck(Code.UNKNOWN, Place.CONTAINER)
    defaults, overrides = _types(zipread.inflate(src, members[TYPES], spend))
    relations: dict[str, tuple[Relation, ...]] = {}
    for part in ("", *members):
        if (member := members.get(rels_name(part))) and not part.endswith(".rels"):
            relations[part] = _relations(zipread.inflate(src, member, spend), part, members)
    return Package(archive=archive, members=members, defaults=defaults, overrides=overrides, relations=relations)


def main_part(package: Package) -> str:
    """The one part the document begins at."""
    mains = {relation.target for relation in package.relations.get("", ()) if relation.kind == "officeDocument"}
    if len(mains) != 1:
        raise Stuck(Code.DAMAGED, Place.CONTAINER)
    (main,) = mains
    if main not in package.members:
        raise Stuck(Code.DAMAGED, Place.CONTAINER)
    return main


def _types(content: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Types by extension and by part, names in lower case."""
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for row in markup.parse(content, Place.CONTAINER).iterchildren("{*}*"):
        media = (row.get("ContentType") or "").lower()
        match markup.short(str(row.tag)):
            case "ct:Default":
                table, key = defaults, (row.get("Extension") or "").lower()
            case "ct:Override":
                table, key = overrides, (row.get("PartName") or "").removeprefix("/").lower()
            case _:
                raise Stuck(Code.DAMAGED, Place.CONTAINER)
        if not key or not media or key in table:
            raise Stuck(Code.DAMAGED, Place.CONTAINER)
        table[key] = media
    return defaults, overrides


def _relations(content: bytes, part: str, members: dict[str, zipread.Member]) -> tuple[Relation, ...]:
    rows: list[Relation] = []
    for row in markup.parse(content, Place.RELATIONS).iterchildren("{*}*"):
        target, kind = row.get("Target") or "", (row.get("Type") or "").rpartition("/")[2]
        if markup.short(str(row.tag)) != "rel:Relationship" or not row.get("Id"):
            raise Stuck(Code.DAMAGED, Place.RELATIONS)
        is_external = row.get("TargetMode") == "External"
        if not is_external:
            target = _resolved(part, target, members)
        rows.append(Relation(id=row.get("Id") or "", kind=kind, target=target, is_external=is_external))
    if len({row.id for row in rows}) != len(rows):
        raise Stuck(Code.DAMAGED, Place.RELATIONS)
    return tuple(rows)


def _resolved(part: str, target: str, members: dict[str, zipread.Member]) -> str:
    """The part an inside address names: relative to the part it is written in, or to the root."""
    path = target.partition("#")[0]
    name = posixpath.normpath(posixpath.join("/", posixpath.dirname(part), path)).lstrip("/")
    return name if name in members else unquote(name)
