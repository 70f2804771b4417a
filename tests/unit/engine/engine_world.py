"""A whole engine in one process: memory keep, the real scribe and stations, an outside that answers as it is told.

Only what would need another process or a network is a fake: the workshop calls the stations' own code here, the post
office stands for every mail server there is. Time jumps, entropy is seeded. `fuse` stands at every border of a voyage
and can cut it there, as a power cut would.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import functools
import hashlib
import inspect
import random
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from gateway.commands.sample import sample_rules
from gateway.engine import runner as running
from gateway.engine.acquaintance import Acquaintance
from gateway.engine.archive import Archive
from gateway.engine.containment.contained import STREAM as CONTAINMENT
from gateway.engine.containment.contained import Containments
from gateway.engine.contents import Contents
from gateway.engine.delivering import Delivering
from gateway.engine.desk import Desk
from gateway.engine.entries import Entries, Write
from gateway.engine.glass import remembered
from gateway.engine.inquiry import Inquiry
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.keyholders import Keyholders
from gateway.engine.lawmaking.proposals import Proposals
from gateway.engine.lawmaking.rulemaking import Rulemaking
from gateway.engine.notes import Notes
from gateway.engine.orders import Orders
from gateway.engine.policy import InForce
from gateway.engine.precedence import Precedence
from gateway.engine.preparing import Preparing
from gateway.engine.reception import Kept, Refusal, Submission
from gateway.engine.rulesets import RULES
from gateway.engine.runner import Runner
from gateway.engine.scanning.examination import Examination
from gateway.engine.scribe import Scribe
from gateway.engine.signing_in import SignIn
from gateway.engine.stations import MailStations
from gateway.engine.vault import Vault
from gateway.engine.workshop import CleanResult
from gateway.engine.workshop.memory import Memory
from gateway.engine.writing import Closing
from gateway.errors import Failure, Tampering
from gateway.facts import Fact, Hop, LegFact, Published, Receipt, kind_of
from gateway.intake import mail
from gateway.intake.fault import Fault
from gateway.journey import Journey, Lapse, Reconsider, Ship, State, todo
from gateway.judge.rulebook import Rulebook, read
from gateway.keep import Blobs, Head
from gateway.keep.beside import BlobsBeside
from gateway.keep.keyring import Keyring
from gateway.keep.memory import MemoryBlobs, MemoryRecords
from gateway.ledger.audit import Severity, audit
from gateway.ledger.checkpoint import Signer
from gateway.ledger.merkle import Frontier
from gateway.ledger.verify import Checker
from gateway.scrub import document
from gateway.scrub import verify as checking
from gateway.scrub.messageid import MessageIds
from gateway.scrub.plan import Code, Held, Inspection, Plan
from gateway.seal.hop import Demand
from gateway.seal.pen import Pen
from gateway.seal.registrar import Registrar
from gateway.ship import Line, Never, NotNow, Outcome, Slip, Taken, Target
from gateway.skeleton import Limits, Skeleton
from gateway.transfer import Address, Envelope, Leg, Notify, Parcel, Party, Recipient, TransferId, Way
from tests.playbook import HOP

NOON = 1_795_435_200_000
"""Monday 23 November 2026, 12:00 UTC: the sample's agreements are current, and people are at work."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

JO, ALENA, RUTH, PER = "jo@town.test", "alena@town.test", "ruth@town.test", "per@town.test"
COURT, JUDGE, CITIZEN = "registry@court.test", "judge@court.test", "anna@example.test"
DAY_OF_SMITH = "day@smithday.test"
HOST, OFFICE, PASSWORD = "mail.town.test", "Town of Example", "correct horse"
IDS = MessageIds(secret_key=bytes(32), domains=("town.test",))

TAKEN = Taken(reply="250 2.0.0 Taken", is_notifying=False)


# ── time, chance and disks ───────────────────────────────────────────────────────────────────────────────────────────


