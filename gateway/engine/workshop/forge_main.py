"""The forge: imports the parsers once, then forks a throw-away child for each document. It reads no document itself.

A child takes one order from a socket of its own, takes from itself everything else, answers and ends. The forge dies
with the gateway and its children die with it.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress

from gateway.engine.workshop import documents, drills, frames, probe
from gateway.engine.workshop.confine import MIB, Bounds, Level, confine
from gateway.engine.workshop.frames import SOCKET, Frame, Reply, Task
from gateway.engine.workshop.orders import Ready, encode
from gateway.engine.workshop.serving import DESCRIPTORS, Answer, Job, load_codecs, serve

_FORGE = Bounds(memory_bytes=1024 * MIB, cpu_seconds=24 * 3600, file_bytes=1024 * MIB, may_fork=True)
_CHILD_MEMORY_BYTES, _CHILD_CPU_SECONDS = 1024 * MIB, 20
NICE = 5
"""Cleaning waits for clients that are being answered, never the other way round."""


def main() -> None:
    """Confine, then fork as asked until the gateway hangs up."""
    level = Level.LIMITS if "limits" in sys.argv else Level.FULL
    jobs: dict[int, Job] = {
        Task.INSPECT: documents.inspect,
        Task.CLEAN: documents.clean,
        Task.VERIFY: documents.verify,
    }
    if "drills" in sys.argv:
        jobs[Task.DRILL] = drills.drill
    sock = _socket()
    with suppress(PermissionError):  # a unit may deny @resources; it is manners, not a wall
        os.nice(NICE)
    try:
        load_codecs()
        ready = Ready(mechanisms=confine(_FORGE, keep=(SOCKET,), level=level), denied=())
    except Exception as why:  # nothing hostile was read yet, so what it says may be told
        frames.send(sock, Frame(0, Reply.FAILED, f"{type(why).__name__}: {why}".encode("ascii", "replace")))
        return
    gc.freeze()  # what is imported stays shared with the children
    frames.send(sock, Frame(0, Reply.READY, encode(ready)))
    while order := frames.receive(sock, descriptors=1):
        _fork(sock, order, jobs, level)


def _fork(sock: socket.socket, order: Frame, jobs: Mapping[int, Job], level: Level) -> None:
    _reap()
    (descriptor,) = order.descriptors
    child = os.fork()
    if child == 0:
        try:
            os.dup2(descriptor, SOCKET, inheritable=False)
            _serve_one(_socket(), jobs, level)
        finally:
            os._exit(0)
    os.close(descriptor)
    handle = os.pidfd_open(child)
    frames.send(sock, Frame(order.serial, Reply.ANSWER, b"", (handle,)))
    os.close(handle)


def _serve_one(sock: socket.socket, jobs: Mapping[int, Job], level: Level) -> None:
    untrusted = frames.receive(sock, descriptors=DESCRIPTORS)
    if untrusted is None:
        return
    size = sum(os.fstat(descriptor).st_size for descriptor in untrusted.descriptors)
    bounds = Bounds(memory_bytes=_CHILD_MEMORY_BYTES, cpu_seconds=_CHILD_CPU_SECONDS, file_bytes=2 * size + MIB)
    mechanisms = confine(bounds, keep=(SOCKET, *untrusted.descriptors), level=level)
    if untrusted.kind == Task.PROBE:
        tried = encode(Ready(mechanisms=mechanisms, denied=probe.denied()))
        jobs = {Task.PROBE: lambda body, contents: Answer(tried)}
    serve(sock, untrusted, jobs)


def _reap() -> None:
    """Collect children that have ended. One at most lies unburied until the next order."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _socket() -> socket.socket:
    # Its kind is named because finding it out takes calls the filter denies.
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=SOCKET)
