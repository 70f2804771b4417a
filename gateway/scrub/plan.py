"""The nouns of scrubbing: what was found, what to do about it, what came of it.

Ruling text: handbook `metadata.md` §1 (the tiers) and §2. Findings are counts in closed vocabularies: no value, no
user's text and no member's name is ever in one, because reports and the ledger leak too. Nothing here reads a clock or
draws a random number; what must differ from leg to leg comes from `Plan.seed`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from mmap import mmap
from typing import Protocol, TypeAlias

from gateway.errors import Unreadable
from gateway.scrub.personal import Personal

Window: TypeAlias = bytes | mmap
"""Read-only bytes of a document: in memory, or a mapping of a descriptor the workshop inherited."""


class Sink(Protocol):
    """Where a clean copy is appended."""

    def write(self, piece: bytes, /) -> object:
        """Append `piece`."""
        ...


class Tier(IntEnum):
    """How deep something hides, and so what happens to it by default."""

    IDENTITY = 1
    HISTORY = 2
    HIDDEN = 3
    ACTIVE = 4


class Kind(StrEnum):
    """What a finding is: the words of `what` in `rules/metadata.toml`."""

    PEOPLE = "people"
    IDS = "ids"
    PATHS = "paths"
    DEVICE = "device"
    LOCATION = "location"
    DATES = "dates"
    MARKS = "marks"
    CHANGES = "changes"
    COMMENTS = "comments"
    HISTORY = "history"
    THUMBNAILS = "thumbnails"
    HIDDEN = "hidden"
    NOTES = "notes"
    CROPS = "crops"
    SOURCES = "sources"
    ATTACHED = "attached"
    NAMES = "names"
    CODE = "code"
    OBJECTS = "objects"
    LINKS = "links"

    @property
    def tier(self) -> Tier:
        """The tier this kind belongs to."""
        return _TIERS[self]


_TIERS = {
    **dict.fromkeys(list(Kind)[:7], Tier.IDENTITY),
    **dict.fromkeys(list(Kind)[7:11], Tier.HISTORY),
    **dict.fromkeys(list(Kind)[11:17], Tier.HIDDEN),
    **dict.fromkeys(list(Kind)[17:], Tier.ACTIVE),
}


class Place(StrEnum):
    """Where in a document, as a closed vocabulary: member names would leak."""

    WHOLE = "the whole document"
    CONTAINER = "container"
    PROPERTIES = "document properties"
    SETTINGS = "settings"
    STYLES = "styles"
    BODY = "body"
    HEADERS = "headers and footers"
    NOTES = "footnotes and endnotes"
    COMMENTS = "comments"
    PARTS = "building blocks"
    RELATIONS = "relationships"
    DRAWING = "drawing"
    MEDIA = "media"
    WORKBOOK = "workbook"
    SHEET = "sheet"
    PRESENTATION = "presentation"
    SLIDE = "slide"
    CATALOG = "catalog"
    PAGE = "page"
    ANNOTATION = "annotation"
    OBJECT = "object"
    SEGMENT = "segment"
    CHUNK = "chunk"
    PROFILE = "colour profile"
    TAIL = "after the end"


class Action(StrEnum):
    """What the rules say of one kind."""

    STRIP = "strip"
    HOLD = "hold"
    KEEP = "keep"
    FLATTEN = "flatten"


class Code(StrEnum):
    """Why a document waits."""

    ASK = "ask"
    """Kinds were found that the rules neither strip nor keep; the findings name them."""
    UNKNOWN = "unknown"
    """No scrubber knows this type, or this part of it."""
    DISAGREES = "disagrees"
    """Content, extension and declared type do not say the same."""
    POLYGLOT = "polyglot"
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    SIGNED = "signed"
    """Stripping would break a signature."""
    LIMIT = "limit"
    UNSUPPORTED = "unsupported"
    """The rules ask for something to be stripped or flattened that this scrubber can only hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """So many of one kind in one place."""

    kind: Kind
    place: Place
    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("a finding is at least one thing")

    @property
    def tier(self) -> Tier:
        """How deep it hid."""
        return self.kind.tier


def default_action(kind: Kind) -> Action:
    """Tiers 1 and 2 go, what links outside goes (the document survives it), the rest waits for a person."""
    if kind.tier <= Tier.HISTORY or kind is Kind.LINKS:
        return Action.STRIP
    return Action.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the rules in force say for one leg. `said` names only what differs from the default."""

    said: tuple[tuple[Kind, Action], ...] = ()
    only: tuple[tuple[str, Kind, Action], ...] = ()
    """What is said of documents of one family (`families` in `rules/metadata.toml`); counts after `within` alone."""
    seed: bytes = b""
    """The leg's own randomness, for scrubbers that must write new identifiers."""
    counts_personal: bool = False
    """Some rule asks whether there is personal data in it."""

    def within(self, family: str) -> Plan:
        """The plan for a document of this family, and for all that is nested in it."""
        said = tuple((kind, action) for one, kind, action in self.only if one == family)
        return replace(self, said=self.said + said, only=())

    @property
    def name(self) -> str:
        """A digest of what it comes to: equal for plans that do the same to every kind in every family."""
        families = ("", *sorted({family for family, _, _ in self.only}))
        told = [",".join(self.within(family).action(kind) for kind in Kind) for family in families]
        said = [f"{family}:{one}" for family, one in zip(families, told, strict=True) if not family or one != told[0]]
        return hashlib.sha256("\n".join(said).encode("ascii")).hexdigest()[:32]

    def action(self, kind: Kind) -> Action:
        """What to do with `kind`; where two rules speak of one kind the one that lets less pass wins."""
        said = [action for name, action in self.said if name is kind]
        return min(said, key=_STRICTEST.index) if said else default_action(kind)


_STRICTEST = (Action.HOLD, Action.STRIP, Action.FLATTEN, Action.KEEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The document waits. With `Code.ASK` the findings are what a person must decide about."""

    code: Code
    place: Place = Place.WHOLE
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was stripped, and what the rules let stand. A signed document was not altered: it leaves as it came."""

    findings: tuple[Finding, ...] = ()
    kept: tuple[Finding, ...] = ()
    is_signed: bool = False
    personal: Personal | None = None
    """Identifiers in its texts, where they were to be counted; None: nobody looked, or could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What stands in a document. With `held` the look was cut short: the findings are not all there is."""

    findings: tuple[Finding, ...] = ()
    is_signed: bool = False
    held: Held | None = None
    personal: Personal | None = None
    """As in `Cleaned`."""


class Stuck(Unreadable):
    """Raised deep inside a scrubber; `gateway.scrub.document` turns it into the `Held` it carries."""

    def __init__(self, code: Code, place: Place = Place.WHOLE) -> None:
        super().__init__(f"{code.value} in {place.value}")
        self.held = Held(code=code, place=place)
