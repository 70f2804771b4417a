"""The stage: a folder that will not be there afterwards, the cast, and what one scene leaves for the next."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from gateway.commands.demo.cast import ENDING, NotAsItShould, Office, Outside, Recipient, Sent, free_base
from gateway.commands.loopback import OUTSIDE
from gateway.errors import Misconfigured


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything a scene can see."""

    folder: Path
    office: Office
    outside: Outside
    registry: Recipient
    """At the court, with a key that is vouched for."""
    clerk: Recipient
    """At the court too; the office does not know their key yet."""
    bundle: Path
    """What the auditor carries away."""
    _sent: list[Sent] = field(default_factory=list)

    @property
    def sent(self) -> Sent:
        """The message of the play. Raises if it has not been sent."""
        if not self._sent:
            raise NotAsItShould("nothing was sent")
        return self._sent[-1]

    def remember(self, sent: Sent) -> None:
        """Keep the answer for the scenes that follow."""
        self._sent.append(sent)


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage; when this ends, even by a signal, every process has ended and the folder is gone.

    Raises `Misconfigured` if gpg is missing.
    """
    if shutil.which("gpg") is None:
        raise Misconfigured("gpg is not installed, and the demo's recipients read with it (Debian: apt install gnupg)")
    base = free_base()
    with _signals_end_it(), ExitStack() as cleared:
        # Short: the sockets of gpg's agents lie in here, and a socket's path has 108 bytes.
        folder = Path(cleared.enter_context(tempfile.TemporaryDirectory(prefix="sealgate-")))
        registry = Recipient("registry@court.test", folder / "r")
        clerk = Recipient("clerk@court.test", folder / "c")
        office, outside = Office(folder / "office", base), Outside(base + OUTSIDE)
        for leave in (registry.leaves, clerk.leaves, outside.stops, office.closes):
            cleared.callback(leave)
        yield Stage(
            folder=folder,
            office=office,
            outside=outside,
            registry=registry,
            clerk=clerk,
            bundle=folder / "auditor" / "transfer.tlog-proof",
        )


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """SIGTERM and SIGHUP clear the stage like Ctrl-C; while it is cleared, no further signal interrupts."""

    def end(number: int, _: FrameType | None) -> None:
        for name in ENDING:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    before = [(name, signal.signal(name, end)) for name in ENDING]
    try:
        yield
    finally:
        for name, handler in before:
            signal.signal(name, handler)
