"""Erasing on purpose: whatever dies meanwhile, it is done once, and then nobody can find what is gone."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.office import Office, alone, opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.clock import moment
from gateway.engine.entries import Write
from gateway.engine.forgetting.erasure import REGISTER, Erased, Erasure, Kept, Request
from gateway.engine.forgetting.scope import Reach, Scope
from gateway.errors import StoreAway
from gateway.facts import Declined, Deposited, Disposed, Judged, Outcome, Shard, to_bytes
from gateway.keep.accounts import Accounts
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import CLASSES, FIELDS, class_root
from gateway.ledger.terms import FIELDS as INDEXED
from gateway.ledger.terms import term
from gateway.shred.schedule import Hold, Schedule
from gateway.transfer import Address, BlobId, Digest, Item, Party, transfer_id
from tests.audited import Past, checked, laid_out, writing
from tests.unit.engine.forgetting.power_cuts import CHANGES, Fuse, Fused, NoRing, PowerCut

STRANGER, CLERK, ALENA = "stranger@other.test", "clerk@court.test", "alena@town.test"
REQUEST = Request(by="per@town.test", basis="GDPR Art. 17(1)(b)", reference="E-14")
TODAY = date(2026, 11, 21)
FREE = Schedule()


@dataclass
class Desk:
    """The office with an erasure at hand."""

    office: Office
    erasure: Erasure
    scope: Scope

    def erase(self, reach: Reach, schedule: Schedule = FREE) -> Erased | Kept:
        return self.erasure.order(reach, REQUEST, schedule, on=TODAY)

    def said(self) -> list[tuple[int, str]]:
        """All that can still be read: facts as kept, and values of boxes, each with its entry."""
        attestations = Attestations(self.office.records, self.office.archive, self.office.keyring)
        found = []
        for stream in self.office.records.find([], limit=10**6):
            story = attestations.story(stream)
            if story is None:
                continue
            found += [(-1, to_bytes(fact).decode()) for fact in story.facts]
            found += [(one.index, value) for one in attestations.of(story) for value in one.values.values()]
        return found

    def disposals(self) -> list[Disposed]:
        stories = [self.office.archive.story(name) for name in self.office.records.find([], limit=10**6)]
        return [fact for story in stories if story for fact in story.facts if isinstance(fact, Disposed)]


@contextmanager
def desk(folder: Path, fuse: Fuse | None = None) -> Iterator[Desk]:
    setting, fuse = Setting(folder=folder), fuse or Fuse()
    with alone(setting), opened(setting, is_writing=True) as office, closing(office.blobs()) as blobs:
        scribe = scribe_of(office, rules_of_office(office), lambda why: None)
        scribe.start()
        try:
            erasure = Erasure(
                records=Fused(office.writable, fuse, CHANGES),
                pen=Fused(scribe, fuse, ("append_now",)),
                archive=office.archive,
                keyring=office.keyring,
                blobs=Fused(blobs, fuse, ("erase",)),
                ring=NoRing(),
                roll=Accounts(setting.accounts),
                clock=office.clock,
            )
            yield Desk(office, erasure, Scope(office.records, attestations_of(office)))
        finally:
            scribe.stop()
        head = office.records.since(0, 0).head
        assert head is not None
        office.publication.publish(head)


def attestations_of(office: Office) -> Attestations:
    return Attestations(office.records, office.archive, office.keyring)


@pytest.fixture(scope="module")
def laid_out_once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture
def past(laid_out_once: Past, tmp_path: Path) -> Past:
    shutil.copytree(laid_out_once.folder, tmp_path / "office")
    return replace(laid_out_once, folder=tmp_path / "office")


# ── what is reached ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_gone_everywhere(past: Past) -> None:
    """No fact and no value says the name any more; the other recipient's are as they were; the ledger is whole."""
    with desk(past.folder) as at:
        before = [said for said in at.said() if STRANGER not in said[1] and said[0] >= 0]
        done = at.erase(at.scope.of_person([STRANGER]))
        after = at.said()

    assert isinstance(done, Erased)
    assert [] == [said for said in after if STRANGER in said[1] or '"local":"stranger"' in said[1]]
    assert [] == [said for said in before if said not in after]
    assert checked(past.folder).is_whole


