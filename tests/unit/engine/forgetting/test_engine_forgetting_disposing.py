"""What the schedule lets go is destroyed, once, whatever dies meanwhile; a hold always wins."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.audit.erase import must_be_finished
from gateway.commands.disposal import finish_begun
from gateway.commands.office import Office, alone, opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations
from gateway.engine.clock import Clock, SystemClock, day
from gateway.engine.entries import Write
from gateway.engine.forgetting.disposing import Cleared, Disposing, Looker
from gateway.engine.forgetting.erasure import REGISTER, Erasure
from gateway.engine.rulesets import RULES
from gateway.engine.scribe import Scribe
from gateway.facts import Collected, Disposed, Offered, Outcome, Published, to_bytes
from gateway.judge.rulebook import Rulebook, read
from gateway.keep.accounts import Accounts
from gateway.keep.beside import BlobsBeside
from gateway.ledger.entry import read_entry
from tests.audited import Past, checked, cleaned, intent, judged, laid_out, writing
from tests.unit.engine.forgetting.power_cuts import CHANGES, Fuse, Fused, NoRing, PowerCut

DAY_MS = 86_400_000
MONTH, YEARS = 31, 11 * 366
"""Days after which the papers are due, by the sample's rules; and everything."""
HOLD = """
[[hold]]
id = "case"
because = "The case."
owner = "ruth@town.test"
until = 9000-01-01
people = ["alena@town.test"]
"""
NET = """
[[keep]]
id = "machines"
what = ["net"]
for = "7d"
because = "Addresses of machines are personal data."
of = ["sent"]
[[keep]]
id = "rest"
what = ["content", "op", "snd", "rcp", "obj", "sec"]
for = "10y"
because = "Records schedule."
"""


@dataclass(frozen=True, slots=True)
class Later:
    """The machine's clock, so many days on."""

    days: int

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self.days * DAY_MS

    def random(self, size: int) -> bytes:
        return SystemClock().random(size)


@dataclass
class Room:
    """The office on a later day, with what disposes of things."""

    office: Office
    scribe: Scribe
    work: Disposing
    clock: Clock

    def disposes(self) -> Cleared:
        """A run, as the command does it: what is of age is named, whatever becomes of it."""
        rulebook = self.office.in_force
        assert rulebook is not None
        on = day(self.clock.now_ms(), self.office.zone)
        return self.work.dispose(tuple(self.work.looker.due(rulebook, on)))

    def disposals(self) -> list[Disposed]:
        stories = [self.office.archive.story(name) for name in self.office.records.find([], limit=10**6)]
        return [fact for story in stories if story for fact in story.facts if isinstance(fact, Disposed)]

    def has_papers(self, transfer: str) -> bool:
        holdings = self.work.looker.holdings(rules_of_office(self.office).rulebook)
        return any("content" in one.left for one in holdings.of(transfer, self.clock.now_ms()))

    def publishes(self, **files: str) -> None:
        """Rules come into force in which these files say something else, or more after a `+`."""
        publish(self.office, self.scribe, **files)


def publish(office: Office, scribe: Scribe, **files: str) -> None:
    now = dict(rules_of_office(office).rulebook.files)
    for name, text in files.items():
        old = now[f"{name}.toml"]
        now[f"{name}.toml"] = old + text[1:] if text.startswith("+") else text
    rulebook = read(now)
    assert isinstance(rulebook, Rulebook), rulebook
    fact = Published(digest=rulebook.digest, files=rulebook.files, signers=("ruth@town.test",), why="a test")
    scribe.append_now(Write(stream=RULES, facts=(fact,)))


@contextmanager
def room(
    folder: Path, days: int, fuse: Fuse | None = None, pen: Callable[[Office, Scribe], Any] | None = None
) -> Iterator[Room]:
    setting, fuse, clock = Setting(folder=folder), fuse or Fuse(), Later(days)
    with alone(setting), opened(setting, is_writing=True) as office, closing(office.blobs()) as blobs:
        scribe = scribe_of(office, rules_of_office(office), lambda why: None)
        scribe.start()
        try:
            erasure = Erasure(
                records=Fused(office.writable, fuse, CHANGES),
                pen=Fused(pen(office, scribe) if pen else scribe, fuse, ("append_now",)),
                archive=office.archive,
                keyring=office.keyring,
                blobs=Fused(blobs, fuse, ("erase",)),
                ring=NoRing(),
                roll=Accounts(setting.accounts),
                clock=clock,
            )
            attestations = Attestations(office.records, office.archive, office.keyring)
            looker = Looker(
                records=office.records,
                archive=office.archive,
                attestations=attestations,
                blobs=BlobsBeside(blobs, office.records),
            )
            yield Room(
                office, scribe, Disposing(erasure=erasure, looker=looker, clock=clock, forget=scribe.forget), clock
            )
        finally:
            scribe.stop()
        head = office.records.since(0, 0).head
        assert head is not None
        office.publication.publish(head)


