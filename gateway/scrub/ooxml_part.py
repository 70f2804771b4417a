"""One XML part of an Office document: walked once, by the tables; what no table can say is in the application's module.

A part that nothing touched keeps its very bytes. Elements and attributes of vocabularies nobody here knows go, and the
declarations of those vocabularies with them.

GAP: an element this file has never heard of, of a vocabulary it knows, passes. Consequence: a future Word that writes a
person's name into a new element of an old vocabulary would get it through until a row is added.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from gateway.scrub import markup
from gateway.scrub.markup import Element, short
from gateway.scrub.ooxml_rules import DANGLING, KEEP_ELEMENT, UNWRAP, Rules
from gateway.scrub.opc import Relation
from gateway.scrub.plan import Kind, Place
from gateway.scrub.tally import Tally

_DECLARED = re.compile(rb"""xmlns(?::[\w.-]+)?\s*=\s*["']([^"']*)["']""")
_EMPTIED = frozenset({"ext", "extLst", "AlternateContent", "custDataLst", "controls", "oleObjects"})
_PATH = re.compile(
    r"[A-Za-z]:[\\/]|\\\\|file:|/(?:Users|home|Volumes)/|\.(?:jpe?g|png|gif|bmp|tiff?|emf|wmf|heic|pdf)\b", re.I
)
_NAMED = (":docPr", ":cNvPr")
_SPOKEN = frozenset({"descr", "title", "alt", "tooltip"})
"""What is read out to those who do not see; it stays unless it is a path."""
_COMPATIBILITY = frozenset({"mc:Ignorable", "mc:ProcessContent", "mc:MustUnderstand"})
_GENERATED = re.compile(r"Shape \d+|", re.ASCII)
_WEB = re.compile(r"(?:https?|mailto|tel|ftps?):", re.I)


class Part:
    """A part being cleaned."""

    def __init__(self, name: str, kind: str, place: Place, content: bytes, tally: Tally) -> None:
        self.name = name
        self.kind = kind
        self.place = place
        self.tally = tally
        self.root = markup.parse(content, place)
        self.is_changed = False
        self.gone: dict[str, Relation] = {}
        """References that are gone, by id."""
        self._content = content

    def strips(self, kind: Kind, count: int = 1) -> bool:
        """Count a finding here; True, and the part is changed, if it must go."""
        if not count or not self.tally.strips(kind, self.place, count):
            return False
        self.is_changed = True
        return True

    def drop(self, relation: Relation, kind: Kind) -> bool:
        """Drop an arrow that starts here, if the plan says so."""
        if self.tally.strips(kind, Place.RELATIONS):
            self.gone[relation.id] = relation
            return True
        return False

    def elements(self, *names: str) -> list[Element]:
        """The elements of these short names, in document order."""
        return list(self.root.iter(*(full for name in names for full in markup.full(name))))

    def walk(self, rules: Rules) -> None:
        """Apply the tables to the whole tree."""
        beside = [*self.root.itersiblings(preceding=True), *self.root.itersiblings()]
        self.strips(Kind.MARKS, len(beside))  # comments beside the root: `serialise` leaves them out
        _attributes(self.root, short(str(self.root.tag)), self, rules)
        _children(self.root, self, rules)
        self._undeclare()

    def _undeclare(self) -> None:
        """Take out declarations of unknown vocabularies, and their names from mc:Ignorable."""
        spaces = {space.decode("utf-8", "replace") for space in _DECLARED.findall(self._content)}
        if all(markup.is_known(space) or not space for space in spaces) or not self.strips(Kind.MARKS):
            return
        for element in self.root.iter("{*}*"):
            for name in [name for name in element.keys() if short(name) in _COMPATIBILITY]:  # noqa: SIM118
                known = {prefix for prefix, space in element.nsmap.items() if prefix and markup.is_known(space)}
                words = element.get(name).split()
                element.set(name, " ".join(word for word in words if word.partition(":")[0] in known))
        known = {str(prefix) for prefix, space in self.root.nsmap.items() if prefix and markup.is_known(space)}
        markup.forget_spaces(self.root, known)

    @property
    def content(self) -> bytes:
        """The part's bytes: the very ones it came with unless something was changed."""
        return markup.serialise(self.root) if self.is_changed else self._content