def test_whoever_sent_it_is_gone_with_where_from(past: Past) -> None:
    """Of somebody who acted, the machine they acted from goes too."""
    with desk(past.folder) as at:
        at.erase(at.scope.of_person([ALENA]))
        after = at.said()

    assert [] == [said for said in after if "alena@" in said[1] and '"files":' not in said[1]]
    assert [] == [said for said in after if '"source":"127.0.0.1"' in said[1] and "jo@" not in said[1]]
    assert checked(past.folder).is_whole


def test_a_further_text_goes_too(past: Past) -> None:
    """A name in a file's name is found when asked for."""
    with desk(past.folder) as at:
        at.erase(at.scope.of_person([STRANGER], ["=claim"]))
        after = at.said()

    assert [] == [said for said in after if "=claim" in said[1]]
    assert checked(past.folder).is_whole


def test_a_text_that_json_spells_another_way_is_found(past: Past) -> None:
    """A name in quotation marks, in a subject."""
    with writing(past.folder) as pen:
        journey = pen.mail("jo@town.test", CLERK, subject='About "Anna O\'Neill"')
        pen.then(journey, Judged(leg=0, outcome=Outcome.BLOCK, rules=(), demands=(), reasons=(), known=(), ruleset="f"))
    with desk(past.folder) as at:
        at.erase(at.scope.of_person([STRANGER], ['"anna o\'neill"']))
        after = at.said()

    assert [] == [said for said in after if "Neill" in said[1]]
    assert checked(past.folder).is_whole


def test_an_upload_that_has_not_settled_is_under_way(past: Past) -> None:
    """It still becomes a transfer: first that must end."""
    item = Item(name="a.pdf", media="application/pdf", size_bytes=0, digest=Digest.of(b""), blob=BlobId("a" * 32))
    party = Party(person=ALENA, address=Address.of(ALENA))
    stream = f"deposit/{transfer_id(bytes(16))}"
    with writing(past.folder) as pen:
        fact = Deposited(party=party, partner="court", path="/to/court/a.pdf", item=item)
        pen.scribe.append_now(Write(stream=stream, facts=(fact,), expected=0))
    with desk(past.folder) as at:
        kept = at.erase(at.scope.of_person([ALENA]))

    assert isinstance(kept, Kept)
    assert stream in kept.sentences[0]


def test_one_class_of_one_copy(past: Past) -> None:
    """The recipient's class of one leg is gone, from the facts too; the other leg and all other classes stay."""
    with desk(past.folder) as at:
        done = at.erase(at.scope.of_class(past.delivered, 0, ("rcp",)))
        story = attestations_of(at.office).story(past.delivered)
        assert story is not None
        left = {(one.entry.leg, name) for one in attestations_of(at.office).of(story) for name in one.values}
        facts = b" ".join(to_bytes(fact) for fact in story.facts)

    assert isinstance(done, Erased)
    assert set() == {name for leg, name in left if leg == 0 and name.startswith("rcp.")}
    assert {"rcp.addr", "snd.addr", "op.decision"} <= {name for leg, name in left if leg == 1}
    assert (False, False, True) == tuple(word in facts for word in (b"clerk", b"A" * 40, b"stranger"))
    assert checked(past.folder).is_whole


