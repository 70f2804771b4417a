"""A mail client without manners: it says exactly the bytes it is told, and hears exactly what comes back."""

from __future__ import annotations

import base64
import socket
import ssl
import struct
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

PATIENCE_S = 30.0


class Closed(Exception):
    """The other side has gone."""


@dataclass(slots=True)
class Talk:
    """One connection to a submission door."""

    port: int
    ca: Path
    is_tls_at_once: bool = True
    sock: socket.socket = field(init=False)
    _heard: bytes = b""

    def __enter__(self) -> Talk:
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        if self.is_tls_at_once:
            self.secure()
        assert 220 == self.hears()[0]
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self.sock.close()

    def secure(self) -> None:
        """The TLS handshake."""
        context = ssl.create_default_context(cafile=str(self.ca))
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")

    def says(self, untrusted: bytes) -> None:
        """Bytes, as they are."""
        try:
            self.sock.sendall(untrusted)
        except OSError as gone:
            raise Closed from gone

    def hears(self) -> tuple[int, str]:
        """One reply: its code and all its lines. Raises `Closed`."""
        lines = []
        while not lines or lines[-1][3:4] == "-":
            lines.append(self._line())
        return int(lines[-1][:3]), "\n".join(lines)

    def asks(self, line: bytes | str) -> tuple[int, str]:
        """One command, one reply."""
        self.says((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.hears()

    def signs_in(self, address: str, secret_password: str) -> None:
        """EHLO and AUTH PLAIN."""
        assert 250 == self.asks("EHLO there.test")[0]
        given = base64.b64encode(f"\0{address}\0{secret_password}".encode()).decode()
        assert 235 == self.asks(f"AUTH PLAIN {given}")[0]

    def addresses(self, sender: str, *recipients: str) -> None:
        """MAIL, RCPT and DATA, each of which must be taken."""
        answers = [self.asks(f"MAIL FROM:<{sender}>"), *(self.asks(f"RCPT TO:<{one}>") for one in recipients)]
        assert {250} == {code for code, _ in answers}, answers
        assert 354 == self.asks("DATA")[0]

    def is_left(self) -> bool:
        """True if the other side closes now."""
        try:
            while self.hears():
                pass
        except Closed:
            return True
        except TimeoutError:
            return False
        return False

    def resets(self) -> None:
        """RST instead of a goodbye."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def _line(self) -> str:
        while b"\r\n" not in self._heard:
            try:
                more = self.sock.recv(65536)
            except (ConnectionError, ssl.SSLError) as gone:
                raise Closed from gone
            if not more:
                raise Closed
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\r\n")
        return line.decode("latin-1")
