"""Mail servers that are no help: one hangs up at once, one never says a word. Both keep every byte they are given."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Mute:
    """Takes connections; hangs up at once if it `hangs_up`, else says nothing."""

    port: int
    hangs_up: bool
    seen: bytearray = field(default_factory=bytearray)
    calls: int = 0
    _door: socket.socket | None = None
    _thread: threading.Thread | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def listens(self) -> None:
        """From now on it takes connections."""
        door = self._door = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, args=(door,), daemon=True)
        self._thread.start()

    def stops(self) -> None:
        """Gone, and every connection with it. Harmless when repeated."""
        if self._door is not None:
            with suppress(OSError):
                self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
        if self._thread is not None:
            self._thread.join()
        for one in self._open:
            one.setblocking(False)
            with suppress(OSError):
                self.seen += one.recv(65536)
            one.close()
        self._door = self._thread = None
        self._open.clear()

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                caller, _ = door.accept()
            except OSError:
                return
            self.calls += 1
            if self.hangs_up:
                caller.close()
            else:
                self._open.append(caller)
