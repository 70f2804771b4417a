"""The world around the gateway, real where it can be: a partner's mail server and key, a staff member's mail client.

Everything listens on loopback and stops by itself.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the partner's server took it: the envelope, every byte, and over what."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    was_encrypted: bool


@dataclass(slots=True)
class PartnerServer:
    """A real SMTP server with STARTTLS, standing for the outside. `answer` may refuse or delay."""

    port: int
    certificate: Path
    key: Path
    answer: Callable[[str], str | None] = lambda recipient: None
    """Per recipient: a reply that refuses, or None to take it."""
    arrivals: list[Arrival] = field(default_factory=list)
    _controller: Controller | None = None

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        """Take or refuse one recipient."""
        refusal = self.answer(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message."""
        content = envelope.original_content or b""
        self.arrivals.append(
            Arrival(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, session.ssl is not None)
        )
        return "250 2.0.0 Taken"

    def start(self) -> None:
        """Listen."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=context, require_starttls=True,
            data_size_limit=128 * 1024 * 1024,
        )  # fmt: skip
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def received(self, recipient: str) -> list[bytes]:
        """Every message that came for one recipient."""
        return [arrival.content for arrival in list(self.arrivals) if recipient in arrival.recipients]


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody outside with an OpenPGP key of their own, made and used by gpg."""

    address: str
    home: Path

    @classmethod
    def born(cls, address: str, folder: Path, *, expires: str = "never") -> Correspondent:
        """Generate a key. The home's path must stay short: gpg-agent's socket lives in it."""
        home = Path(tempfile.mkdtemp(prefix="g", dir=folder))
        home.chmod(0o700)
        correspondent = cls(address, home)
        correspondent._gpg("--quick-gen-key", address, "ed25519", "cert,sign", expires)
        fingerprint = correspondent.fingerprint
        correspondent._gpg("--quick-add-key", fingerprint, "cv25519", "encr", expires)
        return correspondent

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint in capital hex."""
        listing = self._gpg("--with-colons", "--list-keys").decode()
        return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))

    @property
    def certificate(self) -> bytes:
        """The public part, armoured."""
        return self._gpg("--armor", "--export")

    def reads(self, message: bytes) -> bytes:
        """The plain text of a PGP/MIME message, or of a bare armoured one. Raises if it cannot be read."""
        start = message.index(b"-----BEGIN PGP MESSAGE-----")
        end = message.index(b"-----END PGP MESSAGE-----") + len(b"-----END PGP MESSAGE-----\n")
        return self._gpg("--decrypt", given=message[start:end] + b"\n")

    def dies(self) -> None:
        """Stop the agent and remove the home."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--pinentry-mode", "loopback",
                   "--passphrase", "", "--trust-model", "always", *words]  # fmt: skip
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
        if done.returncode:
            raise AssertionError(f"gpg {words[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout


@dataclass(frozen=True, slots=True)
class MailClient:
    """A staff member's mail client: SMTP submission with TLS and a password."""

    address: str
    secret_password: str
    port: int
    ca: Path

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """A signed-in session."""
        with smtplib.SMTP("localhost", self.port, timeout=60) as session:
            session.starttls(context=ssl.create_default_context(cafile=str(self.ca)))
            session.login(self.address, self.secret_password)
            yield session

    def sends(self, message: EmailMessage | bytes, to: list[str]) -> tuple[int, str]:
        """Send one message; the reply to DATA. Raises smtplib's errors for what is refused."""
        content = message if isinstance(message, bytes) else message.as_bytes()
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        with self.connected() as session:
            code, reply = session.mail(self.address)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, reply, self.address)
            refused = {}
            for recipient in to:
                code, reply = session.rcpt(recipient)
                if code != 250:
                    refused[recipient] = (code, reply)
            if len(refused) == len(to):
                raise smtplib.SMTPRecipientsRefused(refused)
            code, reply = session.data(content)
            if code != 250:
                raise smtplib.SMTPDataError(code, reply)
            return code, reply.decode()


def letter(sender: str, to: str, subject: str, body: str = "See attached.\n") -> EmailMessage:
    """A plain message."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{os.urandom(8).hex()}@{sender.partition('@')[2]}>"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message.set_content(body)
    return message


def eventually(claim: Callable[[], bool], within_s: float = 20.0) -> bool:
    """True as soon as the claim holds; False if it does not in time. Waiting for another process is not a sleep."""
    end = time.monotonic() + within_s
    tick = threading.Event()
    while time.monotonic() < end:
        if claim():
            return True
        tick.wait(0.05)
    return claim()
