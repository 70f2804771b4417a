"""An office folder, opened: the concrete parts behind the engine's promises.

Only one process writes at a time. Whoever opens for writing holds `var/lock`; the system lets go of it when the process
ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.commands.credentials import given_here
from gateway.commands.rulefolder import Seen, look_at, read_folder
from gateway.commands.setting import Setting
from gateway.engine import rulesets
from gateway.engine.acquaintance import Acquaintance
from gateway.engine.archive import Archive, latest_of
from gateway.engine.clock import Clock, SystemClock
from gateway.engine.entries import Entries, Write
from gateway.engine.lawmaking.petitions import Petition, Petitions
from gateway.engine.lawmaking.proposals import Proposals
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.policy import InForce
from gateway.engine.publication import Publication
from gateway.engine.rereading import AT_START, reread
from gateway.engine.rulesets import RULES, RuleSet
from gateway.engine.safekeeping.restoring import must_be_settled
from gateway.engine.scribe import Scribe
from gateway.errors import Failure, InUse, Misconfigured, RulesInvalid, Tampering, Unreadable
from gateway.facts import Published
from gateway.judge.problems import Problem
from gateway.judge.rulebook import Rulebook
from gateway.keep import Head
from gateway.keep.files import FileBlobs
from gateway.keep.keyring import Keyring
from gateway.keep.reading import SqliteReading
from gateway.keep.sqlite import SqliteRecords
from gateway.keep.successor import Successor
from gateway.ledger.checkpoint import Checkpoint, PublicHalf, Signer, Vkey, verify
from gateway.ledger.composing import Statement
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ledger.views import NOTHING, View

DEFAULT_RECORDS = "var/records/records.db"
"""In a folder of their own: what systemd lets the gateway read and not write is a folder."""
GATEWAY = "gw1"
"""This node's name in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What an office keeps, opened."""

    setting: Setting
    folder_rules: Rulebook
    """The rules as they stand in the folder: not in force until published. While they do not load, those in force."""
    folder: Seen
    """The rule folder as it was read when the office was opened."""
    records: SqliteReading
    keyring: Keyring
    archive: Archive
    signer: Signer
    publication: Publication
    clock: Clock
    view: View = NOTHING
    """What whoever asks may see of the ledger."""

    def blobs(self) -> FileBlobs:
        """The blobs. Opening them sweeps what a crash left half-written, so only a writer may, or one who is alone."""
        gateway = self.folder_rules.gateway
        place = _place(self.setting, gateway.storage.blobs, "files")
        return FileBlobs(place, largest_bytes=gateway.limits.message_bytes)

    @property
    def place_of_records(self) -> Path:
        """The file the records are in."""
        return _place(self.setting, self.folder_rules.gateway.storage.records, "sqlite")

    @property
    def zone(self) -> ZoneInfo:
        """Where the office's days begin and end."""
        return ZoneInfo(self.folder_rules.gateway.office.zone)

    @property
    def acquaintance(self) -> Acquaintance:
        """Whom the office has reached, as its records have it."""
        return Acquaintance(records=self.records, archive=self.archive, index_key=self.keyring.index_key)

    @property
    def writable(self) -> SqliteRecords:
        """The records, for whoever opened the office to write in it."""
        if not isinstance(self.records, SqliteRecords):
            raise AssertionError("this office was opened for reading")
        return self.records

    def latest(self, stream: str) -> tuple[int, tuple[int, ...]]:
        """The version of a stream and the entries of its last fact. Raises `KeyError` if there is none."""
        return latest_of(self.archive.story(stream))

    @property
    def in_force(self) -> Rulebook | None:
        """The published rules; None before the first publication."""
        return _published(self.archive)

    @property
    def rule_sets(self) -> tuple[RuleSet, ...]:
        """Every set that was ever published, oldest first."""
        return rulesets.every(self.archive)

    @property
    def earlier_keys(self) -> tuple[str, ...]:
        """The ledger's keys before the one that signs, the newest first."""
        return _earlier(self.signer.name, self.setting)

    @property
    def proposals(self) -> Proposals:
        """The sets that wait for a second signature."""
        return Proposals(self.setting.var / "proposals", self.keyring.index_key)

    @property
    def missing_proposals(self) -> tuple[Petition, ...]:
        """Sets the ledger says wait for a second signature, and which lie in `var/proposals` no more."""
        return Petitions.of(self.archive).missing(one.digest for one in self.proposals.all())


