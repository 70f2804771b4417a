"""What a confined process answers, seen from the other end of its socket."""

from __future__ import annotations

import pytest

from gateway.engine.workshop import frames
from gateway.engine.workshop.frames import BODY_BYTES, Frame, Reply
from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.serving import Answer, Content, load_codecs, serve
from gateway.errors import Unreadable

TASK = 8


def answered(job: object, *, is_last: bool = False, kind: int = TASK) -> tuple[bool, Frame]:
    ours, theirs = frames.pair()
    with ours, theirs:
        goes_on = serve(theirs, Frame(5, kind, b"order"), {TASK: job}, is_last=is_last)  # type: ignore[dict-item]
        frame = frames.receive(ours, descriptors=1)
        assert frame is not None
        return goes_on, frame


def raising(error: Exception) -> object:
    def job(body: bytes, contents: tuple[Content, ...]) -> Answer:
        raise error

    return job


def test_an_answer_carries_the_serial_of_its_question() -> None:
    """So that it cannot be taken for another's."""
    assert (True, Frame(5, Reply.ANSWER, b"order")) == answered(lambda body, contents: Answer(body))


def test_a_worker_that_retires_says_so_with_its_answer() -> None:
    """The last request is answered like any other; the kind tells the gateway not to send more."""
    goes_on, frame = answered(lambda body, contents: Answer(body), is_last=True)

    assert (False, Reply.LAST, b"order") == (goes_on, frame.kind, frame.body)


def test_an_answer_too_large_for_a_frame_comes_sealed_beside_it() -> None:
    """One byte over the largest body."""
    large = bytes(BODY_BYTES + 1)

    _, frame = answered(lambda body, contents: Answer(large))

    with Memory.adopt(frame.descriptors[0]) as memory:
        assert (b"", large) == (frame.body, memory.view()[:])


@pytest.mark.parametrize(
    ("error", "goes_on", "kind", "body"),
    [
        (Unreadable("two readings"), True, Reply.REFUSED, b"two readings"),
        (MemoryError("CANARY"), False, Reply.EXCEEDED, b"MemoryError"),
        (RecursionError("CANARY"), False, Reply.EXCEEDED, b"RecursionError"),
        (OSError(27, "CANARY"), False, Reply.EXCEEDED, b"OSError"),
        (KeyError("CANARY"), False, Reply.FAILED, b"KeyError"),
    ],
)
def test_a_failure_is_told_without_quoting(error: Exception, goes_on: bool, kind: Reply, body: bytes) -> None:
    """Only our own refusals have words; after anything unexpected the process is not used again."""
    went_on, frame = answered(raising(error))

    assert (goes_on, kind, body) == (went_on, frame.kind, frame.body)


def test_an_unknown_task_fails() -> None:
    """The table of tasks is closed."""
    assert Reply.FAILED == answered(lambda body, contents: Answer(body), kind=99)[1].kind


def test_every_codec_that_mail_may_name_exists() -> None:
    """A charset on the allow-list that Python does not know would fail at every start."""
    load_codecs()
