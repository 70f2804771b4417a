"""Whether a skeleton from a worker can be one of this message: every offset inside, every part inside its parent.

Slices of the original are cut at these offsets, so a worker that was taken over could otherwise point anywhere. It can
still lie about what the bytes mean; that is why it holds no secret and the copy is looked at again.
"""

from __future__ import annotations

from gateway.skeleton import Part, Skeleton


def check(untrusted: Skeleton, size_bytes: int) -> Skeleton:
    """The same skeleton. Raises `ValueError`."""
    parts = untrusted.parts
    if untrusted.size_bytes != size_bytes or not parts or (parts[0].start, parts[0].end) != (0, size_bytes):
        raise ValueError("a skeleton of another message")
    for index, part in enumerate(parts):
        if index == 0 and part.parent != -1:
            raise ValueError("the message is inside something")
        if index > 0 and not (0 <= part.parent < index and _lies_in(part, parts[part.parent])):
            raise ValueError("a part is outside its parent")
        if not part.start <= part.body <= part.end:
            raise ValueError("a part ends before it starts")
        if not all(part.start <= one.start <= one.value <= one.end <= part.body for one in part.fields):
            raise ValueError("a field is outside its header")
    return untrusted


def _lies_in(part: Part, parent: Part) -> bool:
    return parent.body <= part.start and part.end <= parent.end
