"""A restored office asks outside first; then everything that was under way waits for a person, and nothing forks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.audit.recover import recover
from gateway.commands.office import opened, rules_of_office, scribe_of
from gateway.commands.safekeeping.restore import restore
from gateway.commands.setting import Setting
from gateway.engine.entries import Write
from gateway.engine.inquiry import RESTORED, lasting
from gateway.engine.safekeeping.restoring import MARK
from gateway.facts import Approved, Offered, Outcome
from gateway.journey import Journey, Reconsider, State, advance, todo
from tests.audited import checked, intent, judged, writing
from tests.playbook import attempted, scrubbed, shipped

FAR_MS = 4_000_000_000_000


def journey_in(office: Path, transfer: str) -> Journey:
    with opened(Setting(folder=office)) as found:
        story = found.archive.story(transfer)
    assert story is not None
    return story.journey


def due_in(office: Path) -> set[str]:
    """What a gateway would pick up by itself, some day."""
    with opened(Setting(folder=office), is_writing=True) as found:
        return set(found.writable.claim(now_ms=FAR_MS, until_ms=FAR_MS, limit=1000))


def test_nobody_outside_was_asked(safe: Any, tmp_path: Path) -> None:
    """What came with the backup is nobody outside: nothing is signed, and the sentence says who could be asked."""
    safe.restores(safe.backs_up(), tmp_path / "new")

    result = safe.settles(tmp_path / "new")

    told = json.loads(result.stdout)
    assert (1, False) == (result.exit_code, told["is_settled"])
    assert "nobody outside has said" in told["sentence"]
    assert checked(safe.past.folder).size == checked(tmp_path / "new").size


def test_what_was_signed_since_stops_it(safe: Any, tmp_path: Path) -> None:
    """The head somebody brings is longer than the backup: nothing is signed, and `ledger recover` is named."""
    folder = safe.backs_up()
    with writing(safe.past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")
    safe.restores(folder, tmp_path / "new")
    safe.is_told(tmp_path / "new")

    result = safe.settles(tmp_path / "new")

    assert (1, True) == (result.exit_code, "sealgate ledger recover" in json.loads(result.stdout)["sentence"])


def test_everything_under_way_waits_for_a_person(safe: Any, tmp_path: Path) -> None:
    """In whatever state a leg was: it is held or in doubt, nobody picks it up, and the ledger is whole."""
    with writing(safe.past.folder) as pen:
        fresh = pen.mail("jo@town.test", "clerk@court.test")
        tried = pen.then(pen.mail("jo@town.test", "judge@court.test"), judged(0, Outcome.SEND, "to-court"))
        tried = pen.then(tried, scrubbed(0), intent(tried, 0), attempted(0))
        laid = pen.then(pen.mail("jo@town.test", "court@court.test"), judged(0, Outcome.SEND, "to-court"))
        laid = pen.then(laid, scrubbed(0), intent(laid, 0), Offered(leg=0, until_ms=FAR_MS))
        for one in (fresh, tried, laid):
            pen.scribe.append_now(Write(stream=one.transfer.id, facts=(), due_ms=1))
    new = tmp_path / "new"
    safe.restores(safe.backs_up(), new)
    safe.is_told(new)

    result = safe.settles(new)

    assert 0 == result.exit_code, result.output
    states = {
        transfer: journey_in(new, transfer).legs[0].state
        for transfer in (fresh.transfer.id, tried.transfer.id, laid.transfer.id, safe.past.held, safe.past.deferred)
    }
    assert {State.HELD} == {state for name, state in states.items() if name != tried.transfer.id}
    assert State.PARKED is states[tried.transfer.id]
    assert {f"{name}/0" for name in states} == set(json.loads(result.stdout)["parked"])
    assert set() == due_in(new)
    report = checked(new)
    assert report.is_whole, report.findings


def test_what_waited_waits_for_an_answer_alone(safe: Any, tmp_path: Path) -> None:
    """Whatever a leg was held for is found again once somebody has answered: a release need not mend it first."""
    new = tmp_path / "new"
    safe.restores(safe.backs_up(), new)
    safe.is_told(new)

    safe.settles(new)

    leg = journey_in(new, safe.past.held).legs[0]
    assert leg.judged is not None
    assert [RESTORED] == [reason.code for reason in leg.judged.reasons]
    assert (Outcome.HOLD, ("ask-first",)) == (leg.judged.outcome, leg.judged.rules)


def test_it_is_settled_once(safe: Any, tmp_path: Path) -> None:
    """Then a gateway may start; asked again it says so and writes nothing."""
    new = tmp_path / "new"
    safe.restores(safe.backs_up(), new)
    safe.is_told(new)
    safe.settles(new)
    size = checked(new).size

    again = safe.settles(new)

    assert (0, True) == (again.exit_code, json.loads(again.stdout)["is_settled"])
    assert size == checked(new).size
    with opened(Setting(folder=new), is_writing=True) as office:
        scribe_of(office, rules_of_office(office), lambda why: None)


def test_a_crash_in_the_middle_parks_the_rest(safe: Any, tmp_path: Path) -> None:
    """The mark stays until all is parked; what was parked already is not parked twice."""
    new = tmp_path / "new"
    safe.restores(safe.backs_up(), new)
    safe.is_told(new)
    mark = (new / "var" / MARK).read_bytes()
    safe.settles(new)
    once = journey_in(new, safe.past.deferred).version
    (new / "var" / MARK).write_bytes(mark)

    again = safe.settles(new)

    assert {f"{safe.past.held}/0", f"{safe.past.deferred}/0"} == set(json.loads(again.stdout)["parked"])
    assert (once, set()) == (journey_in(new, safe.past.deferred).version, due_in(new))


@pytest.mark.parametrize("by", ["jo@town.test", "nobody@town.test"])
def test_only_who_may_publish_settles(by: str, safe: Any, tmp_path: Path) -> None:
    """Somebody without the power, or nobody: nothing is written."""
    new = tmp_path / "new"
    safe.restores(safe.backs_up(), new)
    safe.is_told(new)
    safe.past.passwords.setdefault(by, "wrong")

    result = safe.settles(new, by=by)

    assert "anybody who may publish" in str(result.exception)
    assert (new / "var" / "restored").is_file()


def test_a_leg_that_went_on_is_nobodys_to_park(safe: Any, tmp_path: Path) -> None:
    """Its end stands in entries that came back from a mirror: it is told, not parked, and the ledger stays lawful."""
    folder = safe.backs_up()
    with writing(safe.past.folder) as pen:
        journey = pen.office.archive.story(safe.past.deferred)
        assert journey is not None
        pen.then(journey.journey, attempted(leg=0), shipped(leg=0))
    shutil.copytree(safe.past.folder / "var" / "ledger", tmp_path / "mirror")
    new = tmp_path / "new"
    safe.restores(folder, new)
    safe.is_told(new)
    signed = [safe.settles(new).exit_code]
    words = ["--as", "ruth@town.test", "--password-file", str(tmp_path / "ruth@town.test"),
             "--second", "per@town.test", "--second-password-file", str(tmp_path / "per@town.test")]  # fmt: skip
    (tmp_path / "per@town.test").write_text(safe.past.passwords["per@town.test"])
    done = CliRunner().invoke(recover, ["--from", str(tmp_path / "mirror"), *words], obj=Setting(folder=new))
    result = safe.settles(new)

    assert ([1], 0, 0) == (signed, done.exit_code, result.exit_code), (done.output, result.output)
    told = json.loads(result.stdout)
    assert ([f"{safe.past.deferred}/0"], [f"{safe.past.held}/0"]) == (told["told"], told["parked"])
    report = checked(new)
    assert report.is_whole, report.findings
    assert set() == due_in(new)


def test_an_office_that_was_not_restored_has_nothing_to_settle(safe: Any) -> None:
    """Exit 0, and nothing is asked of anybody."""
    result = CliRunner().invoke(restore, ["--settle", "--json"], obj=Setting(folder=safe.past.folder))

    assert (0, True) == (result.exit_code, json.loads(result.stdout)["is_settled"])


def test_only_a_person_ends_the_wait(safe: Any, tmp_path: Path) -> None:
    """The work left on a held leg is to look again, and looking again never sends: the reason lasts."""
    new = tmp_path / "new"
    safe.restores(safe.backs_up(), new)
    safe.is_told(new)
    safe.settles(new)
    journey = journey_in(new, safe.past.deferred)
    approved = advance(journey, Approved(leg=0, by="ruth@town.test", why="they have not got it", covers=(RESTORED,)))

    assert (Reconsider(legs=(0,)),) == todo(journey)
    assert (1, State.RECEIVED) == (len(lasting(journey.legs[0])), approved.legs[0].state)


def test_what_outsiders_said_before_the_backup_is_not_in_it(safe: Any, tmp_path: Path) -> None:
    """Neither a witness's head nor our own: in a restored office whatever lies there was asked for anew."""
    safe.is_told(safe.past.folder)
    safe.restores(safe.backs_up(), tmp_path / "new")

    assert not (tmp_path / "new" / "var" / "anchors").exists()
    assert 1 == safe.settles(tmp_path / "new").exit_code
