"""A whole gateway: an office laid out by `sealgate init`, run by `sealgate serve`, in processes of its own.

Verbs here are what a story may use of the office; they go through the public command only.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.engine.clock import SystemClock, moment
from tests import clockwork
from tests.boxes import FileClient, PartnerBox
from tests.earnest import in_earnest
from tests.edited import Edit, editor
from tests.world import Auditor, Correspondent, MailClient, PartnerServer, eventually

SEALGATE = [sys.executable, "-m", "gateway.commands.main"]
WITH_A_CLOCK = [sys.executable, "-m", "tests.clockwork"]
ROOT = Path(__file__).resolve().parents[1]

JO, ALENA, RUTH, PER = "jo@town.test", "alena@town.test", "ruth@town.test", "per@town.test"
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\.test")


def free_base() -> int:
    """A base port whose derived ports are free now, and which no other worker of this run looks at.

    Workers stand 110 apart on a grid of 1,000: no two of the ports below differ by that, in whatever thousand.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    run = int(os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid():x}")[-4:], 16)
    for turn in range(13):  # below 32768, where the system takes ports for connections that go out
        base = 11000 + (run + turn) % 13 * 1000 + run % 97 + worker % 4 * 110
        ports = [base + n for n in (25, 465, 587, 22, 443, 8443, 2525, 2222)]
        if all(_is_free(port) for port in ports):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """One line of `sealgate held list`."""

    transfer: str
    leg: int
    since: str
    sender: str
    recipient: str
    label: str
    codes: list[str]
    why: list[str]
    asks_sender: bool


