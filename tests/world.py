"""The world around the gateway, real where it can be: a partner's mail server and key, a staff member's mail client.

Everything listens on loopback and stops by itself.
"""

from __future__ import annotations

import asyncio
import email
import io
import logging
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from PIL import Image


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the partner's server took it: the envelope, every byte, and over what."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    was_encrypted: bool


class _Patient(Controller):
    """Lets its connections close before its loop stops; one that is still closing then is a leak, in another test."""

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        """Stop, a moment later."""
        super().cancel_tasks(stop_loop=False)
        if stop_loop:
            self.loop.call_later(0.05, self.loop.stop)


@dataclass
class PartnerServer:
    """A real SMTP server with STARTTLS, standing for the outside. `answer` may refuse or delay.

    Without slots: aiosmtpd looks at every member of it, and Debian 12's Python 3.11.2 cannot with slots.
    """

    port: int
    certificate: Path
    key: Path
    answer: Callable[[str], str | None] = lambda recipient: None
    """Per recipient: a reply that refuses, or None to take it."""
    arrivals: list[Arrival] = field(default_factory=list)
    _controller: Controller | None = None
    _silence: socket.socket | None = None
    _tries: list[str] = field(default_factory=list)
    _is_hesitating: bool = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one recipient; while it hesitates, neither."""
        self._tries.append(address)
        while self._is_hesitating:
            await asyncio.sleep(0.02)
        refusal = self.answer(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message."""
        content = envelope.original_content or b""
        self.arrivals.append(
            Arrival(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, session.ssl is not None)
        )
        return "250 2.0.0 Taken"

    def start(self) -> None:
        """Listen."""
        self.stop()
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the partner's own log may tell what it likes
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self._controller = _Patient(
            self, hostname="127.0.0.1", port=self.port, tls_context=context, require_starttls=True,
            data_size_limit=128 * 1024 * 1024,
        )  # fmt: skip
        self._controller.start()

    def hesitates(self) -> None:
        """From now on, leave every recipient without an answer."""
        self._is_hesitating = True

    def proceeds(self) -> None:
        """Answer again."""
        self._is_hesitating = False

    def is_silent(self) -> None:
        """Take connections and say nothing, until started or stopped."""
        self._silence = socket.create_server(("127.0.0.1", self.port), backlog=64)

    def stop(self) -> None:
        """Stop listening."""
        if self._silence is not None:
            self._silence.close()
            self._silence = None
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def awaits(self, recipient: str, count: int = 1) -> list[bytes]:
        """What came for one recipient, once that many messages have. Fails if they do not."""
        assert eventually(lambda: len(self.received(recipient)) >= count), f"nothing came for {recipient}"
        return self.received(recipient)

    def tries(self, recipient: str) -> int:
        """How often somebody began to hand over a message for this recipient."""
        return self._tries.count(recipient)

    def awaits_a_try(self, recipient: str, count: int = 1) -> None:
        """Wait for that many tries. Fails if they do not come."""
        assert eventually(lambda: self.tries(recipient) >= count), f"nobody tried to reach {recipient}"

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

    def opens_file(self, content: bytes) -> bytes:
        """What an encrypted file holds. Raises if it cannot be read."""
        return self._gpg("--decrypt", given=content)

    def opens(self, message: bytes) -> EmailMessage:
        """The message inside a PGP/MIME one, as a mail program shows it."""
        return email.message_from_bytes(self.reads(message), policy=policy.default)

    def keys_named_in(self, message: bytes) -> int:
        """To how many keys a message says it is encrypted, whoever looks at it."""
        start = message.index(b"-----BEGIN PGP MESSAGE-----")
        packets = self._gpg("--list-packets", given=message[start:] + b"\n")
        return packets.count(b":pubkey enc packet:")

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
class Sent:
    """What a mail program was told: the last reply, and each refused recipient's."""

    code: int
    reply: str
    refused: dict[str, str]

    @property
    def transfer(self) -> str:
        """The transfer's id, as the reply names it."""
        return self.reply.partition("Kept as ")[2].split(";")[0].split()[0].rstrip(".")


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
        sent = self.hands_in(message, to)
        if len(sent.refused) == len(to):
            raise smtplib.SMTPRecipientsRefused({who: (550, said.encode()) for who, said in sent.refused.items()})
        if sent.code != 250:
            raise smtplib.SMTPDataError(sent.code, sent.reply)
        return sent.code, sent.reply

    def hands_in(self, message: EmailMessage | bytes, to: list[str]) -> Sent:
        """Send one message and hear everything: a refusal is an answer too. Without a recipient left, no DATA."""
        content = message if isinstance(message, bytes) else message.as_bytes()
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        with self.connected() as session:
            code, reply = session.mail(self.address)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, reply, self.address)
            answers = {recipient: session.rcpt(recipient) for recipient in to}
            refused = {who: f"{code} {said.decode()}" for who, (code, said) in answers.items() if code != 250}
            if len(refused) < len(to):
                code, reply = session.data(content)
        return Sent(code, reply.decode(), refused)


# ── other people's mail programs ─────────────────────────────────────────────────────────────────────────────────────


