"""Another key signs the ledger: vouched for by the one before, at the word of two people, and for all who look on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.audit.prove import prove
from gateway.commands.audit.rotate import rotate_key
from gateway.commands.ledger import ledger
from gateway.commands.office import alone, anchors_of, opened, rules_of_office
from gateway.commands.setting import Setting
from gateway.commands.watch import reader
from gateway.engine.clock import SystemClock
from gateway.engine.outsiders.handover import Handover
from gateway.errors import InUse, Misconfigured, RolledBack, StoreAway
from gateway.keep.successor import Successor
from gateway.ledger.verify import Verdict, verify_bundle
from gateway.ledger.watching import Look, Watcher
from tests.audited import Past, checked, writing

RUTH, PER = "ruth@town.test", "per@town.test"


def rotate(past: Past, *words: str, by: str = RUTH, second: str = PER) -> Result:
    for who in (by, second):
        (past.folder.parent / who).write_text(past.passwords[who])
    signed = ["--as", by, "--password-file", str(past.folder.parent / by),
              "--second", second, "--second-password-file", str(past.folder.parent / second)]  # fmt: skip
    return CliRunner().invoke(rotate_key, [*signed, *words, "--json"], obj=Setting(folder=past.folder))


def key_now(past: Past) -> str:
    with opened(Setting(folder=past.folder)) as office:
        return office.signer.vkey


def looked_at(past: Past, key: str) -> Look:
    return Watcher(keys=[key]).look(reader(str(past.folder / "var" / "ledger")), SystemClock().now_ms())


def works_on(past: Past) -> None:
    """The gateway writes and publishes something."""
    with writing(past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")


def bundle(past: Past, tmp_path: Path) -> bytes:
    (past.folder.parent / PER).write_text(past.passwords[PER])
    words = [past.delivered, "--out", str(tmp_path / "bundle"), "--json", "--why", "a test",
             "--as", PER, "--password-file", str(past.folder.parent / PER)]  # fmt: skip
    result = CliRunner().invoke(prove, words, obj=Setting(folder=past.folder))
    assert 0 == result.exit_code, result.output
    return (tmp_path / "bundle").read_bytes()


def test_both_sign_until_the_new_one_signs_alone(past: Past, tmp_path: Path) -> None:
    """Between the steps and after them the ledger is whole, goes on, and whoever trusts the old key follows."""
    begun = json.loads(rotate(past).stdout)
    works_on(past)
    with opened(Setting(folder=past.folder)) as office:
        note = office.publication.checkpoint() or ""
    assert (past.ledger_key, past.ledger_key, 2) == (begun["old"], key_now(past), note.count("\u2014 "))

    done = json.loads(rotate(past, "--finish").stdout)
    works_on(past)

    with opened(Setting(folder=past.folder)) as office:
        note = office.publication.checkpoint() or ""
    assert (begun["new"], begun["new"], 1) == (done["new"], key_now(past), note.count("\u2014 "))
    assert checked(past.folder).is_whole
    proof = bundle(past, tmp_path)
    for key in (past.ledger_key, begun["new"]):
        assert Verdict.TRUE is verify_bundle(proof, [key]).verdict
        assert (looked_at(past, key).is_signed, looked_at(past, key).is_sound) == (True, True)


def test_an_answer_of_the_new_key_is_vouched_for_too(past: Past, tmp_path: Path) -> None:
    """With the old key and the published succession; without that, nobody known signed it."""
    assert (0, 0) == (rotate(past).exit_code, rotate(past, "--finish").exit_code)
    answer = tmp_path / "answer.csv"
    words = ["find", "--csv", "--out", str(answer), "--as", PER, "--password-file", str(past.folder.parent / PER)]
    done = CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder))
    assert 0 == done.exit_code, done.output

    check = ["verify-answer", str(answer), "--key", past.ledger_key]
    follow = ["--succession", str(past.folder / "var" / "ledger" / "succession.json")]
    assert (0, 1) == tuple(CliRunner().invoke(ledger, [*check, *more]).exit_code for more in (follow, []))


def test_twice_is_twice(past: Past, tmp_path: Path) -> None:
    """The first key leads through the second to the third."""
    for _ in range(2):
        assert (0, 0) == (rotate(past).exit_code, rotate(past, "--finish").exit_code)
    assert looked_at(past, past.ledger_key).is_signed
    assert Verdict.TRUE is verify_bundle(bundle(past, tmp_path), [past.ledger_key]).verdict


def test_a_head_of_the_old_key_is_still_an_anchor(past: Past) -> None:
    """What somebody kept from before the rotation keeps an older copy from being signed, and is no intruder's."""
    (past.folder / "var" / "anchors").mkdir(mode=0o700, exist_ok=True)
    kept = past.folder / "var" / "anchors" / "an-auditors"
    kept.write_text((past.folder / "var" / "ledger" / "checkpoint").read_text())
    assert (0, 0) == (rotate(past).exit_code, rotate(past, "--finish").exit_code)

    with opened(Setting(folder=past.folder)) as office:
        anchors = anchors_of(office, rules_of_office(office))
        assert [str(kept)] == [one.where.removeprefix("noted in ") for one in anchors.known() if str(kept) in one.where]
        with pytest.raises(RolledBack):
            anchors.check(None, lambda size: b"")


