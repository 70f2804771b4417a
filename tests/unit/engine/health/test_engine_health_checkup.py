"""What the doctor says of what it was shown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.health import checkup
from gateway.engine.health.checkup import Certificate, Disk, Finding, Grade, LedgerState, Loose
from gateway.engine.lawmaking.rulewatch import FolderState, folder_state
from gateway.judge.expiries import Expiry
from gateway.judge.problems import Problem

TODAY = date(2026, 11, 23)
HOUR_MS = 3_600_000
NOW_MS = 1_800_000_000_000


def ends(kind: str, days: int, mend: str = "rules/transfers.toml:12") -> Finding:
    one = Expiry(last=TODAY + timedelta(days), kind=kind, what="x", owners=(), mend=mend)
    (found,) = checkup.endings([one], TODAY)
    return found


def disk(**changes: object) -> list[Finding]:
    usual: dict[str, object] = {
        "place": "var", "kind": "ext4", "free_bytes": 5 << 30, "total_bytes": 10 << 30, "needed_bytes": 1 << 20,
        "sync_ms": 1.0,
    }  # fmt: skip
    return list(checkup.disk(Disk(**(usual | changes))))  # type: ignore[arg-type]


def certificate(**changes: object) -> list[Finding]:
    usual: dict[str, object] = {
        "place": "certs/gateway.pem", "names": ("mail.town.test",), "host": "mail.town.test",
        "is_own_authority": False, "is_public": True, "is_served": True,
    }  # fmt: skip
    return list(checkup.certificate(Certificate(**(usual | changes))))  # type: ignore[arg-type]


def grades(found: list[Finding]) -> list[Grade]:
    return [one.grade for one in found]


def test_a_folder_that_was_edited_is_wrong_until_it_is_published() -> None:
    """An edit without effect is what an admin most easily overlooks."""
    (found,) = checkup.rules(FolderState(in_force="a" * 64, folder="b" * 64), 0)

    assert (Grade.WRONG, "sealgate rules diff") == (found.grade, found.mend)


def test_a_folder_that_does_not_load_says_where() -> None:
    """The first problem stands in the sentence, and the command shows them all."""
    problem = Problem(file="transfers.toml", line=3, column=1, text="unknown role")
    (found,) = checkup.rules(folder_state("a" * 64, [problem]), 0)

    assert (Grade.WRONG, "sealgate rules check") == (found.grade, found.mend)
    assert "transfers.toml:3" in found.sentence


@pytest.mark.parametrize(
    ("kind", "days", "grade"),
    [
        ("agreement", -1, Grade.WRONG),
        ("agreement", 0, Grade.NOTE),
        ("agreement", 30, Grade.NOTE),
        ("certificate", 13, Grade.WRONG),
        ("certificate", 14, Grade.NOTE),
        ("key", 90, Grade.NOTE),
    ],
)
def test_what_ends_is_told_in_time(kind: str, days: int, grade: Grade) -> None:
    """Over is wrong; a certificate or key that ends within two weeks is wrong already; the rest is a note."""
    assert grade == ends(kind, days).grade


@pytest.mark.parametrize(("kind", "days"), [("agreement", 31), ("certificate", 31), ("key", 91)])
def test_what_ends_later_is_not_told(kind: str, days: int) -> None:
    """Beyond the forecast all is well."""
    assert (Grade.FINE, "") == (ends(kind, days).grade, ends(kind, days).mend)


def test_a_place_in_the_rules_becomes_a_command() -> None:
    """`file:line` opens the file there; what is a command already is left alone."""
    assert "editor +12 rules/transfers.toml && sealgate rules publish" == ends("rule", 1).mend
    assert "sealgate keys import FILE" == ends("key", 1, "sealgate keys import FILE").mend


def test_a_certificate_that_fits_is_fine() -> None:
    """The name may stand in it, or be covered by a wildcard of its own level."""
    assert [Grade.FINE] == grades(certificate())
    assert [Grade.FINE] == grades(certificate(names=("*.town.test",)))
    assert [Grade.WRONG] == grades(certificate(names=("*.mail.town.test",)))


def test_the_development_authority_is_wrong_only_on_a_public_door() -> None:
    """On this machine alone nobody else is asked to trust it."""
    assert [Grade.WRONG] == grades(certificate(is_own_authority=True))
    assert [Grade.FINE] == grades(certificate(is_own_authority=True, is_public=False))


def test_a_certificate_that_was_not_reloaded_is_wrong() -> None:
    """What the doors show is what counts; with no gateway running there is nothing to compare."""
    (found,) = certificate(is_served=False)

    assert (Grade.WRONG, "systemctl reload sealgate") == (found.grade, found.mend)
    assert [Grade.FINE] == grades(certificate(is_served=None))


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, Grade.FINE),
        ({"free_bytes": 1 << 19}, Grade.WRONG),
        ({"free_bytes": (1 << 30) - 1}, Grade.WRONG),
        ({"kind": "tmpfs"}, Grade.WRONG),
        ({"kind": "nfs4"}, Grade.WRONG),
        ({"sync_ms": None}, Grade.WRONG),
        ({"sync_ms": 900.0}, Grade.NOTE),
    ],
)
def test_a_disk_must_have_room_and_keep(changes: dict[str, object], grade: Grade) -> None:
    """Too little room, a file system that forgets or is far away, a failed fsync are wrong; a slow one is not."""
    assert [grade] == grades(disk(**changes))


def test_a_clock_behind_the_ledger_is_wrong() -> None:
    """Ledger time never falls, so a clock that is behind it was set back; one that nobody keeps is a note."""
    behind = list(checkup.clock(NOW_MS, NOW_MS + HOUR_MS, is_synchronised=True))
    alone = list(checkup.clock(NOW_MS, NOW_MS - HOUR_MS, is_synchronised=False))

    assert "60 minutes behind" in behind[0].sentence
    assert [Grade.WRONG, Grade.NOTE] == grades(behind + alone)
    assert [Grade.FINE] == grades(list(checkup.clock(NOW_MS, None, is_synchronised=None)))


def test_what_others_can_read_names_the_mode_that_is_right() -> None:
    """The command takes away what others have, and gives the owner nothing new."""
    (found,) = checkup.permissions(
        [Loose(place="var/keys/ledger.seed", mode=0o644, should_be=0o700, owner="sealgate", is_ours=True)]
    )

    assert "chmod 0600 var/keys/ledger.seed" == found.mend
    assert "read" in found.sentence


def test_walls_that_do_not_hold_are_named() -> None:
    """What a confined process could still do is what the sentence says."""
    (found,) = checkup.walls(("tcp", "fork"), ())

    assert Grade.WRONG is found.grade
    assert "tcp, fork" in found.sentence


def test_a_unit_that_was_loosened_is_named() -> None:
    """The gateway may score 1.2, what has no network 0.4; where no unit is installed nothing is said."""
    found = list(checkup.units({"sealgate.service": 1.2, "sealgate-verify.service": 0.5}))

    assert [Grade.WRONG] == grades(found)
    assert "sealgate-verify.service scores 0.5" in found[0].sentence
    assert [Grade.FINE] == grades(list(checkup.units({"sealgate-verify.service": 0.2})))
    assert [] == list(checkup.units({}))


def test_a_delivery_in_doubt_is_wrong_and_what_waits_for_a_day_too() -> None:
    """A person must look; what came an hour ago is only told."""
    state = LedgerState(size=10, published=10, in_doubt=1, held=2, oldest_held_ms=NOW_MS - 25 * HOUR_MS)
    fresh = LedgerState(size=10, published=10, in_doubt=0, held=1, oldest_held_ms=NOW_MS - HOUR_MS)

    assert [Grade.FINE, Grade.WRONG, Grade.WRONG] == grades(list(checkup.ledger(state, NOW_MS)))
    assert [Grade.FINE, Grade.NOTE] == grades(list(checkup.ledger(fresh, NOW_MS)))


@given(hours=st.integers(0, 500))
def test_what_must_be_done_regularly_is_wrong_when_it_is_late(hours: int) -> None:
    """To the hour, and when it never was."""
    last = NOW_MS - hours * HOUR_MS
    found = checkup.regular("verified", ("The ledger", "read"), last, NOW_MS, hours=26, mend="do it")
    never = checkup.regular("verified", ("The ledger", "read"), None, NOW_MS, hours=26, mend="do it")

    assert (Grade.WRONG if hours > 26 else Grade.FINE) is found.grade
    assert "The ledger has never been read." == never.sentence


def test_everything_that_is_wrong_comes_with_a_command() -> None:
    """No finding leaves an admin without a next step, and what is fine asks for none."""
    found = [
        *certificate(names=(), is_own_authority=True, is_served=False),
        *disk(free_bytes=0, kind="tmpfs", sync_ms=None),
        *disk(),
        *checkup.credentials({"court": "missing"}),
        *checkup.walls(("tcp",), ()),
        *checkup.clock(0, NOW_MS, is_synchronised=None),
    ]

    assert all(bool(one.mend) == (one.grade is not Grade.FINE) for one in found)
