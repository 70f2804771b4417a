"""What exactly an erasure destroys, laid out before anything happens.

A plan is complete: whoever carries it out decides nothing, so that carrying it out again after a crash comes to the
same. It names streams, entries, classes, keys and blobs; of the person it is about it holds what must be looked for in
texts, so a plan is a secret and is destroyed with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")
CLASSES = ("op", "snd", "rcp", "obj", "net", "sec")

What = Literal["class", "payload", "shard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One entry of which something goes."""

    stream: str
    index: int
    about: str
    """What it bears as `x`, in hex."""
    leg: int | None
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One entry to be written: of all entries that bear `about` and `leg`, so many lose these classes."""

    about: str
    leg: int | None
    classes: tuple[str, ...]
    entries: int
    why: str = ""
    """On what ground, where it is not the whole plan's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """Which classes of which leg a stream's facts no longer say."""

    stream: str
    leg: int
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All of it."""

    what: What
    orders: tuple[Order, ...]
    pieces: tuple[Piece, ...] = ()
    """Entries whose boxes go while their stream stays."""
    legs: tuple[Legs, ...] = ()
    texts: tuple[str, ...] = ()
    """What no fact of the touched streams may say any more: addresses, names; lower case."""
    touched: tuple[str, ...] = ()
    """Streams whose facts are rewritten without what is named in `legs` and `texts`."""
    payloads: tuple[str, ...] = ()
    """Streams that lose their content."""
    forgotten: tuple[str, ...] = ()
    """Streams that lose everything, and keys of classes, which are streams too."""
    blobs: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    """Fingerprints of public keys that leave the office's ring."""
    accounts: tuple[str, ...] = ()
    """Addresses that can no longer sign in."""
    remains: tuple[str, ...] = ()
    """What stays, in words."""


def joined(plans: Sequence[Plan]) -> Plan:
    """One plan of several for the same: what each destroys, once. Raises `ValueError` if there is none, or no one what.

    What an order's entries bear belongs to one plan alone.
    """
    (what,) = {plan.what for plan in plans}

    def all_of(part: Callable[[Plan], tuple[T, ...]]) -> tuple[T, ...]:
        return tuple(dict.fromkeys(one for plan in plans for one in part(plan)))

    return Plan(
        what=what,
        orders=all_of(lambda plan: plan.orders),
        pieces=all_of(lambda plan: plan.pieces),
        legs=all_of(lambda plan: plan.legs),
        texts=all_of(lambda plan: plan.texts),
        touched=all_of(lambda plan: plan.touched),
        payloads=all_of(lambda plan: plan.payloads),
        forgotten=all_of(lambda plan: plan.forgotten),
        blobs=all_of(lambda plan: plan.blobs),
        certificates=all_of(lambda plan: plan.certificates),
        accounts=all_of(lambda plan: plan.accounts),
        remains=all_of(lambda plan: plan.remains),
    )


def orders_of(pieces: Iterable[Piece]) -> tuple[Order, ...]:
    """One order for each leg, or office's fact, in the order in which they are first met."""
    classes: dict[tuple[str, int | None], set[str]] = {}
    counts: dict[tuple[str, int | None], int] = {}
    for piece in pieces:
        key = (piece.about, piece.leg)
        classes.setdefault(key, set()).update(piece.classes)
        counts[key] = counts.get(key, 0) + 1
    return tuple(
        Order(about=about, leg=leg, classes=in_order(classes[about, leg]), entries=count)
        for (about, leg), count in counts.items()
    )


def in_order(classes: Iterable[str]) -> tuple[str, ...]:
    """Classes in the ledger's order, each once."""
    given = set(classes)
    return tuple(cls for cls in CLASSES if cls in given)


def boxes_of(pieces: Sequence[Piece]) -> dict[str, tuple[tuple[int, tuple[str, ...]], ...]]:
    """By stream, the boxes that go: ledger index and classes."""
    by_stream: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for piece in pieces:
        by_stream.setdefault(piece.stream, []).append((piece.index, piece.classes))
    return {stream: tuple(boxes) for stream, boxes in by_stream.items()}
