"""What a rehearsed office lives under: a clock that can jump, and a name server that can fall silent."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from gateway.commands.demo.unplug.rehearsal.sitecustomize import VARIABLE

RELAY = "relay.court.test"
"""The one name the name server knows: the mail server outside, on this machine."""
MINUTE_MS = 60_000
_HERE = Path(__file__).parent / "rehearsal"
_PACKAGE = Path(__file__).parents[4]


@dataclass(slots=True)
class NameServer:
    """A name server on loopback, over UDP."""

    port: int
    _socket: socket.socket | None = None
    _thread: threading.Thread | None = field(default=None)

    def starts(self) -> None:
        """Answer."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=_serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def falls_silent(self) -> None:
        """Questions still arrive, and nobody answers. Harmless when repeated."""
        self.stops()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))

    def stops(self) -> None:
        """Gone. Harmless when repeated."""
        if self._socket is not None:
            if self._thread is not None:
                self._socket.sendto(b"", self._socket.getsockname())  # the end, to whoever listens
                self._thread.join()
            self._socket.close()
        self._socket = self._thread = None


def _serve(asked: socket.socket) -> None:
    while True:
        untrusted, whom = asked.recvfrom(4096)
        if not untrusted:
            return
        try:
            question = dns.message.from_wire(untrusted)
        except dns.exception.DNSException:
            continue
        answer = dns.message.make_response(question)
        name, kind = question.question[0].name, question.question[0].rdtype
        if name.to_text(omit_final_dot=True).lower() != RELAY:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif kind == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(name, 1, "IN", "A", "127.0.0.1"))
        asked.sendto(answer.to_wire(), whom)


@dataclass(slots=True)
class Conditions:
    """The conditions, as files every process of the office reads."""

    folder: Path
    names: NameServer
    _ahead_ms: int = 0

    def begin(self) -> Mapping[str, str]:
        """Everything as it should be; what goes into the environment of the office's processes."""
        self.folder.mkdir()
        (self.folder / "names").write_text(str(self.names.port), "ascii")
        self.clock_jumps(0)
        self.names.starts()
        return {VARIABLE: str(self.folder), "PYTHONPATH": os.pathsep.join((str(_HERE), str(_PACKAGE)))}

    def clock_jumps(self, by_ms: int) -> None:
        """The office's clock is that much later at once, or earlier."""
        self._ahead_ms += by_ms
        new = self.folder / "clock.new"
        new.write_text(str(self._ahead_ms), "ascii")
        new.replace(self.folder / "clock")

    def passes(self, minutes: int) -> None:
        """That much time passes."""
        self.clock_jumps(minutes * MINUTE_MS)