@dataclass(slots=True)
class House:
    """One office on loopback."""

    folder: Path
    base: int
    passwords: dict[str, str]
    ca: Path
    ledger_key: str
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    process: subprocess.Popen[bytes] | None = None
    guests: list[Correspondent] = field(default_factory=list)
    boxes: list[PartnerBox] = field(default_factory=list)
    desks: dict[str, FileClient] = field(default_factory=dict)
    serves_with: list[str] = field(default_factory=list)
    """Further words for `sealgate serve`."""
    _partner: PartnerServer | None = None

    @classmethod
    def laid_out(cls, folder: Path) -> House:
        """`sealgate init DIR --loopback BASE --json`."""
        base = free_base()
        office = folder / "office"
        told = json.loads(_run([*SEALGATE, "init", str(office), "--loopback", str(base), "--json"]))
        passwords = {account["address"]: account["password"] for account in told["accounts"]}
        return cls(office, base, passwords, Path(told["ca"]), told["ledger_key"])

    # ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────

    def opens(self, *, within: list[str] | None = None) -> None:
        """`sealgate serve`; returns when the doors answer. `within` wraps the command (strace, say)."""
        log = (self.folder / "serve.log").open("ab")
        command = [*(within or []), *self._command("serve", *self.serves_with)]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=self.environment)
        log.close()
        if not eventually(self.is_open, 60):
            raise AssertionError("the gateway did not open: " + self.log()[-2000:])

    def is_open(self) -> bool:
        """True when the doors answer; raises if the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"serve ended with {self.process.returncode}: {self.log()[-2000:]}")
        # The file door opens last.
        return self._says(587, b"220 ") and (not self.has_a_file_door or self._says(22, b"SSH-"))

    @property
    def has_a_file_door(self) -> bool:
        """Whether the rules list one."""
        return "\nsftp = " in (self.folder / "rules" / "gateway.toml").read_text()

    def _says(self, port: int, greeting: bytes) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.base + port), timeout=5) as door:
                door.settimeout(5)
                return door.recv(len(greeting)) == greeting
        except OSError:
            return False

    def fails_to_open(self) -> tuple[int, str]:
        """`sealgate serve` when something is not right: the exit code, and what it said."""
        done = subprocess.run(
            self._command("serve"), capture_output=True, cwd=ROOT, env=self.environment, timeout=60, check=False
        )
        return done.returncode, (done.stdout + done.stderr).decode().strip()

    def closes(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.process = None
        return code

    def reloads(self) -> None:
        """SIGHUP."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def dies(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def ends(self) -> None:
        """Everything that runs for this house stops, and its guests go."""
        self.dies()
        self.outside().stop()
        for guest in self.guests:
            guest.dies()
        for box in self.boxes:
            box.ends()

    def log(self) -> str:
        """What serve has printed so far."""
        path = self.folder / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # ── what must hold after every story ─────────────────────────────────────────────────────────────────────────

    def is_whole(self) -> None:
        """`sealgate ledger fsck` finds nothing, and the log tells nobody's secrets. Fails otherwise."""
        self.asks("ledger", "fsck")
        assert [] == [line for line in self.log().splitlines() if self._tells(line)]

    def _tells(self, line: str) -> bool:
        is_secret = any(secret in line for secret in ("CANARY", *self.passwords.values()))
        return is_secret or _ADDRESS.search(line) is not None

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def keeps_its_own_time(self) -> None:
        """From the next opening on, the story says what time it is; see `tests/clockwork.py`."""
        clock = self.folder.parent / "clock"
        clock.write_text("0")
        self.environment[clockwork.VARIABLE] = str(clock)

    def passes(self, *, minutes: int) -> None:
        """That much time passes, at once."""
        clock = Path(self.environment[clockwork.VARIABLE])
        later = clock.with_suffix(".new")
        later.write_text(str(int(clock.read_text()) + minutes))
        later.replace(clock)

    def becomes(self, *, hour: int) -> None:
        """So much time passes that it is this hour of the next day, by the office's clock."""
        now = moment(SystemClock().now_ms(), ZoneInfo("Europe/London"))
        self.passes(minutes=(24 + hour) * 60 - now.hour * 60 - now.minute)

    # ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────

    def changes(self, name: str, old: str, new: str) -> None:
        """Edit a rule file: the first place that reads like this."""
        path = self.folder / "rules" / name
        text = path.read_text()
        assert old in text, f"rules/{name} does not say {old!r}"
        path.write_text(text.replace(old, new, 1))

    def lets_the_court_collect(self) -> None:
        """The court has no server of its own any more: what is for it waits in its `/inbox`. In force at once."""
        self.changes("routes.toml", 'partner = "court"', 'partner = "smith-and-day"')
        self.publishes()

    def ends_its_trial(self) -> None:
        """From now on nobody sees the ledger's particulars without signing in. In force at once."""
        in_earnest(self.folder)
        self.publishes()

    def adds(self, name: str, text: str) -> None:
        """Add to the end of a rule file."""
        with (self.folder / "rules" / name).open("a") as file:
            file.write(text)

    def edits(self, *turns: tuple[Edit, ...], answers: str = "") -> str:
        """`sealgate rules edit`, with an editor that makes these edits, a turn each time; what was said."""
        words = ["rules", "edit", "--editor", editor(self.folder.parent, *turns), "--no-publish"]
        return _run(self._command(*words), may_fail=True, environment=self.environment, answers=answers)

    def signs(self, proposal: str, *, by: str) -> str:
        """`sealgate rules sign`: the second signature; what it said."""
        return self.asks("rules", "sign", proposal, by=by, may_fail=True)

    def publishes(self, *, by: str = RUTH, second: str = PER, may_fail: bool = False) -> str:
        """`sealgate rules publish`, signed by two, or with no `second` by one; what it said."""
        signed = ["--second", second, "--second-password-file", self.secret(second)] if second else []
        return self.asks("rules", "publish", *signed, "--why", "a story", by=by, may_fail=may_fail)

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    def staff(self, address: str) -> MailClient:
        """A staff member's mail client on 587."""
        return MailClient(address, self.passwords[address], self.base + 587, self.ca)

    def outside(self) -> PartnerServer:
        """The mail server the office routes the outside to; somebody has to start it."""
        if self._partner is None:
            certs = self.folder / "certs"
            self._partner = PartnerServer(self.base + 2525, certs / "outside.pem", certs / "outside.key")
        return self._partner

    def meets(self, address: str, *, is_trusted: bool = True) -> Correspondent:
        """Somebody outside, with a key made on the spot; unless told otherwise, Per vouches for it."""
        guest = Correspondent.born(address, self.folder.parent)
        self.guests.append(guest)
        if is_trusted:
            self.trusts(guest)
        return guest

    def trusts(self, correspondent: Correspondent, *, by: str = PER) -> None:
        """`sealgate keys import --verified`: somebody rang the number on file and read out the fingerprint."""
        self.asks("keys", "import", self._certificate(correspondent), "--verified", "read by phone", by=by)

    def files(self, correspondent: Correspondent, *, by: str = PER) -> None:
        """`sealgate keys import` without a word on how it was verified: a candidate."""
        self.asks("keys", "import", self._certificate(correspondent), by=by)

    def distrusts(self, correspondent: Correspondent, *, by: str = PER) -> None:
        """`sealgate keys revoke`."""
        self.asks("keys", "revoke", correspondent.fingerprint, "--why", "their laptop was stolen", by=by)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────────

    def desk_of(self, address: str) -> FileClient:
        """A colleague's OpenSSH `sftp`, with a key the office knows."""
        return self._desk(address, "add-key", address, "{key}")

    def desk_at(self, partner: str) -> FileClient:
        """A partner's OpenSSH `sftp`, with an account made for its key."""
        return self._desk(f"partner:{partner}", "add-partner", partner, "--key", "{key}")

    def _desk(self, user: str, *order: str) -> FileClient:
        """The one they have, or a new one; `order` makes its key known."""
        if user not in self.desks:
            host_key = (self.folder / "certs" / "ssh_host_ed25519_key.pub").read_text().strip()
            home = self.folder.parent / user.replace(":", "-")
            client = self.desks[user] = FileClient.at(home, user, self.base + 22, host_key)
            self.asks("people", *(word.format(key=client.public_key) for word in order))
        return self.desks[user]

    def builds_a_box(self) -> PartnerBox:
        """The court's `sshd`, where `rules/routes.toml` says, with the key it pins. Somebody has to open it.

        `sealgate people route-key court` makes our key for it; the court lets in whoever has that one.
        """
        told = json.loads(self.asks("people", "route-key", "court", "--json"))
        host_key = self.folder / "certs" / "outside_ssh_host_ed25519_key"
        box = PartnerBox.built(self.folder.parent / "court", self.base + 2222, host_key, told["public_key"])
        self.boxes.append(box)
        return box

    def _certificate(self, correspondent: Correspondent) -> str:
        path = self.folder / "incoming.asc"
        path.write_bytes(correspondent.certificate)
        return str(path)

    # ── what waits ───────────────────────────────────────────────────────────────────────────────────────────────

    def waiting(self, recipient: str) -> list[Waits]:
        """`sealgate held list`: what waits for this recipient; whose it is, is for the registrar to see."""
        if not json.loads(self.asks("held", "list", "--json")):
            return []
        waits = [Waits(**one) for one in json.loads(self.asks("held", "list", "--json", by=PER))]
        return [one for one in waits if one.recipient == recipient]

    def awaits(self, recipient: str, code: str) -> Waits:
        """The message to this recipient that waits, once it does and for this reason. Fails if it does not."""
        found: list[Waits] = []

        def waits() -> bool:
            found[:] = [one for one in self.waiting(recipient) if code in one.codes]
            return len(found) == 1

        assert eventually(waits), f"nothing waits for {recipient} because of {code}"
        return found[0]

    def releases(self, waits: Waits, *, by: str) -> str:
        """`sealgate held release`: what it said, whether or not it was done."""
        chosen = [waits.transfer, "--leg", str(waits.leg), "--why", "a story"]
        return self.asks("held", "release", *chosen, by=by, may_fail=True).strip()

    def breaks_the_glass(self, transfer: str, *more: str, by: str, second: str, reason: str) -> str:
        """`sealgate held release --break-glass`, signed by two: what it said, whether or not it was done."""
        signed = ("--second", second, "--second-password-file", self.secret(second))
        why = ("--break-glass", "--reason", reason, *more)
        return self.asks("held", "release", transfer, *why, *signed, by=by, may_fail=True).strip()

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    def proves(self, transfer: str) -> bytes:
        """`sealgate ledger prove`: the bundle."""
        bundle = self.folder.parent / f"{transfer}.bundle"
        self.asks("ledger", "prove", transfer, "--out", str(bundle), by=PER)
        return bundle.read_bytes()

    def proves_only(self, transfer: str, *fields: str) -> bytes:
        """`sealgate ledger prove --disclose`: a bundle that shows these fields and no other."""
        bundle = self.folder.parent / f"{transfer}.some.bundle"
        self.asks("ledger", "prove", transfer, "--disclose", ",".join(fields), "--out", str(bundle), by=PER)
        return bundle.read_bytes()

    def makes_a_page(self, transfer: str, *fields: str) -> Path:
        """`sealgate ledger prove --html`: one page that shows these fields and verifies itself."""
        page = self.folder.parent / f"{transfer}.html"
        self.asks("ledger", "prove", transfer, "--disclose", ",".join(fields), "--html", str(page), by=PER)
        return page

    def day(self) -> str:
        """The ledger's day of the last entry, in UTC."""
        rows = json.loads(self.asks("ledger", "find", "--json", by=PER))
        return str(max(row["received"] for row in rows))[:10]

    def proves_absence(self, address: str, first: str, *, days: int) -> bytes:
        """`sealgate ledger prove --absent`, once the days are closed."""
        bundle = self.folder.parent / f"{address}.absence"
        last = date.fromisoformat(first) + timedelta(days=days - 1)
        words = ["--absent", address, "--from", first, "--to", last.isoformat(), "--out", str(bundle)]

        def proves() -> bool:
            self.asks("ledger", "prove", *words, by=PER, may_fail=True)
            return bundle.exists()

        assert eventually(proves, 60), self.asks("ledger", "prove", *words, by=PER, may_fail=True)
        return bundle.read_bytes()

    def erases(self, *words: str, request: str, despite: tuple[str, ...] = (), by: str = PER) -> tuple[str, bytes]:
        """`sealgate ledger erase`, approved by one: what it said, and the certificate if it was done."""
        certificate = self.folder.parent / f"{request}.certificate"
        ground = ["--basis", "GDPR Art. 17(1)(b)", "--request", request, "--certificate", str(certificate)]
        answered = [word for period in despite for word in ("--despite", period)]
        said = self.asks("ledger", "erase", *words, *ground, *answered, by=by, may_fail=True)
        return said, certificate.read_bytes() if certificate.exists() else b""

    def auditor(self, ledger_key: str = "") -> Auditor:
        """Somebody with the ledger's public key, or with another, and nothing else of ours."""
        return Auditor(self.folder.parent, ledger_key or self.ledger_key)

    def comes_to_rest(self, transfer: str) -> None:
        """Wait until the ledger has the outcome of a delivery. Fails if it does not come."""
        assert eventually(lambda: "shipped" in self.asks("ledger", "show", transfer, "--json"))

    def is_put_off(self, transfer: str, times: int = 1) -> None:
        """Wait until the ledger has that many deferrals: from then on time may pass. Fails if they do not come."""
        assert eventually(lambda: times <= self._kinds(transfer).count("deferred"))

    def _kinds(self, transfer: str) -> list[str]:
        """What the ledger has of a transfer, in order."""
        return [entry["kind"] for entry in json.loads(self.asks("ledger", "show", transfer, "--json"))["entries"]]

    # ── the command ──────────────────────────────────────────────────────────────────────────────────────────────

    def asks(self, *words: str, by: str = "", may_fail: bool = False) -> str:
        """Run a verb; `by` signs in as that person. What it printed; if it may fail, what it complained of too."""
        signed = ["--as", by, "--password-file", self.secret(by)] if by else []
        return _run(self._command(*words, *signed), may_fail=may_fail, environment=self.environment)

    def _command(self, *words: str) -> list[str]:
        sealgate = WITH_A_CLOCK if clockwork.VARIABLE in self.environment else SEALGATE
        return [*sealgate, "--office", str(self.folder), *words]

    def secret(self, address: str) -> str:
        """A file with this person's password, for them alone."""
        path = self.folder.parent / f"{address}.password"
        path.touch(mode=0o600)
        path.write_text(self.passwords.get(address, "a password nobody else has"))
        return str(path)


def _run(
    command: list[str], *, may_fail: bool = False, environment: dict[str, str] | None = None, answers: str = ""
) -> str:
    done = subprocess.run(
        command, input=answers.encode(), capture_output=True, cwd=ROOT, env=environment, timeout=120, check=False
    )
    if done.returncode and not may_fail:
        said = (done.stderr + done.stdout).decode()
        raise AssertionError(f"{' '.join(command[2:])} ended with {done.returncode}: {said}")
    return (done.stdout + (done.stderr if may_fail else b"")).decode()