@pytest.fixture(scope="module")
def laid_out_once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture
def past(laid_out_once: Past, tmp_path: Path) -> Past:
    shutil.copytree(laid_out_once.folder, tmp_path / "office")
    return replace(laid_out_once, folder=tmp_path / "office")


# ── what goes, and what stays ────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_goes_before_its_time(past: Past) -> None:
    """Not a day early; and nothing is written down either."""
    with room(past.folder, days=30) as at:
        cleared = at.disposes()

        assert (Cleared(), []) == (without_looks(cleared), at.disposals())
        assert at.has_papers(past.delivered)


def test_papers_go_when_their_period_is_over(past: Past) -> None:
    """Those of the one transfer that has ended; each entry names the rule and the set it stands in."""
    with room(past.folder, days=MONTH) as at:
        cleared = at.disposes()
        story = at.office.archive.story(past.delivered)
        digest = rules_of_office(at.office).rulebook.digest

        assert (2, 0, 1) == (cleared.papers, cleared.values, len(cleared.erasures))
        assert (False, True, True) == tuple(map(at.has_papers, (past.delivered, past.held, past.deferred)))
        assert {f"retention content; rules {digest}"} == {fact.why for fact in at.disposals()}
        assert story is not None
    assert checked(past.folder).is_whole


def test_a_second_run_finds_nothing(past: Past) -> None:
    """What went is not named again, and no entry is written."""
    with room(past.folder, days=MONTH) as at:
        at.disposes()
        size = len(at.office.records.since(0, 1000).leaves)

        assert (Cleared(), size) == (without_looks(at.disposes()), len(at.office.records.since(0, 1000).leaves))


def test_what_is_of_age_altogether_goes_whole(past: Past) -> None:
    """Papers first, then every value with the key; what is open stays, however old."""
    with room(past.folder, days=YEARS) as at:
        cleared = at.disposes()
        stories = [at.office.archive.story(one) for one in (past.delivered, past.held, past.deferred)]

        assert (2, 2) == (cleared.papers, cleared.values)
        assert [True, False, False] == [story is None for story in stories]
    assert checked(past.folder).is_whole


def test_one_class_goes_by_itself(past: Past) -> None:
    """A rule about one class, and about what left: the other copy keeps it, and each keeps all the rest."""
    with room(past.folder, days=8) as at:
        at.publishes(retention=NET)
        cleared = at.disposes()
        story = at.office.archive.story(past.delivered)
        assert story is not None
        said = list(at.work.looker.attestations.of(story))
        net = {(one.entry.leg, name) for one in said for name in one.values if name.startswith("net.")}

        assert (0, 1) == (cleared.papers, cleared.values)
        assert {1} == {leg for leg, _ in net}
        assert b"mail.court.test" not in b"".join(map(to_bytes, story.facts))
        assert {"rcp.addr", "snd.addr", "sec.tls"} <= {name for one in said for name in one.values}
    assert checked(past.folder).is_whole


def test_what_can_still_be_collected_stays(past: Past) -> None:
    """Also after a first visit: until the day the offer ends."""
    until_ms = SystemClock().now_ms() + 60 * DAY_MS
    with writing(past.folder) as pen:
        journey = pen.then(pen.mail("jo@town.test", "clerk@court.test"), judged(0, Outcome.SEND, "to-court"))
        journey = pen.then(journey, cleaned(0), intent(journey, 0))
        pen.then(journey, Offered(leg=0, until_ms=until_ms), Collected(leg=0, by="clerk@court.test", source=""))
        transfer = journey.transfer.id
    with room(past.folder, days=59) as at:
        at.disposes()
        assert at.has_papers(transfer)
    with room(past.folder, days=61) as at:
        at.disposes()
        assert not at.has_papers(transfer)


# ── holds ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_keeps_all_of_a_transfer_it_names_somebody_of(past: Past) -> None:
    """A colleague who sent it: nothing of it goes, and nothing is written down."""
    with room(past.folder, days=MONTH) as at:
        at.publishes(retention="+" + HOLD)

        assert (0, True) == (at.disposes().papers, at.has_papers(past.delivered))
        assert [] == at.disposals()