def remove(element: Element) -> None:
    """Take `element` out; text that follows it stays."""
    parent = element.getparent()
    if parent is None:
        return
    _keep_tail(element, parent)
    parent.remove(element)


def unwrap(element: Element) -> None:
    """Put an element's children in its place."""
    parent = element.getparent()
    if parent is None:
        return
    at = parent.index(element)
    for offset, child in enumerate(list(element)):
        parent.insert(at + offset, child)
    remove(element)


def _keep_tail(element: Element, parent: Element) -> None:
    """Text after an element hangs on it in lxml; hang it on what stands before."""
    if not element.tail:
        return
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + element.tail
    else:
        parent.text = (parent.text or "") + element.tail
    element.tail = None


def _children(element: Element, part: Part, rules: Rules) -> bool:
    """Clean what is below `element`; True if it lost a child."""
    lost = False
    queue = deque(element)
    while queue:
        child = queue.popleft()
        name = short(child.tag) if isinstance(child.tag, str) else ""
        if not name or name in rules.drop:
            if part.strips(rules.drop.get(name, Kind.MARKS)):
                remove(child)
                lost = True
                continue
        elif name in rules.unwrap and part.strips(rules.unwrap[name]):
            queue.extendleft(reversed(child))
            unwrap(child)
            continue
        if not isinstance(child.tag, str):
            continue
        if part.gone and (left := _dangling(child, name, part)) != KEEP_ELEMENT:
            if left == UNWRAP:
                queue.extendleft(reversed(child))
                unwrap(child)
            else:
                remove(child)
            lost = True
            continue
        if child.attrib:
            _attributes(child, name, part, rules)
        if len(child) and _children(child, part, rules) and _is_husk(child, name):
            remove(child)
            lost = True
    return lost


def _is_husk(element: Element, name: str) -> bool:
    """True for a container that only existed for what has just been taken out of it."""
    if name.rpartition(":")[2] not in _EMPTIED:
        return False
    return not len(element) or (name == "mc:AlternateContent" and not any(len(choice) for choice in element))


def _dangling(element: Element, name: str, part: Part) -> str:
    """Mend an element that refers to something gone: what is left to do with the element itself."""
    for key, value in element.items():
        if value in part.gone and (short(key).startswith("r:") or short(key) == "o:relid"):
            part.is_changed = True
            if name not in DANGLING:
                return ""
            del element.attrib[key]
            if DANGLING[name] != KEEP_ELEMENT:
                return DANGLING[name]
    return KEEP_ELEMENT


def _attributes(element: Element, name: str, part: Part, rules: Rules) -> None:
    """Clean one element's attributes."""
    own: Mapping[str, Kind] = rules.own.get(name, {})
    for key in element.keys():  # noqa: SIM118  lxml's mapping is not iterable while it changes
        label = short(key)
        kind = rules.attributes.get(label) or own.get(label)
        if kind is None and (not label or label.startswith("xr:")):
            kind = Kind.IDS if label else Kind.MARKS
        if kind is None and label in _SPOKEN and _PATH.search(element.get(key)):
            kind = Kind.PATHS
        if kind is not None:
            part.tally.remember(kind, element.get(key))
            if part.strips(kind):
                del element.attrib[key]
    if name.endswith(_NAMED):
        _shape_name(element, part)
    if name == "a:srcRect" and any(value not in ("0", "0%") for value in element.values()):
        part.tally.cannot_strip(Kind.CROPS, part.place)


def _shape_name(element: Element, part: Part) -> None:
    """Nobody reads a shape's name but its author; it often is the file a picture came from. Alt text stays."""
    if not _GENERATED.fullmatch(element.get("name") or "") and part.strips(Kind.MARKS):
        element.set("name", f"Shape {element.get('id') or '0'}")


def is_web(target: str) -> bool:
    """Whether an outside address is one that anybody may follow: not a file, a share or a path."""
    return bool(_WEB.match(target)) or target.startswith("#")
