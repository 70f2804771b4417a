"""The players: an office with the real gateway, a mail server outside, and people there with keys of their own.

Everything is a real program: `sealgate` itself in processes of its own, aiosmtpd with STARTTLS, gpg. They meet on
loopback and nowhere else.
"""

from __future__ import annotations

import os
import random
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.commands.init import FirstDay
from gateway.commands.loopback import OUTSIDE
from gateway.errors import Misconfigured

PATIENCE_S = 30.0
DRAIN_S = 20.0
LARGEST = 128 * 1024 * 1024
BASES = range(10_000, 24_000, 53)
"""Below the ports that systems lend to clients."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end the play."""

_PACKAGE = Path(__file__).parents[3]
_SEALGATE = (sys.executable, "-P", "-m", "gateway.commands.main")


class NotAsItShould(Exception):
    """Something in the play was not as it should be; its words say what."""


def eventually(claim: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """True as soon as the claim holds; False if it does not in time."""
    end = time.monotonic() + within_s
    while not claim():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals wait until this ends: a process that was started but not yet noted down could be ended by nobody."""
    held: list[int] = []
    before = [(number, signal.signal(number, lambda number, _: held.append(number))) for number in ENDING]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
        for caught in held:
            signal.raise_signal(caught)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the gateway answered to one message."""

    reply: str
    refused: dict[str, str]

    @property
    def transfer(self) -> str:
        """The transfer's id, as the reply names it."""
        return self.reply.partition("Kept as ")[2].split(";")[0].split()[0].rstrip(".")


@dataclass(slots=True)
class Office:
    """A throw-away office: `sealgate init`, `sealgate serve` and the verbs its people use."""

    folder: Path
    base: int
    environment: dict[str, str] = field(default_factory=dict)
    """What its processes get beside ours."""
    _first_day: FirstDay | None = None
    _serving: subprocess.Popen[bytes] | None = None

    @property
    def first_day(self) -> FirstDay:
        """What `init` told: accounts, ports, the CA and the ledger's key."""
        if self._first_day is None:
            raise NotAsItShould("the office is not laid out yet")
        return self._first_day

    def lays_out(self) -> None:
        """`sealgate init`."""
        told = self._sealgate(["init", str(self.folder), "--loopback", str(self.base), "--json"])
        self._first_day = msgspec.json.decode(told, type=FirstDay)
        for account in self.first_day.accounts:
            secret = self._secret(account.address)
            secret.touch(mode=0o600)
            secret.write_text(account.password)

    def changes(self, name: str, old: str, new: str) -> None:
        """Edit a rule file, in its first place that reads like this."""
        path = self.folder / "rules" / name
        text = path.read_text("utf-8")
        if old not in text:
            raise NotAsItShould(f"rules/{name} does not say {old!r}")
        path.write_text(text.replace(old, new, 1), "utf-8")

    def publishes(self, first: str, second: str, why: str) -> str:
        """`sealgate rules publish`, signed by two."""
        signed = ["--second", second, "--second-password-file", str(self._secret(second))]
        return self.does("rules", "publish", *signed, "--why", why, by=first)

    def does(self, *words: str, by: str = "", expected: int = 0) -> str:
        """Run a verb, signed by a person if named; what it printed. Raises if it ends otherwise than expected."""
        signed = ["--as", by, "--password-file", str(self._secret(by))] if by else []
        return self._sealgate(["--office", str(self.folder), *words, *signed], expected).decode()

    # ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────

    def opens(self) -> None:
        """`sealgate serve`, in a session of its own, so that Ctrl-C here lets it drain."""
        with (self.folder.parent / "serve.log").open("ab") as log, undisturbed():
            self._serving = subprocess.Popen(
                [*_SEALGATE, "--office", str(self.folder), "serve"],
                stdout=log, stderr=log, env=_environment(self.environment), start_new_session=True,
            )  # fmt: skip
        if not eventually(self._answers):
            raise NotAsItShould(f"the gateway did not open its doors: {self.log().splitlines()[-1:]}")

    def closes(self) -> int:
        """SIGTERM, and whatever is left after that is killed; the exit code."""
        if self._serving is None:
            return 0
        self._serving.terminate()
        try:
            return self._serving.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._serving.pid, signal.SIGKILL)
            self._serving.wait()
            self._serving = None

    def log(self) -> str:
        """What the gateway has logged."""
        return (self.folder.parent / "serve.log").read_text("utf-8", "replace")

    def _answers(self) -> bool:
        if self._serving is None or self._serving.poll() is not None:
            raise NotAsItShould(f"the gateway ended: {self.log().strip().splitlines()[-1:]}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.first_day.ports["submission"]), 5) as door:
            door.settimeout(5)
            return door.recv(4) == b"220 "
        return False

    # ── its people ───────────────────────────────────────────────────────────────────────────────────────────────

    def sends(self, message: EmailMessage, recipients: Sequence[str]) -> Sent:
        """A mail program: TLS from the first byte, a password, one message."""
        sender = str(message["From"])
        trusted = ssl.create_default_context(cafile=self.first_day.ca)
        with smtplib.SMTP_SSL("localhost", self.first_day.ports["submissions"], timeout=60, context=trusted) as session:
            session.login(sender, self._secret(sender).read_text())
            session.mail(sender)
            answers = {recipient: session.rcpt(recipient) for recipient in recipients}
            if all(code != 250 for code, _ in answers.values()):
                code, said = answers[recipients[0]]
                raise NotAsItShould(f"the message was refused: {code} {said.decode('utf-8', 'replace')}")
            code, said = session.data(message.as_bytes())
        reply = said.decode("utf-8", "replace")
        if code != 250:
            raise NotAsItShould(f"the message was refused: {code} {reply}")
        refused = {who: f"{code} {text.decode()}" for who, (code, text) in answers.items() if code != 250}
        return Sent(reply, refused)

    def _sealgate(self, words: Sequence[str], expected: int = 0) -> bytes:
        return sealgate(words, expected, self.environment)

    def _secret(self, address: str) -> Path:
        return self.folder.parent / f"{address}.password"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the outside took it."""

    recipients: tuple[str, ...]
    content: bytes
    tls: str


@dataclass
class Outside:
    """The mail server of everybody else: STARTTLS demanded, and every byte kept.

    Without slots: aiosmtpd looks at every member of it, and Python 3.11.2, Debian 12's, trips over one of a slotted
    dataclass.
    """

    port: int
    arrivals: list[Arrival] = field(default_factory=list)
    is_refusing: bool = False
    """It takes nothing for now."""
    is_breaking_off: bool = False
    """It reads a message to its end, keeps nothing, and is gone before it answers."""
    _pair: tuple[str, str] = ("", "")
    _controller: Controller | None = None

    def listens(self, first_day: FirstDay) -> None:
        """Start, with the certificate `init` made for it."""
        if first_day.outside is None:
            raise NotAsItShould("init made no certificate for the outside")
        self.listens_with(first_day.outside.cert, first_day.outside.key)

    def listens_with(self, cert: str, key: str) -> None:
        """Start, with this certificate."""
        self._pair = (cert, key)
        self.returns()

    def returns(self) -> None:
        """Start again."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._pair)
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=context, require_starttls=True,
            data_size_limit=LARGEST,
        )  # fmt: skip
        self._controller.start()

    def stops(self) -> None:
        """Listen no more."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless nothing is taken; the name is aiosmtpd's."""
        if self.is_refusing:
            return "451 4.3.2 Not now"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Taken"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message; the name is aiosmtpd's."""
        if self.is_breaking_off and server.transport:
            server.transport.close()
            return "421 4.3.0 Gone"
        tls = server.transport.get_extra_info("ssl_object") if server.transport else None
        content = envelope.original_content or b""
        self.arrivals.append(Arrival(tuple(envelope.rcpt_tos), content, tls.version() if tls else ""))
        return "250 2.0.0 Taken"

    def received_for(self, recipient: str) -> Arrival:
        """What came for one recipient. Raises if nothing does in time."""
        if not eventually(lambda: any(recipient in arrival.recipients for arrival in self.arrivals)):
            raise NotAsItShould(f"nothing arrived for {recipient}")
        return next(arrival for arrival in self.arrivals if recipient in arrival.recipients)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody outside, with gpg and a key of their own."""

    address: str
    home: Path

    def makes_a_key(self) -> Path:
        """Make a key on the spot; the file with its public part."""
        self.home.mkdir(mode=0o700)
        self._gpg("--quick-gen-key", self.address, "ed25519", "cert,sign", "never")
        self._gpg("--quick-add-key", self.fingerprint(), "cv25519", "encr", "never")
        public = self.home / "public.asc"
        public.write_bytes(self._gpg("--armor", "--export"))
        return public

    def fingerprint(self) -> str:
        """The key's, as its owner reads it out."""
        listing = self._gpg("--with-colons", "--list-keys").decode()
        return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))

    def decrypts(self, untrusted: bytes) -> bytes:
        """What gpg makes of it."""
        return self._gpg("--decrypt", given=untrusted)

    def leaves(self) -> None:
        """End gpg's agent."""
        if self.home.exists():
            _run_program(["gpgconf", "--homedir", str(self.home), "--kill", "all"])

    def _gpg(self, *words: str, given: bytes = b"") -> bytes:
        own = ("gpg", "--homedir", str(self.home), "--batch", "--quiet", "--trust-model", "always")
        done = _run_program([*own, "--pinentry-mode", "loopback", "--passphrase", "", *words], given)
        if done.returncode:
            raise NotAsItShould(f"gpg {words[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
        return done.stdout


def free_base() -> int:
    """A base port whose doors, and the outside's, are free. Raises `Misconfigured` if there is none.

    Tried in no order: of two who look at once, one would take what the other has just found free.
    """
    for base in random.SystemRandom().sample(BASES, len(BASES)):
        if all(_is_free(base + port) for port in (25, 465, 587, 22, 443, 8443, OUTSIDE)):
            return base
    raise Misconfigured("no ports are free on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def sealgate(words: Sequence[str], expected: int = 0, environment: Mapping[str, str] | None = None) -> bytes:
    """Run the command; what it printed. Raises if it ends otherwise than expected."""
    done = _run_program([*_SEALGATE, *words], environment=environment)
    if done.returncode != expected:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()[-1:]
        raise NotAsItShould(f"sealgate {' '.join(words)} ended with {done.returncode}, not {expected}: {''.join(said)}")
    return done.stdout


def _run_program(
    command: Sequence[str], given: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    surroundings = _environment(environment or {})
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60, env=surroundings)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """The same code in every process, wherever the play was started from."""
    return {**os.environ, "PYTHONPATH": str(_PACKAGE), **more}