def test_what_all_copies_share_goes_with_the_last(past: Past) -> None:
    """The sender stays in the fact until their class is erased of every leg, though in two orders."""
    with desk(past.folder) as at:
        at.erase(at.scope.of_class(past.delivered, 0, ("snd",)))
        first = [said for said in at.said() if said[0] == -1 and ALENA in said[1]]
        at.erase(at.scope.of_class(past.delivered, 1, ("snd",)))
        second = [said for said in at.said() if said[0] == -1 and ALENA in said[1] and "admin" not in said[1]]

    assert (True, []) == (bool(first), [said for said in second if past.delivered in said[1]])
    assert checked(past.folder).is_whole


def test_a_matter_is_gone_whole(past: Past) -> None:
    """Of the transfer nothing can be read, its papers are gone, and its entries still stand."""
    with desk(past.folder) as at:
        reach = at.scope.of_matter(past.delivered)
        at.erase(reach)
        assert at.office.archive.story(past.delivered) is None
        left = [blob for blob in reach.plan.blobs if blob in set(at.office.blobs().names())]

    assert ([], True) == (left, checked(past.folder).is_whole)


def test_papers_alone(past: Past) -> None:
    """The papers go and every value stays."""
    with desk(past.folder) as at:
        before = at.said()
        reach = at.scope.of_payload(past.delivered)
        done = at.erase(reach)

    assert isinstance(done, Erased)
    assert 2 == len(done.done)
    with opened(Setting(folder=past.folder)) as office, closing(office.blobs()) as blobs:
        assert [] == [blob for blob in blobs.names() if blob in reach.plan.blobs]
    with desk(past.folder) as at:
        assert [] == [said for said in before if said not in at.said()]


def test_a_year_is_gone_and_the_ledger_stands(past: Past) -> None:
    """Every transfer of it, with one pair of entries that name the ledger as it was; the rules stay in force."""
    with writing(past.folder) as pen:
        for transfer in (past.held, past.deferred):
            story = pen.office.archive.story(transfer)
            assert story is not None
            pen.then(story.journey, Declined(leg=0, by="ruth@town.test", why="the year ends"))
    with desk(past.folder) as at:
        size = len(at.office.records.since(0, 1000).leaves)
        year = moment(at.office.clock.now_ms()).year
        head = at.office.records.since(0, 0).head
        assert head is not None
        shard = Shard(origin=at.office.signer.name, size=size, root=head.root.hex())
        reach = at.scope.of_year(year, bytes(range(16)))
        # The year is not over here: its own keys still seal what says that it is erased.
        streams = tuple(one for one in reach.plan.forgotten if not one.startswith(("shard/", "month/")))
        reach = replace(reach, plan=replace(reach.plan, forgotten=streams))
        done = at.erasure.order(reach, REQUEST, FREE, on=TODAY, shard=shard)
        entry = read_entry(at.office.records.since(size, 1).leaves[0].entry)
        left = [at.office.archive.story(transfer) for transfer in (past.delivered, past.held, past.deferred)]
        assert at.office.in_force is not None
        assert [] == [said for said in at.said() if said[0] in range(size) and said[0] >= 0 and CLERK in said[1]]

    assert isinstance(done, Erased)
    assert ((1, 1), [None] * 3) == ((len(done.ordered), len(done.done)), left)
    assert (size, "shard", shard.root) == tuple(entry.public[name] for name in ("size", "what", "root"))
    assert checked(past.folder).is_whole


# ── what stands against it ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_under_way_is_not_erased(past: Past) -> None:
    """A transfer that waits for a person is ended first."""
    with desk(past.folder) as at:
        kept = at.erase(at.scope.of_matter(past.held))
        assert isinstance(kept, Kept)
        assert (True, ()) == (past.held in kept.sentences[0], kept.entries)
        assert [] == at.disposals()


