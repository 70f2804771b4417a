"""Turns the frames of confined processes into values. Everything here raises `ValueError` for what cannot be one.

Each reader takes the frame's descriptors over, whether it succeeds or not.
"""

from __future__ import annotations

from mmap import mmap

import msgspec

from gateway.engine.workshop import plausible
from gateway.engine.workshop.frames import Frame
from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.orders import DocumentAnswer, Ready, SkeletonAnswer, VerifyAnswer
from gateway.intake.fault import Fault
from gateway.scrub.plan import Cleaned, Held, Inspection
from gateway.skeleton import Skeleton

MOST_BYTES = 256 * 1024 * 1024
"""The largest content a confined process may hand back."""

_ready = msgspec.msgpack.Decoder(Ready).decode
_skeleton = msgspec.msgpack.Decoder(SkeletonAnswer).decode
_inspection = msgspec.msgpack.Decoder(Inspection).decode
_verified = msgspec.msgpack.Decoder(VerifyAnswer).decode
_document = msgspec.msgpack.Decoder(DocumentAnswer).decode


def whole(frame: Frame) -> bytes | mmap:
    """The body, wherever it is."""
    if not frame.descriptors:
        return frame.body
    with _lent(frame) as memory:
        return memory.view()


def ready(frame: Frame) -> Ready:
    """What a process said of its confinement."""
    return _ready(whole(frame))


def skeleton(frame: Frame, size_bytes: int) -> Skeleton | Fault:
    """Of a message of that size."""
    match _skeleton(whole(frame)):
        case SkeletonAnswer(skeleton=Skeleton() as found, fault=None):
            return plausible.check(found, size_bytes)
        case SkeletonAnswer(skeleton=None, fault=Fault() as fault):
            return fault
        case _:
            raise ValueError("both or neither")


def inspection(frame: Frame) -> Inspection:
    """What stands in a document."""
    return _inspection(whole(frame))


def document(frame: Frame) -> tuple[Memory | None, Cleaned | Held]:
    """What came of a document; the content that came with it is the caller's to close."""
    memory = _lent(frame) if frame.descriptors else None
    try:
        match _document(frame.body):
            case DocumentAnswer(cleaned=Cleaned() as cleaned, held=None):
                return memory, cleaned
            case DocumentAnswer(cleaned=None, held=Held() as held) if memory is None:
                return None, held
            case _:
                raise ValueError("both or neither")
    except BaseException:
        if memory is not None:
            memory.close()
        raise


def problems(frame: Frame) -> tuple[str, ...]:
    """What is wrong with a clean copy."""
    return _verified(whole(frame)).problems


def handle(frame: Frame) -> int:
    """The pidfd of a new child. The forge reads nothing hostile, so it is believed that this is one."""
    if len(frame.descriptors) != 1:
        raise ValueError("no handle")
    return frame.descriptors[0]


def _lent(frame: Frame) -> Memory:
    (descriptor,) = frame.descriptors
    memory = Memory.adopt(descriptor)
    if memory.size > MOST_BYTES:
        memory.close()
        raise ValueError("more than was asked for")
    return memory
