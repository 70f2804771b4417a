"""What each station costs alone, for one 4 KB message: scrub, seal, ledger."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.intake.fault import Fault
from gateway.intake.mail import skeleton
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.composing import Statement, compose
from gateway.ledger.leaf import CLASSES
from gateway.ledger.merkle import Frontier
from gateway.scrub.mail import MailPlan
from gateway.scrub.mail import compose as compose_mail
from gateway.seal.packets import dearmor
from gateway.seal.pen import Pen
from gateway.skeleton import Limits
from tests.benchmarks.load import message
from tests.world import Correspondent

ROUNDS = 300


def timed(work: Callable[[], object]) -> float:
    """Median milliseconds of CPU-bound work."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def table() -> str:
    """One row a station."""
    content = message("alena@town.test", "registry@court.test", "1", 4096)
    read = skeleton(content, Limits())
    assert not isinstance(read, Fault)
    plan = MailPlan(received="by mail.town.test", seed=bytes(32))
    with tempfile.TemporaryDirectory(prefix="g") as name:
        correspondent = Correspondent.born("registry@court.test", Path(name))
        certificate = dearmor(correspondent.certificate)
        correspondent.dies()
    pen = Pen()
    signer = Signer("bench.test/ledger", os.urandom(32))
    frontier = Frontier()

    def entry() -> None:
        nonlocal frontier
        made = compose(
            Statement(kind="sealed", x=bytes(16), leg=0, values=(("snd", (("addr", "alena@town.test"),)),)),
            time_ms=0,
            gateway="gw1",
            secrets={cls: os.urandom(32) for cls in CLASSES},
        )
        frontier = frontier.extend([made.hash])
        signer.sign(format_checkpoint("bench.test/ledger", frontier.size, frontier.root()))

    rows = {
        "intake: skeleton of the mail": timed(lambda: skeleton(content, Limits())),
        "scrub: compose the clean copy": timed(lambda: b"".join(compose_mail(content, read, plan).whole())),
        "seal: OpenPGP to one recipient, read back": timed(lambda: pen.encrypt(content, certificate)),
        "ledger: one entry, tree and signed head": timed(entry),
    }
    lines = ["| station | ms |", "|---|---|", *(f"| {name} | {value:.2f} |" for name, value in rows.items())]
    return "\n".join(lines)