def rules_of(setting: Setting) -> Rulebook:
    """The rules in the office's folder. Raises `RulesInvalid`."""
    return rules_at(setting.rules)


def rules_at(folder: Path) -> Rulebook:
    """The rules in any folder. Raises `RulesInvalid`."""
    return _valid(read_folder(folder))


def _valid(found: Rulebook | tuple[Problem, ...]) -> Rulebook:
    if isinstance(found, Rulebook):
        return found
    raise RulesInvalid("the rules are not right:\n" + "\n".join(str(problem) for problem in found))


@contextmanager
def opened(setting: Setting, *, is_writing: bool = False) -> Iterator[Office]:
    """The office; for writing only inside `alone`. Raises `Misconfigured`."""
    setting, clock = Setting(folder=setting.folder.absolute()), SystemClock()
    folder = look_at(setting.rules)
    rulebook = _rules_to_read_by(setting, folder.found)
    gateway = rulebook.gateway
    with ExitStack() as stack:
        keyring = Keyring.open(setting.keys, entropy=clock.random, given=given_here())
        place = _place(setting, gateway.storage.records, "sqlite")
        records = SqliteRecords(place) if is_writing else SqliteReading(place)
        stack.callback(records.close)
        signer = _signer(gateway.ledger.origin, keyring, setting.keys)
        yield Office(
            setting=setting,
            folder_rules=rulebook,
            folder=folder,
            records=records,
            keyring=keyring,
            archive=Archive(records, keyring),
            signer=signer,
            publication=Publication(setting.var / "ledger", records, signer.vkey, *_earlier(signer.name, setting)),
            clock=clock,
        )


def _rules_to_read_by(setting: Setting, found: Rulebook | tuple[Problem, ...]) -> Rulebook:
    """What the folder says, or, while it does not load, what is in force: a bad edit shuts no door. Raises
    `RulesInvalid` if neither loads."""
    if isinstance(found, Rulebook):
        return found
    keyring = Keyring.open(setting.keys, entropy=SystemClock().random, given=given_here())
    records = SqliteReading(setting.folder / DEFAULT_RECORDS)
    try:
        in_force = _published(Archive(records, keyring))
    except Failure:
        in_force = None
    finally:
        records.close()
    return in_force or _valid(found)


def _signer(origin: str, keyring: Keyring, keys: Path) -> Signer:
    """Who signs the ledger, and who follows; only in name where the seed is another process's."""
    if not keyring.can_sign:
        return PublicHalf(origin, keyring.ledger_public)
    next_seed = Successor(keys).seed()
    return Signer(origin, keyring.ledger_seed, successor=Signer(origin, next_seed) if next_seed else None)


def _earlier(origin: str, setting: Setting) -> tuple[str, ...]:
    return tuple(str(Vkey(origin, public)) for public in Successor(setting.keys).retired())


def _published(archive: Archive) -> Rulebook | None:
    """The rules last published; None before the first time. Raises `Misconfigured`."""
    sets = rulesets.every(archive)
    return sets[-1].rulebook() if sets else None