def test_beginning_again_is_beginning_once(past: Past) -> None:
    """The same key is named, and no second entry is written."""
    first, again = json.loads(rotate(past).stdout), json.loads(rotate(past).stdout)
    assert (first["new"], first["entry"]) == (again["new"], again["entry"])


@pytest.mark.parametrize("step", ["vouch", "retire"])
def test_a_step_cut_short_is_taken_again(past: Past, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry stands and its proof was never published: the next try publishes it, and writes nothing twice."""
    rotate(past)
    taken = getattr(Handover, step)

    def cut(handover: Handover) -> int:
        with monkeypatch.context() as disk:
            disk.setattr(type(handover.publication), "publish", full)
            return int(taken(handover))

    def full(*_: object) -> int:
        raise StoreAway("the disk is full")

    with monkeypatch.context() as power:
        power.setattr(Handover, step, cut)
        assert isinstance(rotate(past, "--finish").exception, StoreAway)
    assert 0 == rotate(past, "--finish").exit_code
    assert looked_at(past, past.ledger_key).is_signed
    assert checked(past.folder).is_whole


def test_finishing_what_was_not_begun_is_refused(past: Past) -> None:
    """Nothing is retired."""
    result = rotate(past, "--finish")
    assert isinstance(result.exception, Misconfigured)
    assert past.ledger_key == key_now(past)


def test_a_crash_behind_the_last_step_is_tidied(past: Past) -> None:
    """The new key signs already; the file of its seed beside it goes, and that is said."""
    rotate(past)
    keys = past.folder / "var" / "keys"
    seed = (keys / "ledger.next").read_bytes()
    rotate(past, "--finish")
    (keys / "ledger.next").write_bytes(seed)
    (keys / "ledger.next").chmod(0o600)
    assert "signs alone already" in str(rotate(past, "--finish").exception)
    assert (None, False) == (Successor(keys).seed(), (keys / "ledger.next").exists())


def test_one_person_is_not_two(past: Past) -> None:
    """Nor is somebody who may not publish."""
    assert 2 == rotate(past, by=RUTH, second=RUTH).exit_code
    assert isinstance(rotate(past, second="alena@town.test").exception, Misconfigured)
    assert not (past.folder / "var" / "keys" / "ledger.next").exists()


def test_not_beside_a_gateway_that_runs(past: Past) -> None:
    """Its scribe would go on signing as it was started."""
    with alone(Setting(folder=past.folder)):
        assert isinstance(rotate(past).exception, InUse)
    assert not (past.folder / "var" / "keys" / "ledger.next").exists()
