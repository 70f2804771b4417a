"""A plan's orders: one for each leg, with all classes and the number of entries."""

from __future__ import annotations

from gateway.shred.plan import Order, Piece, boxes_of, in_order, orders_of

PIECES = (
    Piece(stream="T-A", index=4, about="aa", leg=0, classes=("rcp",)),
    Piece(stream="T-A", index=5, about="aa", leg=1, classes=("snd",)),
    Piece(stream="T-A", index=7, about="aa", leg=0, classes=("net", "op")),
    Piece(stream="consulted/x", index=9, about="bb", leg=None, classes=("obj",)),
)


def test_one_order_for_each_leg() -> None:
    """In the order in which they are met; classes in the ledger's order; entries counted."""
    assert (
        Order(about="aa", leg=0, classes=("op", "rcp", "net"), entries=2),
        Order(about="aa", leg=1, classes=("snd",), entries=1),
        Order(about="bb", leg=None, classes=("obj",), entries=1),
    ) == orders_of(PIECES)


def test_boxes_by_stream() -> None:
    """Each entry's classes, under the stream they are kept in."""
    assert {"T-A": ((4, ("rcp",)), (5, ("snd",)), (7, ("net", "op"))), "consulted/x": ((9, ("obj",)),)} == boxes_of(
        PIECES
    )


def test_classes_stand_in_order_once() -> None:
    """However they were given."""
    assert ("op", "rcp", "sec") == in_order(["sec", "rcp", "op", "rcp"])