@contextmanager
def alone(setting: Setting) -> Iterator[None]:
    """Hold the office's lock. Raises `Misconfigured` if another process writes here."""
    try:
        setting.var.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(setting.var / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as why:
        raise Misconfigured(f"{setting.var} cannot be written: {why.strerror}") from why
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as why:
            raise InUse(f"another sealgate already runs on {setting.folder}") from why
        yield
    finally:
        os.close(lock)


def rules_of_office(office: Office) -> InForce:
    """The rules in force. Raises `Misconfigured` when none are."""
    rulebook = office.in_force
    if rulebook is None:
        raise Misconfigured("no rules are in force yet; put them in force with: sealgate rules publish")
    ca = office.setting.certs / "ca.pem"
    # GAP: only the development CA of `init` is looked for; an office with a public mail provider as its `via` needs a
    # `[[hop]]` with a pin until `protection.toml` can name an authority.
    return InForce(rulebook, private_ca=ca.read_text("ascii") if ca.is_file() else "")


def _give_up(why: Failure) -> None:
    """The caller of the scribe gets the failure too; there is nothing else to stop."""


@contextmanager
def writing(office: Office, rules: InForce, *, is_settling: bool = False) -> Iterator[Scribe]:
    """The one writer, at work here while no gateway is. At the end its head is published, and noted as an anchor.

    Raises as `scribe_of`.
    """
    scribe = scribe_of(office, rules, is_settling=is_settling)
    scribe.start()
    try:
        yield scribe
    finally:
        scribe.stop()
    if scribe.head:
        office.publication.publish(scribe.head)
        anchors_of(office, rules).note(scribe.head)


def scribe_of(
    office: Office,
    rules: InForce,
    on_fatal: Callable[[Failure], None] = _give_up,
    *,
    genesis: Statement | None = None,
    is_settling: bool = False,
) -> Scribe:
    """The one writer, resumed from what is kept; not yet started. `is_settling`: for what settles a restored office.

    Raises `Tampering` if the ledger is not whole, `RolledBack` if it does not contain what is anchored elsewhere, and
    `Misconfigured` for an office that was restored from a backup and has asked nobody yet.
    """
    head = own_head(office)
    if head is not None and not is_settling:
        must_be_settled(office.setting.var)
    if head is not None and head.size <= AT_START:  # a longer one is read in the background
        reread(office.records, head)
    frontier = office.publication.frontier(head)
    anchors_of(office, rules).check(head, partial(_root_at, office.publication, head))
    last = office.records.since(head.size - 1, 1).leaves if head and head.size else ()
    return Scribe(
        records=office.writable,
        entries=Entries(
            archive=office.archive, keyring=office.keyring, clock=office.clock, rules=rules, gateway=GATEWAY
        ),
        signer=office.signer,
        clock=office.clock,
        frontier=frontier,
        head=head,
        last_entry=last[0].entry if last else b"",
        on_fatal=on_fatal,
        genesis=genesis,
    )


def own_head(office: Office) -> Head | None:
    """The stored head. Raises `Tampering` unless it is what this ledger's own key signed."""
    head = office.records.since(0, 0).head
    if head is None:
        return None
    try:
        signed = verify(head.note, [office.signer.vkey, *office.earlier_keys])
    except Unreadable as why:
        raise Tampering(f"the ledger's head cannot be read: {why.cause}") from why
    if not signed.signers or signed.checkpoint != Checkpoint(office.signer.name, head.size, head.root):
        raise Tampering("the ledger's head is not what this office's key signed")
    return head


def anchors_of(office: Office, rules: InForce) -> Anchors:
    """What is known elsewhere of the office's ledger."""
    anchor = rules.rulebook.gateway.ledger.anchor
    return Anchors(
        office.setting.var / "anchors",
        vkey=office.signer.vkey,
        published=office.setting.var / "ledger",
        elsewhere=office.setting.folder / anchor if anchor else None,
        earlier=office.earlier_keys,
    )


def _root_at(publication: Publication, head: Head | None, size: int) -> bytes:
    return publication.root_at(size, head) if head else EMPTY_ROOT


def publish_first(
    folder: Path,
    *,
    signers: tuple[str, ...] = ("init",),
    why: str = "the first set",
    genesis: Callable[[Signer], Statement] | None = None,
) -> None:
    """Put the rules of a new office in force and write its ledger's first entries."""
    setting = Setting(folder=folder)
    with alone(setting), opened(setting, is_writing=True) as office:
        first = genesis(office.signer) if genesis else None
        scribe = scribe_of(office, InForce(office.folder_rules), genesis=first)
        scribe.start()
        try:
            rulebook = office.folder_rules
            fact = Published(digest=rulebook.digest, files=rulebook.files, signers=signers, why=why)
            scribe.append_now(Write(stream=RULES, facts=(fact,)))
        finally:
            scribe.stop()
        if scribe.head:
            office.publication.publish(scribe.head)


def _place(setting: Setting, storage: str, kind: str) -> Path:
    word, _, place = storage.partition(":")
    if word != kind:
        raise Misconfigured(f'storage "{storage}": only {kind}: is built so far')
    return setting.folder / place