class JumpingClock:
    """A clock that only a test moves, and the same dice every time."""

    def __init__(self) -> None:
        self.at_ms = NOON
        self._dice = random.Random(20261123)

    def now_ms(self) -> int:
        return self.at_ms

    def random(self, size: int) -> bytes:
        return self._dice.randbytes(size)


class AtOnce(Executor):
    """Work is done where it is asked for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # type: ignore[override]
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as why:
            done.set_exception(why)
        return done


class Fuse:
    """Counts every border a voyage crosses. At `blows_at` whoever comes there never returns, nor does anybody after."""

    def __init__(self, blows_at: int = 0) -> None:
        self.blows_at = blows_at
        self.passed: list[str] = []
        self.where = ""
        """At which border it blew; empty while it has not."""
        self.is_blown = asyncio.Event()

    async def pass_(self, border: str) -> None:
        self.passed.append(border)
        if self.blows_at and len(self.passed) >= self.blows_at:
            self.where = self.where or border
            self.is_blown.set()
            await asyncio.Event().wait()


class FusedScribe:
    """The scribe, cut off before or after any of its answers."""

    def __init__(self, scribe: Scribe, fuse: Fuse) -> None:
        self._scribe = scribe
        self._fuse = fuse
        self.was_asked = asyncio.Event()
        """Set once the runner has looked for due work."""

    @property
    def head(self) -> Head | None:
        return self._scribe.head

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        await self._fuse.pass_("before " + _named(writes))
        receipts = await self._scribe.append(*writes)
        await self._fuse.pass_("after " + _named(writes))
        return receipts

    async def tick(self, closing: Closing | None = None) -> None:
        await self._scribe.tick(closing)

    async def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        try:
            return await self._scribe.claim(now_ms=now_ms, until_ms=until_ms, limit=limit)
        finally:
            self.was_asked.set()

    def reissue(self, stream: str) -> Receipt:
        return self._scribe.reissue(stream)

    def give_up(self, why: Failure) -> None:
        self._scribe.give_up(why)


class FusedVault(Vault):
    """The vault, cut off before or after any of its disk work."""

    def __init__(self, blobs: Blobs, clock: JumpingClock, fuse: Fuse, on_fatal: Callable[[Failure], None]) -> None:
        super().__init__(blobs, clock, AtOnce(), on_fatal)
        self._fuse = fuse

    async def on_disk(self, work: Callable[[], Any]) -> Any:
        await self._fuse.pass_("before disk")
        done = await super().on_disk(work)
        await self._fuse.pass_("after disk")
        return done


def _named(writes: tuple[Write, ...]) -> str:
    return " ".join(kind_of(fact) for write in writes for fact in write.facts) or "due"


# ── the workshop and the outside ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bench:
    """The workshop without walls: the same code, called here. The next calls end as `fails` says."""

    fuse: Fuse
    limits: Limits = field(default_factory=Limits)
    fails: deque[Exception | None] = field(default_factory=deque)
    opened: int = 0
    """How many documents were opened."""
    mechanisms: tuple[str, ...] = ("none: a test",)
    pen: Pen = field(default_factory=Pen)

    async def skeleton(self, message: bytes | Memory) -> Skeleton | Fault:
        await self._begin("skeleton")
        return mail.skeleton(message if isinstance(message, bytes) else message.view(), self.limits)

    async def encrypt(self, plain: bytes | Memory, certificate: bytes) -> bytes:
        await self._begin("encrypt")
        return self.pen.encrypt(plain if isinstance(plain, bytes) else plain.view()[:], certificate)

    async def inspect(self, content: bytes | Memory, *, name: str, media: str) -> Inspection:
        raise AssertionError("nobody asks for this yet")

    async def clean(self, content: bytes | Memory, *, name: str, media: str, plan: Plan) -> CleanResult:
        await self._begin("clean")
        self.opened += 1
        octets = content if isinstance(content, bytes) else content.view()[:]
        cleaned = document.clean(octets, name=name, media=media, plan=plan)
        if isinstance(cleaned, Held):
            return CleanResult(b"", cleaned)
        if checking.verify(octets, cleaned[0], name=name, media=media, plan=plan):
            return CleanResult(b"", Held(code=Code.UNSUPPORTED))
        return CleanResult(*cleaned)

    async def close(self) -> None:
        pass

    async def _begin(self, what: str) -> None:
        await self.fuse.pass_(what)
        failure = self.fails.popleft() if self.fails else None
        if failure is not None:
            raise failure


@dataclass(frozen=True)
class Delivered:
    """What a server took: from whom, to whom, and every byte."""

    transfer: TransferId
    leg: int
    sender: str
    recipient: str
    content: bytes
    slip: Slip


@dataclass
class Post:
    """Every mail server and name server there is. `answers` come first, one a delivery; then everything is taken."""

    fuse: Fuse
    answers: deque[Outcome] = field(default_factory=deque)
    no_line: deque[NotNow] = field(default_factory=deque)
    """Instead of a line, one a connection."""
    no_route: deque[NotNow | Never] = field(default_factory=deque)
    at_the_door: Callable[[], Awaitable[None]] | None = None
    """What happens, once, while a connection is being opened."""
    hop: Hop = HOP
    taken: list[Delivered] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    lines: int = 0
    records: MemoryRecords = field(default_factory=MemoryRecords)

    async def targets(self, domain: str, via: str = "mx") -> tuple[Target, ...] | NotNow | Never:
        await self.fuse.pass_("resolve")
        return self.no_route.popleft() if self.no_route else (Target(host=HOP.host, port=25, addresses=("127.0.0.1",)),)

    @asynccontextmanager
    async def line(self, demand: Demand, targets: tuple[Target, ...], sealed: Receipt) -> AsyncIterator[Line | NotNow]:
        assert "sealed" in self.facts_before(sealed)  # P4: no connection without an intent
        await self.fuse.pass_("connect")
        self.lines += 1
        self.demands.append(demand)
        if self.at_the_door is not None:
            happens, self.at_the_door = self.at_the_door, None
            await happens()
        yield self.no_line.popleft() if self.no_line else PostLine(self)

    async def close(self) -> None:
        pass

    def facts_before(self, receipt: Receipt) -> list[str]:
        """The kinds of the facts that a receipt vouches for, read from the store."""
        head = self.records.since(0, 0).head
        assert head is not None
        assert receipt.size <= head.size
        return [row.kind for row in self.records.history(receipt.stream).rows[: receipt.version]]

    def got(self, recipient: str) -> list[Delivered]:
        """What came for one recipient."""
        return [one for one in self.taken if one.recipient == recipient]


class PostLine:
    """One open connection."""

    def __init__(self, post: Post) -> None:
        self._post = post

    @property
    def hop(self) -> Hop:
        return self._post.hop

    async def deliver(
        self, parcel: Parcel, slip: Slip, chunks: Iterable[bytes] | AsyncIterable[bytes], attempted: Receipt
    ) -> Outcome:
        assert "attempted" == self._post.facts_before(attempted)[-1]  # P4: no byte without its own entry
        content = b"".join([piece async for piece in chunks] if isinstance(chunks, AsyncIterable) else list(chunks))
        if hashlib.sha256(content).hexdigest() != parcel.digest.sha256:
            raise Tampering("not the parcel that was sealed")
        await self._post.fuse.pass_("first byte")
        outcome = self._post.answers.popleft() if self._post.answers else TAKEN
        if isinstance(outcome, Taken):
            sender = str(slip.sender) if slip.sender else ""
            self._post.taken.append(Delivered(parcel.transfer, parcel.leg, sender, str(slip.recipient), content, slip))
        await self._post.fuse.pass_("answered")
        return outcome


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def ring() -> Registrar:
    """One GnuPG ring for the whole run: being in it makes nobody trusted."""
    return Registrar(_folder())


@cache
def certificate(address: str, number: int = 0) -> bytes:
    """A key for an address, made well before the test's day. `number` tells one person's keys apart."""
    home = str(_folder())

    def gpg(*words: str) -> bytes:
        command = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
                   "--faked-system-time", f"{NOON // 1000 - 86_400 * (9 - number)}!", *words]  # fmt: skip
        return subprocess.run(command, capture_output=True, check=True).stdout

    gpg("--quick-gen-key", address, "ed25519", "cert,sign", "never")
    named = next(line for line in gpg("--with-colons", "--list-keys").decode().splitlines() if line.startswith("fpr:"))
    gpg("--quick-add-key", named.split(":")[9], "cv25519", "encr", "never")
    exported = gpg("--export")
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True, check=False)
    return exported


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sg-"))  # short: an agent's socket path may have 108 bytes
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def rules(*changes: tuple[str, str, str], **more: str) -> Rulebook:
    """The sample's rules with some text replaced (file, old, new), and text added to files by name."""
    texts = sample_rules()
    for name, old, new in changes:
        assert old in texts[name], f"{name} does not say {old!r}"
        texts[name] = texts[name].replace(old, new)
    for name, text in more.items():
        texts[f"{name}.toml"] += "\n" + text
    texts.pop("transfers.test.toml")  # what the sample must say, changed rules need not
    found = read(texts)
    assert isinstance(found, Rulebook), "\n".join(str(problem) for problem in found)
    return found


