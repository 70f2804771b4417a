"""A worker of the pool: our own bounded scanners, and sealing to public keys. Long-lived, one request at a time.

Everything is imported, then everything is taken away, then that is tried; only then is a hostile byte read. It ends
with the gateway's end of its socket, or with the gateway.
"""

from __future__ import annotations

import socket
import sys
import time

import msgspec

from gateway.engine.workshop import drills, frames, probe
from gateway.engine.workshop.confine import MIB, Bounds, Level, confine
from gateway.engine.workshop.frames import SOCKET, Frame, Reply, Task
from gateway.engine.workshop.orders import EncryptOrder, Ready, SkeletonAnswer, SkeletonOrder, encode
from gateway.engine.workshop.serving import DESCRIPTORS, Answer, Content, Job, load_codecs, serve
from gateway.intake import mail
from gateway.intake.fault import Fault
from gateway.seal.pen import Pen

LIFE_CPU_SECONDS = 600
"""A worker retires after so much work: what was taken unseen, or leaks, does not stay."""
_BOUNDS = Bounds(memory_bytes=512 * MIB, cpu_seconds=LIFE_CPU_SECONDS + 60, file_bytes=64 * MIB)

_skeleton_order = msgspec.msgpack.Decoder(SkeletonOrder).decode
_encrypt_order = msgspec.msgpack.Decoder(EncryptOrder).decode


def main() -> None:
    """Confine, prove it, serve until the gateway hangs up."""
    with socket.socket(fileno=SOCKET) as sock:
        try:
            load_codecs()
            jobs = _jobs(with_drills="drills" in sys.argv)
            mechanisms = confine(_BOUNDS, keep=(SOCKET,), level=Level.LIMITS if "limits" in sys.argv else Level.FULL)
            ready = Ready(mechanisms=mechanisms, denied=probe.denied())
        except Exception as why:  # nothing hostile was read yet, so what it says may be told
            frames.send(sock, Frame(0, Reply.FAILED, f"{type(why).__name__}: {why}".encode("ascii", "replace")))
            return
        frames.send(sock, Frame(0, Reply.READY, encode(ready)))
        while frame := frames.receive(sock, descriptors=DESCRIPTORS):
            if not serve(sock, frame, jobs, is_last=time.process_time() > LIFE_CPU_SECONDS):
                return


def _jobs(*, with_drills: bool) -> dict[int, Job]:
    pen = Pen()

    def encrypt(body: bytes, contents: tuple[Content, ...]) -> Answer:
        order = _encrypt_order(body)
        return Answer(pen.encrypt(contents[0][:] if contents else order.content, order.certificate))

    jobs: dict[int, Job] = {Task.SKELETON: _skeleton, Task.ENCRYPT: encrypt}
    if with_drills:
        jobs[Task.DRILL] = drills.drill
    return jobs


def _skeleton(body: bytes, contents: tuple[Content, ...]) -> Answer:
    order = _skeleton_order(body)
    found = mail.skeleton(contents[0] if contents else order.content, order.limits)
    answer = SkeletonAnswer(fault=found) if isinstance(found, Fault) else SkeletonAnswer(skeleton=found)
    return Answer(encode(answer))