def test_a_legal_hold_is_an_entry(past: Past) -> None:
    """Nothing is erased, the sentence says until when, and the ledger says that it was refused."""
    people = frozenset({STRANGER})
    hold = Hold(id="smith", because="Smith v Town.", owner="Ruth", until=date(2027, 6, 30), people=people)
    with desk(past.folder) as at:
        before = at.said()
        kept = at.erase(at.scope.of_person([STRANGER]), Schedule(holds=(hold,)))
        assert isinstance(kept, Kept)
        (refused,) = at.disposals()
        entry = read_entry(at.office.records.since(kept.entries[0], 1).leaves[0].entry)
        assert [] == [said for said in before if said not in at.said()]

    assert ("30 June 2027" in kept.sentences[0], date(2027, 6, 30)) == (True, kept.until)
    assert (True, "refused") == (refused.is_refused, entry.outcome)
    assert "smith" in refused.why
    assert checked(past.folder).is_whole


def test_what_is_not_here_is_said(past: Past) -> None:
    """Of somebody nobody knows, nothing is written down."""
    with desk(past.folder) as at:
        kept = at.erase(at.scope.of_person(["nobody@else.test"]))
        assert isinstance(kept, Kept)
        assert [] == at.disposals()


# ── a crash between any two steps ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("target", ["person", "matter", "class"])
def test_a_crash_at_any_step_leaves_it_to_be_finished(target: str, laid_out_once: Past, tmp_path: Path) -> None:
    """Wherever it dies, before or after any step: finishing comes to the same as never having died, once."""
    names: list[str] = []
    for blows_at in itertools.count(1):
        folder = tmp_path / str(blows_at)
        shutil.copytree(laid_out_once.folder, folder)
        fuse = Fuse(blows_at)
        try:
            with desk(folder, fuse) as at:
                at.erase(_reach(at, target, laid_out_once))
        except PowerCut as cut:
            names.append(str(cut))
        with desk(folder) as at:
            if at.erasure.finish() is None and not at.disposals():
                at.erase(_reach(at, target, laid_out_once))
            disposals, said = at.disposals(), at.said()
            assert at.office.writable.swap(REGISTER, old=None, new=None) is None
        orders = [fact for fact in disposals if fact.ordered is None]

        assert (len(orders), 2 * len(orders)) == (len({fact.leg for fact in orders}), len(disposals)), fuse.passed
        assert [] == [text for _, text in said if STRANGER in text and target == "person"], fuse.passed
        assert checked(folder).is_whole, fuse.passed
        shutil.rmtree(folder)
        if len(fuse.passed) < blows_at:
            break

    assert {"before swap", "before compact", "after shrink", "after append_now"} <= set(names)


def test_one_at_a_time(past: Past) -> None:
    """While one is not finished, no other begins."""
    with pytest.raises(PowerCut), desk(past.folder, Fuse(4)) as at:
        at.erase(at.scope.of_person([STRANGER]))

    with desk(past.folder) as at, pytest.raises(StoreAway, match="erase finish"):
        at.erase(at.scope.of_matter(past.delivered))


def _reach(at: Desk, target: str, past: Past) -> Reach:
    match target:
        case "person":
            return at.scope.of_person([STRANGER])
        case "matter":
            return at.scope.of_matter(past.delivered)
        case _:
            return at.scope.of_class(past.delivered, 1, ("rcp", "net"))


# ── guessing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_guessing_finds_nothing(past: Past) -> None:
    """Ten thousand addresses, the right one among them, tried on all that is left with all keys that are left."""
    _guess(past, 10_000)


@pytest.mark.slow
def test_a_million_guesses_find_nothing(past: Past) -> None:
    """The same with a million."""
    _guess(past, 1_000_000)