def test_a_hold_that_is_published_at_the_last_moment_is_honoured(past: Past) -> None:
    """After the plan was made, and before its order stands in the ledger: then there is no order, and nothing goes."""

    class Hurried:
        """Publishes the hold just before the first order is written."""

        def __init__(self, office: Office, scribe: Scribe) -> None:
            self._office, self._scribe, self._is_first = office, scribe, True

        def append_now(self, *writes: Write) -> Any:
            if self._is_first:
                self._is_first = False
                publish(self._office, self._scribe, retention="+" + HOLD)
            return self._scribe.append_now(*writes)

    with room(past.folder, days=MONTH, pen=Hurried) as at:
        cleared = at.disposes()

        assert ((), [], True) == (cleared.erasures, at.disposals(), at.has_papers(past.delivered))
        assert at.office.records.register(REGISTER) is None
    assert checked(past.folder).is_whole


def test_a_hold_that_comes_while_the_house_is_down_is_honoured(past: Past) -> None:
    """Planned, not yet ordered, and the power fails: under other rules the plan is dropped."""
    with pytest.raises(PowerCut), room(past.folder, days=MONTH, fuse=Fuse(4)) as at:
        at.disposes()
    with room(past.folder, days=MONTH) as at:
        assert at.office.records.register(REGISTER) is not None
        at.publishes(retention="+" + HOLD)
        finish_begun(at.office, at.scribe)

        assert ([], None, True) == (
            at.disposals(), at.office.records.register(REGISTER), at.has_papers(past.delivered),
        )  # fmt: skip


def test_a_gateway_starts_on_what_the_schedule_has_begun(past: Past) -> None:
    """After a power cut nobody need type anything: its scribe finishes, before the doors open."""
    with pytest.raises(PowerCut), room(past.folder, days=MONTH, fuse=Fuse(8)) as at:
        at.disposes()
    with room(past.folder, days=MONTH) as at:
        must_be_finished(at.office)
        begun = at.disposals()
        cleared = finish_begun(at.office, at.scribe)

        assert {None} == {fact.ordered for fact in begun}
        assert (2, 1, False) == (cleared.papers, len(cleared.erasures), at.has_papers(past.delivered))


# ── a crash between any two steps ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("days", [MONTH, YEARS])
def test_a_crash_at_any_step_changes_nothing_in_the_end(days: int, laid_out_once: Past, tmp_path: Path) -> None:
    """Killed before or after each thing a run changes, the next start and run come to what one run comes to."""
    names: list[str] = []
    for blows_at in range(1, 200):
        folder, fuse = tmp_path / str(blows_at), Fuse(blows_at)
        shutil.copytree(laid_out_once.folder, folder)
        try:
            with room(folder, days, fuse) as at:
                at.disposes()
        except PowerCut as cut:
            names.append(str(cut))
        with room(folder, days) as at:
            finish_begun(at.office, at.scribe)
            at.disposes()
            facts = at.disposals()
            assert at.office.records.register(REGISTER) is None
            assert not at.has_papers(laid_out_once.delivered)
            assert (at.office.archive.story(laid_out_once.delivered) is None) == (days == YEARS)
        orders = [(fact.leg, fact.what) for fact in facts if fact.ordered is None]

        assert (len(set(orders)), 2 * len(orders)) == (len(orders), len(facts)), fuse.passed
        assert checked(folder).is_whole, fuse.passed
        shutil.rmtree(folder)
        if len(fuse.passed) < blows_at:
            break

    assert {"before swap", "before erase", "after shrink", "after append_now"} <= set(names)


def test_each_disposal_is_ordered_and_done_in_the_open(past: Past) -> None:
    """Whoever has the ledger alone sees what went, of which copy, and that the order came first."""
    with room(past.folder, days=MONTH) as at:
        at.disposes()
        entries = [read_entry(leaf.entry) for leaf in at.office.records.since(0, 1000).leaves]
        said = [(number, one) for number, one in enumerate(entries) if one.kind == "disposed"]

        assert [None, None, said[0][0], said[1][0]] == [one.intent for _, one in said]
        assert {"payload"} == {one.public["what"] for _, one in said}


def without_looks(cleared: Cleared) -> Cleared:
    """Without how much was looked at."""
    return Cleared(erasures=cleared.erasures, papers=cleared.papers, values=cleared.values)