# ── the office ───────────────────────────────────────────────────────────────────────────────────────────────────────


def party(address: str, *, signed_in_by: str = "password") -> Party:
    """Somebody of the office, signed in."""
    return Party(
        person=address, address=to_address(address), name=address, signed_in_by=signed_in_by, source="192.0.2.1"
    )


def to_address(text: str) -> Address:
    local, _, domain = text.partition("@")
    return Address(local=local, domain=domain)


def to(address: str) -> Recipient:
    return Recipient(address=to_address(address))


def letter(
    sender: str = ALENA, recipients: Iterable[str] = (COURT,), *, subject: str = "[case] Claim",
    body: str = "CANARY: the statement of claim.\r\n", extra: str = "",
) -> bytes:  # fmt: skip
    """A plain mail."""
    return (
        f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\nMessage-ID: <1@town.test>\r\n"
        f"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n{extra}\r\n{body}"
    ).encode()


def with_document(name: str, media: str, content: bytes, *, sender: str = ALENA, to: str = COURT) -> bytes:
    """A mail with one file."""
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n").decode()
    return letter(
        sender, (to,), extra='MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n',
        body=(
            "--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
            f'--b\r\nContent-Type: {media}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}--b--\r\n"
        ),
    )  # fmt: skip


class _Died(Exception):
    """The fuse has blown: whatever still runs is thrown away."""


