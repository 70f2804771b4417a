"""What a throw-away process does with one document. Imported by the forge before it is confined.

Here live the parsers of others; nothing of this is ever imported by the gateway itself or by a worker of the pool.
"""

from __future__ import annotations

import msgspec

from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.orders import DocumentAnswer, DocumentOrder, VerifyAnswer, encode
from gateway.engine.workshop.serving import Answer, Content
from gateway.scrub import document
from gateway.scrub import verify as checking
from gateway.scrub.plan import Held

_order = msgspec.msgpack.Decoder(DocumentOrder).decode


def inspect(body: bytes, contents: tuple[Content, ...]) -> Answer:
    """What stands in it."""
    order = _order(body)
    return Answer(encode(document.inspect(contents[0], name=order.name, media=order.media)))


def clean(body: bytes, contents: tuple[Content, ...]) -> Answer:
    """Its clean copy, or why it waits."""
    order = _order(body)
    result = document.clean(contents[0], name=order.name, media=order.media, plan=order.plan)
    if isinstance(result, Held):
        return Answer(encode(DocumentAnswer(held=result)))
    content, cleaned = result
    return Answer(encode(DocumentAnswer(cleaned=cleaned)), Memory(content))


def verify(body: bytes, contents: tuple[Content, ...]) -> Answer:
    """What is wrong with the clean copy. Not asked of the process that cleaned it.

    GAP: the office's own dictionary is not handed in; only what was removed from this document is looked for.
    """
    order = _order(body)
    original, copy = contents
    problems = checking.verify(original, copy[:], name=order.name, media=order.media, plan=order.plan)
    return Answer(encode(VerifyAnswer(problems=problems)))
