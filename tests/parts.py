"""The gateway's parts as programs of their own, each waiting at a socket: what systemd does with them, without it.

A socket is held here and outlives whoever serves it. When somebody comes to it the program is started, with the socket
passed as systemd passes one (sd_listen_fds(3)); when the program has ended and somebody comes again, so is it.
"""

from __future__ import annotations

import selectors
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from tests import clockwork
from tests.house import ROOT, SEALGATE, WITH_A_CLOCK, House
from tests.world import eventually

PASSED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(slots=True)
class Part:
    """One socket, and the program behind it."""

    name: str
    place: Path
    kind: socket.SocketKind
    words: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    _listener: socket.socket | None = None
    _leave: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def holds(self) -> None:
        """The socket is there from now on."""
        self._leave.clear()
        self.place.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, self.kind)
        self._listener.bind(str(self.place))
        self._listener.listen(16)
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._thread.start()

    def dies(self) -> None:
        """kill -9; at its socket somebody is still expected."""
        assert self.process is not None
        self.process.kill()

    def leaves(self) -> None:
        """The program and its socket are gone."""
        self._leave.set()
        if self.process is not None:
            self.process.kill()
        if self._thread is not None:
            self._thread.join(30)
        if self._listener is not None:
            self._listener.close()

    def _serve(self, listener: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(listener, selectors.EVENT_READ)
            while not self._leave.is_set():
                if ready.select(0.05) and not self._leave.is_set():
                    self._run(listener)

    def _run(self, listener: socket.socket) -> None:
        command = [sys.executable, "-S", "-c", PASSED, str(listener.fileno()), *self.words]
        with (self.place.parent / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, pass_fds=(listener.fileno(),), stdout=log, stderr=log, cwd=ROOT, env=self.environment
            )
        self.starts += 1
        self.process.wait()


@dataclass(slots=True)
class Apart:
    """A house whose scribe and workshop are not its gateway's children."""

    house: House
    workshop: Part
    scribe: Part

    @classmethod
    def of(cls, house: House) -> Apart:
        """Before it opens."""
        sockets, environment = Path(tempfile.mkdtemp(prefix="p")), dict(house.environment)
        sealgate = WITH_A_CLOCK if clockwork.VARIABLE in environment else SEALGATE
        part = [*sealgate, "--office", str(house.folder), "part"]
        workshop = Part("workshop", sockets / "workshop.sock", socket.SOCK_SEQPACKET, [*part, "workshop"], environment)
        scribe = Part("scribe", sockets / "scribe.sock", socket.SOCK_STREAM, [*part, "scribe"], environment)
        house.serves_with = ["--scribe", str(scribe.place), "--workshop", str(workshop.place)]
        workshop.holds()
        scribe.holds()
        return cls(house, workshop, scribe)

    def gives_the_key_to_the_scribe(self) -> None:
        """The key that signs the ledger leaves the office's folder; the scribe alone gets it, as a credential."""
        given = self.scribe.place.parent / "given"
        given.mkdir(mode=0o700)
        (self.house.folder / "var" / "keys" / "ledger.seed").rename(given / "ledger.seed")
        self.scribe.environment["CREDENTIALS_DIRECTORY"] = str(given)

    def takes(self, sender: str, message: EmailMessage, to: list[str]) -> None:
        """Sent until it is taken in: a mail program that is asked to come again does."""

        def is_taken() -> bool:
            try:
                return self.house.staff(sender).sends(message, to)[0] == 250
            except smtplib.SMTPDataError as why:
                if why.smtp_code != 451:
                    raise
                return False

        assert eventually(is_taken, 120)

    def gateway_pid(self) -> int:
        """Of the gateway that runs."""
        assert self.house.process is not None
        return self.house.process.pid

    def ends_by_itself(self) -> int:
        """Wait for the gateway's end; its exit code."""
        assert self.house.process is not None
        code = self.house.process.wait(30)
        self.house.process = None
        return code

    def ends(self) -> None:
        """Everything."""
        self.house.dies()
        for part in (self.workshop, self.scribe):
            part.leaves()
        shutil.rmtree(self.workshop.place.parent)