def by_smtplib(client: MailClient, to: str, words: str) -> None:
    """Python's own, as a script would use it."""
    with client.connected() as session:
        assert {} == session.send_message(letter(client.address, to, "[case] by smtplib", words + "\n"))


def by_swaks(client: MailClient, to: str, words: str) -> None:
    """swaks, with STARTTLS."""
    _swaks(client, to, words, "--tls", "--port", str(client.port))


def by_swaks_at_once(client: MailClient, to: str, words: str) -> None:
    """swaks, with TLS from the first byte on the port for that."""
    _swaks(client, to, words, "--tls-on-connect", "--port", str(client.port - 587 + 465))


def _swaks(client: MailClient, to: str, words: str, *how: str) -> None:
    _program(
        "swaks", "--server", "localhost", *how, "--tls-verify", "--tls-ca-path", str(client.ca),
        "--auth", "LOGIN", "--auth-user", client.address, "--auth-password", client.secret_password,
        "--from", client.address, "--to", to, "--header", "Subject: [case] by swaks", "--body", words,
    )  # fmt: skip


def by_mutt(client: MailClient, to: str, words: str) -> None:
    """mutt, with a settings file."""
    with tempfile.TemporaryDirectory() as home:
        settings = Path(home) / "muttrc"
        settings.write_text(
            f'set from="{client.address}"\nset smtp_url="smtp://{client.address}@localhost:{client.port}/"\n'
            f'set smtp_pass="{client.secret_password}"\nset certificate_file="{client.ca}"\n'
            "set ssl_starttls=yes\nset ssl_force_tls=yes\nset copy=no\nset realname='Jo Hart'\n"
        )
        _program("mutt", "-n", "-F", str(settings), "-s", "[case] by mutt", "--", to, given=words, HOME=home)


def by_msmtp(client: MailClient, to: str, words: str) -> None:
    """msmtp, which hands on what it is given."""
    with tempfile.TemporaryDirectory() as home:
        settings = Path(home) / "msmtprc"
        settings.touch(mode=0o600)
        settings.write_text(
            f"account default\nhost localhost\nport {client.port}\ntls on\ntls_starttls on\n"
            f"tls_trust_file {client.ca}\nauth on\nuser {client.address}\npassword {client.secret_password}\n"
            f"from {client.address}\n"
        )
        message = letter(client.address, to, "[case] by msmtp", words + "\n").as_string()
        _program("msmtp", f"--file={settings}", to, given=message, HOME=home)


def _program(*command: str, given: str = "", **environment: str) -> None:
    done = subprocess.run(
        command, input=given.encode(), capture_output=True, env={**os.environ, **environment}, timeout=60, check=False
    )
    assert 0 == done.returncode, f"{command[0]}: {(done.stdout + done.stderr).decode(errors='replace')[-1500:]}"


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody on another machine: an empty folder, the product, a public key, and the bundles they are handed."""

    folder: Path
    ledger_key: str

    def verifies(self, bundle: bytes) -> tuple[int, str]:
        """`sealgate ledger verify BUNDLE --key KEY` and nothing else to go by: the exit code and what it said."""
        with tempfile.TemporaryDirectory(dir=self.folder) as elsewhere:
            path = Path(elsewhere) / "bundle"
            path.write_bytes(bundle)
            command = [sys.executable, "-P", "-m", "gateway.commands.main", "ledger", "verify", str(path)]
            environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": elsewhere}
            done = subprocess.run(
                [*command, "--key", self.ledger_key], capture_output=True, cwd=elsewhere, env=environment, check=False
            )
        return done.returncode, (done.stdout + done.stderr).decode()


def attached(message: EmailMessage, name: str, content: bytes, media: str) -> EmailMessage:
    """The message, with a file."""
    kind, _, form = media.partition("/")
    message.add_attachment(content, kind, form, filename=name)
    return message


def attachment(message: EmailMessage, name: str) -> bytes:
    """A file as the receiver saves it. Fails if it is not there."""
    found = [part.get_payload(decode=True) for part in message.walk() if part.get_filename() == name]
    assert len(found) == 1, f"{len(found)} files called {name}"
    return bytes(found[0])


def photo(latitude: float, longitude: float) -> bytes:
    """A photograph that says where it was taken, as a telephone makes them."""
    picture, exif = Image.linear_gradient("L").resize((96, 64)), Image.Exif()
    exif[0x0110] = "Telephone 7"
    where = {1: "N", 2: (latitude, 0.0, 0.0), 3: "E", 4: (longitude, 0.0, 0.0)}
    exif.get_ifd(0x8825).update(where)
    content = io.BytesIO()
    picture.save(content, "jpeg", exif=exif)
    return content.getvalue()


def says_where(jpeg: bytes) -> bool:
    """True if the picture says where it was taken, or by what."""
    exif = Image.open(io.BytesIO(jpeg)).getexif()
    return bool(exif.get_ifd(0x8825)) or 0x0110 in exif


def same_picture(one: bytes, other: bytes) -> bool:
    """True if both look the same, pixel for pixel."""
    return Image.open(io.BytesIO(one)).tobytes() == Image.open(io.BytesIO(other)).tobytes()


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
