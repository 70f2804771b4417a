"""What waits for somebody, by the name it is shown under; made anew only where something came or went.

The same name twice is numbered, the oldest without a number. Runs on the event loop alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.doors.sftp.paths import TreePath, read_path
from gateway.engine.files.offers import Offer
from gateway.engine.files.pigeonholes import Place
from gateway.engine.files.pushing import name_of
from gateway.transfer import TransferId

Leg = tuple[TransferId, int]

MOST_FOLDERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    offers: Sequence[Offer]
    own: Mapping[Leg, str]
    """What each would be called if it were alone: the costly part, and it does not change."""
    shown: Mapping[str, Offer]


class OfferNames:
    """By person and folder."""

    def __init__(self) -> None:
        self._folders: OrderedDict[tuple[str, Place], _Named] = OrderedDict()

    def of(self, folder: tuple[str, Place], offers: Sequence[Offer]) -> Mapping[str, Offer]:
        """By name; at once if they are the very offers of the last time."""
        known = self._folders.get(folder)
        if known is None or known.offers is not offers:
            known = self._folders[folder] = _named(offers, known.own if known else {})
        self._folders.move_to_end(folder)
        while len(self._folders) > MOST_FOLDERS:
            self._folders.popitem(last=False)
        return known.shown


def _named(offers: Sequence[Offer], known: Mapping[Leg, str]) -> _Named:
    own: dict[Leg, str] = {}
    shown: dict[str, Offer] = {}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for offer in offers:
        leg = offer.transfer, offer.ordinal
        name = shown_as = own[leg] = known.get(leg) or _own_name(offer)
        alike = name.casefold()
        while shown_as.casefold() in taken:  # more than once, if somebody chose a name with a number
            numbers[alike] = numbers.get(alike, 1) + 1
            shown_as = _numbered(name, numbers[alike])
        taken.add(shown_as.casefold())
        shown[shown_as] = offer
    return _Named(offers=offers, own=own, shown=shown)


def _numbered(name: str, number: int) -> str:
    stem, dot, end = name.rpartition(".")
    return f"{stem or end} ({number}){dot}{end if stem else ''}"


def _own_name(offer: Offer) -> str:
    """What the file is called on their side; the transfer's own name where that is none a tree can hold."""
    name = name_of(offer.item, offer.parcel.seal)
    return name if read_path(name.encode()) == TreePath(names=(name,)) else offer.transfer