def _guess(past: Past, count: int) -> None:
    backup = past.folder.parent / "backup"
    store = past.folder / "var"
    shutil.copytree(store, backup, ignore=shutil.ignore_patterns("keys", "admin.sock"))
    with opened(Setting(folder=past.folder)) as office:
        index_key = office.keyring.index_key
    guesses = [f"resident{number}@other.test" for number in range(count - 1)]
    guesses.insert(count // 3, STRANGER)
    assert [STRANGER] == _found(guesses[: count // 3 + 5][-50:], _windows(_files(store)), index_key)  # it can be found

    with desk(past.folder) as at:
        leaves = at.office.records.since(0, 100).leaves
        targets = _targets(at, [read_entry(leaf.entry) for leaf in leaves])
        at.erase(at.scope.of_person([STRANGER]))
        secrets = _secrets(at, {index for index, *_ in targets})

    assert [] == _found(guesses, _windows(_files(store)), index_key)
    assert [] == _found(guesses, _windows(_files(backup)), b"")  # a copy from before, without the office's keys
    assert [] == _committed(guesses, targets, secrets)


def _files(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "keys" not in path.parts:
            yield path.read_bytes()


def _windows(contents: Iterable[bytes]) -> frozenset[bytes]:
    """Every run of 20 bytes there is, and of letters every one of 40 that spells bytes."""
    return frozenset(content[at : at + 20] for content in contents for at in range(max(len(content) - 19, 0)))


def _found(guesses: Iterable[str], windows: frozenset[bytes], index_key: bytes) -> list[str]:
    """The guesses of which a trace is left: plain, hashed, or as anything the index key makes of them."""
    makers: list[Callable[[bytes], bytes]] = [
        lambda guess: guess.ljust(20, b"\x00"),
        lambda guess: hashlib.sha256(guess).digest(),
        lambda guess: hashlib.sha256(guess).hexdigest().encode(),
        lambda guess: hashlib.sha1(guess).digest(),
        lambda guess: hmac.digest(b"", guess, "sha256"),
    ]
    if index_key:
        makers += [lambda guess, of=of: term(index_key, of, guess.decode()) for of in INDEXED]
        makers.append(lambda guess: term(index_key, "person", guess.decode()).hex().encode())
    return [guess for guess in guesses if any(make(guess.encode())[:20] in windows for make in makers)]


def _targets(at: Desk, entries: list[Any]) -> list[tuple[int, str, bytes, tuple[tuple[str, str], ...]]]:
    """The commitments of the class to be erased, and the values in them beside the address: an insider knows those."""
    attestations = attestations_of(at.office)
    found = []
    for stream in at.office.records.find([], limit=1000):
        story = attestations.story(stream)
        for one in attestations.of(story) if story else ():
            box = one.classes[CLASSES.index("rcp")]
            if box and ("addr", STRANGER) in box.values:
                root = entries[one.index].roots[CLASSES.index("rcp")]
                found.append((one.index, one.entry.kind, root, box.values))
    return found


def _secrets(at: Desk, indexes: set[int]) -> dict[int, list[bytes]]:
    """The class secrets that can still be opened, by entry."""
    attestations = attestations_of(at.office)
    found: dict[int, list[bytes]] = {index: [bytes(32)] for index in indexes}
    for stream in at.office.records.find([], limit=1000):
        story = attestations.story(stream)
        for one in attestations.of(story) if story else ():
            if one.index in indexes:
                found[one.index] += [box.secret for box in one.classes if box]
    return found


def _committed(
    guesses: Iterable[str],
    targets: list[tuple[int, str, bytes, tuple[tuple[str, str], ...]]],
    secrets: dict[int, list[bytes]],
) -> list[str]:
    """The guesses that a commitment confirms, with any secret that is left; of each entry one, in turn."""
    found = []
    tries = [(kind, root, values, secret) for index, kind, root, values in targets for secret in secrets[index]]
    for guess, (kind, root, values, secret) in zip(guesses, itertools.cycle(tries), strict=False):
        tried = tuple((name, guess if name == "addr" else value) for name, value in values)
        if class_root(FIELDS[kind]["rcp"], tried, secret) == root:
            found.append(guess)
    for kind, root, values, secret in tries:  # the right one against everything
        if class_root(FIELDS[kind]["rcp"], values, secret) == root:
            found.append(STRANGER)
    return found
