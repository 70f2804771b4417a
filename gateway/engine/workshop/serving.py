"""The confined side of the conversation: takes one frame, does the task, answers. Blocking, single-threaded.

An answer never carries the text of an exception we did not write ourselves: it could quote the content.
"""

from __future__ import annotations

import codecs
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from mmap import mmap

from gateway.engine.workshop import frames
from gateway.engine.workshop.frames import Frame, Reply
from gateway.engine.workshop.memory import Memory
from gateway.errors import Ours, Unreadable
from gateway.intake.words import CHARSETS

DESCRIPTORS = 2
"""The most that come with one frame: an original and its clean copy."""

Content = bytes | mmap


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task found: a value, and content if there is some to hand back."""

    body: bytes
    content: Memory | None = None


Job = Callable[[bytes, tuple[Content, ...]], Answer]
"""A task's code: from the order's bytes and the content of the descriptors to the answer."""


_CODECS = ("cp437", "idna", "mac-roman", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32")
"""Of documents, beside those of mail."""


def load_codecs() -> None:
    """Python reads a codec from a file when it is first used; in a confined process that is too late."""
    for name in (*CHARSETS, *_CODECS):
        codecs.lookup(name)


def serve(sock: socket.socket, untrusted: Frame, jobs: Mapping[int, Job], *, is_last: bool = False) -> bool:
    """Answer one frame; False if this process should not be used again."""
    try:
        answer = _work(untrusted, jobs)
        kind = Reply.LAST if is_last else Reply.ANSWER
    except (Unreadable, Ours) as why:  # Ours: the pen would not write
        answer, kind = Answer(why.cause.encode("ascii", "replace")), Reply.REFUSED
    except (MemoryError, RecursionError, OSError) as why:  # no room in memory or in a file, too many descriptors
        answer, kind = Answer(type(why).__name__.encode()), Reply.EXCEEDED
    except Exception as why:
        answer, kind = Answer(type(why).__name__.encode()), Reply.FAILED
    _send(sock, untrusted.serial, kind, answer)
    return kind in (Reply.ANSWER, Reply.REFUSED)


def _work(frame: Frame, jobs: Mapping[int, Job]) -> Answer:
    memories = [Memory.adopt(descriptor) for descriptor in frame.descriptors]
    try:
        return jobs[frame.kind](frame.body, tuple(memory.view() for memory in memories))
    finally:
        for memory in memories:
            memory.close()


def _send(sock: socket.socket, serial: int, kind: Reply, answer: Answer) -> None:
    body, beside = answer.body, answer.content
    if beside is None:
        body, beside = frames.spill(body)
    else:
        beside.seal()
    try:
        frames.send(sock, Frame(serial, kind, body, (beside.descriptor,) if beside is not None else ()))
    finally:
        if beside is not None:
            beside.close()
