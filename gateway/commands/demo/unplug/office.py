"""The office it happens in: its messages, each with words of its own, and what the outside has seen of them."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email import policy
from email.message import EmailMessage

import msgspec

from gateway.commands.authority import issue
from gateway.commands.demo.cast import NotAsItShould, Outside, Sent, eventually
from gateway.commands.demo.letter import armour
from gateway.commands.demo.scanner import Scanner
from gateway.commands.demo.stage import Stage
from gateway.commands.demo.unplug.conditions import RELAY, Conditions
from gateway.commands.demo.unplug.servers import Mute
from gateway.commands.demo.unplug.smalldisk import SmallDisk
from gateway.commands.held import Waits
from gateway.commands.telling import HEADLINES
from gateway.engine.clock import SystemClock, moment
from gateway.engine.scanning.trial import HARMLESS

JO, RUTH, PER = "jo@town.test", "ruth@town.test", "per@town.test"
PUT_OFF = HEADLINES["deferred"]
_ENTRY = re.compile(rb'"k":"(\w+)"[^}]*"t":(\d+)')
SECONDS = 45.0
"""So long something that is to happen by itself may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One that somebody tried to send."""

    words: bytes
    """Nobody else's; if they are seen outside in clear, they came from here."""
    is_harmful: bool
    transfer: str = ""
    """Empty if it was not acknowledged."""


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """Everything an act can touch."""

    stage: Stage
    conditions: Conditions
    scanner: Scanner
    disk: SmallDisk
    strangers: list[Mute] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    _read: list[bytes] = field(default_factory=list)

    # ── before the first act ─────────────────────────────────────────────────────────────────────────────────────

    def begins(self, *, is_scanned: bool) -> None:
        """The office, open, with a scanner if asked; its mail goes to a server whose name must be looked up."""
        office = self.stage.office
        office.environment = dict(self.conditions.begin())
        office.lays_out()
        via = f"127.0.0.1:{self.stage.outside.port}"
        office.changes("routes.toml", f'"{via}"', f'"{RELAY}:{self.stage.outside.port}"')
        # The small disk has room for a message of the rehearsal, not for fifty of the largest.
        office.changes("gateway.toml", "[door]", "limits = { message-bytes = 1048576, file-bytes = 1048576 }\n[door]")
        if is_scanned:
            self.scanner.starts()
            office.changes("gateway.toml", "[door]", f'scan = {{ clamd = "{self.scanner.socket}" }}\n[door]')
        office.publishes(RUTH, PER, "A rehearsal of what may break.")
        certs = office.folder / "certs"
        pair = issue(certs, "relay", [RELAY], now=moment(SystemClock().now_ms()))
        self.stage.outside.listens_with(str(pair.cert), str(pair.key))
        office.opens()
        public = self.stage.registry.makes_a_key()
        office.does("keys", "import", str(public), "--verified", "read out by phone", by=PER)
        self.is_delivered(self.sends())  # all is well before anything is broken

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────

    def sends(self, *, is_harmful: bool = False) -> Message:
        """Jo writes to the registry; the gateway acknowledges."""
        number = len(self.messages) + 1
        words = f"The words of message {number}, for {self.stage.registry.address} alone.".encode()
        self.messages.append(Message(words=words, is_harmful=is_harmful))
        letter = EmailMessage(policy=policy.SMTP)
        letter["From"], letter["To"] = JO, self.stage.registry.address
        letter["Subject"] = f"[case] Rehearsal {number}"
        letter["Message-ID"] = f"<rehearsal-{number}@town.test>"
        letter.set_content(words.decode() + "\r\n")
        if is_harmful:
            letter.add_attachment(HARMLESS.decode() + "\r\n", filename="invoice.txt")
        sent: Sent = self.stage.office.sends(letter, [self.stage.registry.address])
        self.messages[-1] = replace(self.messages[-1], transfer=sent.transfer)
        return self.messages[-1]

    def is_not_taken(self) -> str:
        """Jo's mail program tries, and is not told that the message is kept: what it is told."""
        try:
            taken = self.sends()
        except NotAsItShould as why:
            return str(why).removeprefix("the message was refused: ")
        except smtplib.SMTPResponseException as why:
            said = why.smtp_error if isinstance(why.smtp_error, bytes) else str(why.smtp_error).encode()
            return f"{why.smtp_code} {said.decode('utf-8', 'replace')}"
        raise NotAsItShould(f"{taken.transfer} was acknowledged")

    # ── what became of them ──────────────────────────────────────────────────────────────────────────────────────

    def is_held(self, message: Message, code: str) -> str:
        """It waits for this reason, and is nowhere else: what the office says of it."""
        found: list[Waits] = []

        def waits() -> bool:
            told = msgspec.json.decode(self.stage.office.does("held", "list", "--json"), type=list[Waits])
            found[:] = [one for one in told if one.transfer == message.transfer and code in one.codes]
            return bool(found)

        self._must(waits, f"{message.transfer} does not wait because of {code}")
        self.is_nowhere(message)
        return found[0].why[0]

    def is_put_off(self, message: Message, times: int) -> None:
        """It was tried so often, and is to be tried again; nobody has it."""

        def is_so() -> bool:
            return self.stage.office.does("ledger", "show", message.transfer).count(PUT_OFF) == times

        self._must(is_so, f"{message.transfer} was not put off {times} times")
        self.is_nowhere(message)

    def is_called(self, server: Mute) -> None:
        """The gateway has come to it."""
        self._must(lambda: server.calls > 0, "nobody came to the other server")

    def is_nowhere(self, message: Message) -> None:
        """Nobody outside has seen it: not in clear, and not sealed."""
        if self._seen(message):
            raise NotAsItShould(f"{message.transfer} is outside")

    def is_delivered(self, message: Message) -> None:
        """The recipient has it once and can read it; nobody saw it in clear."""
        self._must(lambda: self._seen(message) > 0, f"{message.transfer} has not arrived")
        if self._seen(message) != 1:
            raise NotAsItShould(f"{message.transfer} arrived {self._seen(message)} times")

    def nothing_is_lost_or_leaked(self) -> str:
        """Of everything that was ever sent here: what was acknowledged has arrived once, or is held; no other has."""
        taken = [one for one in self.messages if one.transfer and not one.is_harmful]
        others = [one for one in self.messages if not one.transfer or one.is_harmful]
        if any(self._seen(one) != 1 for one in taken):
            raise NotAsItShould("something that was acknowledged has not arrived once")
        for one in others:
            self.is_nowhere(one)
        harmful, refused = sum(one.is_harmful for one in others), sum(not one.transfer for one in others)
        arrived = f"of {len(self.messages)} messages so far {len(taken)} were acknowledged and arrived once"
        return f"{arrived}, {refused} were not taken and {harmful} held for a virus: of these nothing is outside"

    def _seen(self, message: Message) -> int:
        """How often the recipient can read it. Raises if anybody else can."""
        arrivals = self.stage.outside.arrivals
        in_clear = [*(arrival.content for arrival in arrivals), *(bytes(one.seen) for one in self.strangers)]
        if any(message.words in content for content in in_clear):
            raise NotAsItShould(f"{message.transfer} was seen in clear")
        return sum(message.words in self._opened(place) for place in range(len(arrivals)))

    def _opened(self, place: int) -> bytes:
        """What the recipient reads in an arrival; each is opened once. Notes to colleagues are for nobody outside."""
        registry = self.stage.registry
        for arrival in self.stage.outside.arrivals[len(self._read) : place + 1]:
            is_theirs = registry.address in arrival.recipients
            self._read.append(registry.decrypts(armour(arrival.content)) if is_theirs else b"")
        return self._read[place]

    @staticmethod
    def _must(claim: Callable[[], bool], otherwise: str) -> None:
        if not eventually(claim, SECONDS):
            raise NotAsItShould(otherwise)

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    def ledger_says_that_it_waited(self) -> str:
        """As anybody outside reads it: its times never fall, and `clock` entries say where it waited for the clock."""
        found: list[tuple[str, int]] = []

        def has_waited() -> bool:
            tiles = (self.stage.office.folder / "var" / "ledger" / "tile" / "entries").rglob("*")
            latest = max((tile for tile in tiles if tile.is_file()), key=lambda tile: tile.stat().st_size)
            found[:] = [(kind.decode(), int(at)) for kind, at in _ENTRY.findall(latest.read_bytes())]
            return any(kind == "clock" for kind, _ in found)

        self._must(has_waited, "the ledger does not say that the clock was behind it")
        times = [at for _, at in found]
        if times != sorted(times):
            raise NotAsItShould("the ledger's time ran backwards")
        waited = sum(kind == "clock" for kind, _ in found)
        return f"the ledger's time never fell: {waited} of its entries say that it waited for the clock"

    # ── servers outside ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def outside(self) -> Outside:
        """The real one."""
        return self.stage.outside

    def instead(self, *, hangs_up: bool) -> Mute:
        """Another server takes the place of the real one."""
        self.outside.stops()
        other = Mute(self.outside.port, hangs_up)
        self.strangers.append(other)
        other.listens()
        return other

    def strangers_leave(self) -> None:
        """None of them listens any more. Harmless when repeated."""
        for other in self.strangers:
            other.stops()