@dataclass
class Office:
    """What survives a crash, and whatever runs on it now."""

    fuse: Fuse = field(default_factory=Fuse)
    clock: JumpingClock = field(default_factory=JumpingClock)
    records: MemoryRecords = field(default_factory=MemoryRecords)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    rulebook: Rulebook = field(default_factory=rules)
    fatal: list[Failure] = field(default_factory=list)
    post: Post = field(init=False)
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self.post = Post(self.fuse, records=self.records)
        self.bench = Bench(self.fuse)
        self.keyring = Keyring(
            office_key=b"o" * 32, index_key=b"i" * 32, ledger_seed=b"l" * 32, entropy=self.clock.random
        )
        self.archive = Archive(self.records, self.keyring)
        self.signer = Signer("town.test/ledger", self.keyring.ledger_seed)

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def opens(self) -> AsyncIterator[Office]:
        """The gateway runs; at the end it drains. What a fuse cut is left as a crash leaves it."""
        story = self.archive.story(RULES)
        if story is not None:
            published = [fact for fact in story.facts if isinstance(fact, Published)][-1]
            found = read(dict(published.files))
            assert isinstance(found, Rulebook)
            self.rulebook = found
        running.LOOK_EVERY_S = 0.005  # nobody waits two seconds for what fell due
        self.in_force = InForce(self.rulebook)
        self.bench.limits = self.in_force.limits
        self.scribe = self.new_scribe()
        self.scribe.start()
        try:
            if story is None:
                first = Published(
                    digest=self.rulebook.digest, files=self.rulebook.files, signers=("init",), why="first"
                )
                await self.scribe.append(Write(stream=RULES, facts=(first,)))
            async with asyncio.TaskGroup() as tasks:
                self._furnish(tasks)
                voyages = tasks.create_task(self.runner.run())
                await self.writer.was_asked.wait()  # the first look takes what is not due yet: nothing of the story's
                yield self
                if self.fuse.is_blown.is_set():
                    raise _Died
                self.runner.drain()
                blowing = tasks.create_task(self.fuse.is_blown.wait())
                await asyncio.wait((voyages, blowing), return_when=asyncio.FIRST_COMPLETED)
                if self.fuse.is_blown.is_set():  # by what was still on its way to rest
                    raise _Died
                blowing.cancel()
        except* _Died:
            pass
        finally:
            self.scribe.stop()

    async def until_it_dies(self, story: Coroutine[Any, Any, None]) -> None:
        """Tell a story to its end, or until the fuse blows: then nothing of this run has any effect any more."""
        async with asyncio.timeout(20), asyncio.TaskGroup() as people:
            telling = people.create_task(story)
            blowing = people.create_task(self.fuse.is_blown.wait())
            await asyncio.wait((telling, blowing), return_when=asyncio.FIRST_COMPLETED)
            telling.cancel()
            blowing.cancel()

    def has(self, fuse: Fuse) -> None:
        """The next opening has this fuse. What was in memory is gone."""
        self.fuse = self.post.fuse = fuse
        self.bench = Bench(fuse)

    def new_scribe(self) -> Scribe:
        """The one writer, resumed from what is kept."""
        page = self.records.since(0, 1 << 30)
        return Scribe(
            records=self.records,
            entries=Entries(
                archive=self.archive, keyring=self.keyring, clock=self.clock, rules=self.in_force, gateway="gw1"
            ),
            signer=self.signer,
            clock=self.clock,
            frontier=Frontier().extend([leaf.hash for leaf in page.leaves]),
            head=page.head,
            last_entry=page.leaves[-1].entry if page.leaves else b"",
            on_fatal=self.fatal.append,
        )

    def _furnish(self, tasks: asyncio.TaskGroup) -> None:
        self.writer = FusedScribe(self.scribe, self.fuse)
        beside = BlobsBeside(self.blobs, self.records)
        self.vault = FusedVault(beside, self.clock, self.fuse, self.fatal.append)
        keys = self.archive.story(KEYS)
        self.keyholders = Keyholders(keys.facts if keys else ())
        self.acquaintance = Acquaintance(records=self.records, archive=self.archive, index_key=self.keyring.index_key)
        self.glass = remembered(self.records, self.archive, self.keyring.index_key)
        contained = self.archive.story(CONTAINMENT)
        self.containments = Containments(contained.facts if contained else ())
        self.inquiry = Inquiry(
            rules=self.in_force, clock=self.clock, registrar=ring(), keyholders=self.keyholders,
            acquaintance=self.acquaintance, glass=self.glass, containments=self.containments,
        )  # fmt: skip
        self.notes = Notes(vault=self.vault, clock=self.clock, host=HOST, office=OFFICE, rules=self.in_force)
        self.contents = Contents(self.vault, self.bench)
        self.preparing = Preparing(vault=self.vault, workshop=self.bench, clock=self.clock, host=HOST, ids=IDS)
        self.delivering = Delivering(
            vault=self.vault, clock=self.clock, rules=self.in_force, inquiry=self.inquiry, notes=self.notes,
            carrier=self.post, resolver=self.post,  # type: ignore[arg-type]  # only `targets` is asked of it
        )  # fmt: skip
        self.examination = Examination(rules=self.in_force)
        self.stations = MailStations(
            contents=self.contents, preparing=self.preparing, inquiry=self.inquiry, delivering=self.delivering,
            notes=self.notes, rules=self.in_force, examination=self.examination,
        )  # fmt: skip
        self.precedence = Precedence()
        self.runner = Runner(
            archive=self.archive, scribe=self.writer, stations=self.stations, clock=self.clock,
            precedence=self.precedence,
        )  # fmt: skip
        self.signing_in = SignIn(
            rules=self.in_force, clock=self.clock, check=lambda login, secret: secret == PASSWORD,
            containments=self.containments,
        )  # fmt: skip
        self.desk = Desk(
            rules=self.in_force, inquiry=self.inquiry, contents=self.contents, vault=self.vault, scribe=self.writer,
            runner=self.runner, clock=self.clock, signing_in=self.signing_in, tasks=tasks,
            precedence=self.precedence,
        )  # fmt: skip
        self.orders = Orders(
            rules=self.in_force, archive=self.archive, scribe=self.writer, notes=self.notes, registrar=ring(),
            keyholders=self.keyholders, clock=self.clock, glass=self.glass, look=self.runner.look,
        )  # fmt: skip
        self.rulemaking = Rulemaking(
            rules=self.in_force, scribe=self.writer, clock=self.clock, look=self.runner.look,
            proposals=Proposals(_folder() / "proposals", self.keyring.index_key), containments=self.containments,
        )  # fmt: skip

    # ── people do things ─────────────────────────────────────────────────────────────────────────────────────────

    async def hands_in(
        self, content: bytes = b"", *recipients: str, sender: str = ALENA, refused: tuple[str, ...] = (),
        notify: tuple[Notify, ...] = (Notify.FAILURE, Notify.DELAY),
    ) -> Kept | Refusal:  # fmt: skip
        """One message at the door, as the SMTP session would hand it over."""
        names = recipients or (COURT,)
        deposit = await self.desk.begin()
        await deposit.write(content or letter(sender, names))
        no = Refusal(reasons=(), sentence="refused at RCPT")
        submission = Submission(
            way=Way.MAIL,
            sender=party(sender),
            legs=tuple(Leg(ordinal=n, recipient=to(name), notify=notify) for n, name in enumerate(names)),
            envelope=Envelope(subject="CANARY subject", message_id="<1@town.test>"),
            refused=tuple((to(name), no) for name in refused),
        )
        return await self.desk.accept(deposit, submission)

    async def accepts(self, content: bytes = b"", *recipients: str, sender: str = ALENA, **more: Any) -> TransferId:
        """The same, for what is kept."""
        kept = await self.hands_in(content, *recipients, sender=sender, **more)
        assert isinstance(kept, Kept), kept
        return kept.transfer

    async def trusts(self, address: str, number: int = 0) -> str:
        """Per vouches for somebody's key; its fingerprint."""
        done = await self.orders.admit(certificate(address, number), party(PER), "read by phone")
        assert isinstance(done, tuple), done
        return done[0].fingerprint

    async def publishes(self, *changes: tuple[str, str, str], **more: str) -> None:
        """Other rules come into force."""
        await self.rulemaking.enact(rules(*changes, **more), ("ruth", "per"), "a test")

    # ── what became of it ────────────────────────────────────────────────────────────────────────────────────────

    async def rests(self) -> None:
        """Until no transfer has work that could be done now."""
        async with asyncio.timeout(20):
            while not all(self._is_at_rest(one) for one in self.transfers()):
                await asyncio.sleep(0.002)

    async def comes_to(self, transfer: TransferId, *states: State) -> None:
        """Until its legs are there, or for some seconds: the test then says where they are."""
        for _ in range(2000):
            if list(states) == self.states(transfer):
                break
            await asyncio.sleep(0.002)
        assert list(states) == self.states(transfer)

    async def passes(self, ms: int) -> None:
        """That much time passes, and what falls due is done."""
        self.clock.at_ms += ms
        await self.rests()

    def _is_at_rest(self, transfer: TransferId) -> bool:
        now_ms = self.clock.now_ms()
        work = todo(self.journey(transfer))
        return all(
            isinstance(one, Reconsider) or (isinstance(one, Ship | Lapse) and one.not_before_ms > now_ms)
            for one in work
        )

    def transfers(self) -> list[TransferId]:
        """Every transfer there is, oldest first."""
        streams = self.records.find((), limit=1 << 20)
        return [TransferId(name) for name in reversed(streams) if name.startswith("T-")]

    def facts(self, transfer: str) -> list[Fact]:
        """What is durable of it."""
        story = self.archive.story(transfer)
        assert story is not None
        return list(story.facts)

    def kinds(self, transfer: str) -> list[str]:
        """The same, by the ledger's words."""
        return [kind_of(fact) for fact in self.facts(transfer)]

    def legs(self, transfer: str) -> list[LegFact]:
        return [fact for fact in self.facts(transfer) if isinstance(fact, LegFact)]

    def journey(self, transfer: str) -> Journey:
        story = self.archive.story(transfer)
        assert story is not None
        return story.journey

    def states(self, transfer: str) -> list[State]:
        return [leg.state for leg in self.journey(transfer).legs]

    def reasons(self, transfer: str, leg: int = 0) -> list[str]:
        """Why a leg is where it is, by the codes of the latest verdict."""
        judged = self.journey(transfer).legs[leg].judged
        return [reason.code for reason in judged.reasons] if judged else []

    def notes_about(self, transfer: str) -> list[str]:
        """What its sender was told, as the note's text."""
        about = [one for one in self.transfers() if self.journey(one).transfer.about == transfer]
        return [self.content(one) for one in about]

    def content(self, transfer: str) -> str:
        story = self.archive.story(transfer)
        assert story is not None
        item = story.journey.transfer.items[0]
        return b"".join(self.vault.pieces(item.blob, story.key)).decode()

    def entries(self) -> list[bytes]:
        return [leaf.entry for leaf in self.records.since(0, 1 << 30).leaves]

    def is_whole(self) -> None:
        """The ledger as any auditor reads it: no rule is broken, and the signed head is what the entries give."""
        page = self.records.since(0, 1 << 30)
        assert page.head is not None
        entries = [leaf.entry for leaf in page.leaves]
        found = audit(entries, now_ms=self.clock.now_ms())
        assert [] == [finding for finding in found if finding.severity is Severity.FAILED]
        Checker.resume(0, (), origin=self.signer.name, keys=(self.signer.vkey,), last_ms=0).extend(
            entries, page.head.note
        )


Story = Callable[..., Coroutine[Any, Any, None]]


def in_the_office(**how: Any) -> Callable[[Story], Callable[..., None]]:
    """A test that is a story in one office: it opens, the story is told, it closes, and its ledger is verified."""
    return in_one(Office, how)


def in_one(kind: type[Office], how: Mapping[str, Callable[[], Any]]) -> Callable[[Story], Callable[..., None]]:
    """The same, in an office of some kind."""

    def decorate(story: Story) -> Callable[..., None]:
        def test(**given: Any) -> None:
            asyncio.run(_told(story, kind(**{name: make() for name, make in how.items()}), given))

        own = inspect.signature(story)
        functools.update_wrapper(test, story)
        del test.__dict__["__wrapped__"]
        test.__signature__ = own.replace(parameters=list(own.parameters.values())[1:])  # type: ignore[attr-defined]
        return test

    return decorate


async def _told(story: Story, office: Office, given: dict[str, Any]) -> None:
    async with asyncio.timeout(30), office.opens():
        await story(office, **given)
    assert [] == office.fatal
    office.is_whole()
