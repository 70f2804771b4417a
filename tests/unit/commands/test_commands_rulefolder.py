"""Bad input B85 to B88 (handbook `reliability.md`): whatever is wrong with a rules folder, it does not load."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.commands.rulefolder import read_folder
from gateway.engine.clock import day
from gateway.engine.policy import InForce
from gateway.judge import circumstances, expect
from gateway.judge.checks import FILES
from gateway.judge.rulebook import Rulebook
from gateway.judge.shapes import WorkingHours
from gateway.judge.spotting import spot

ROOT = Path(__file__).parents[3]
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", copy)
    copy.chmod(0o755)
    for path in copy.iterdir():
        path.chmod(0o644)
    return copy


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def told(folder: Path) -> list[str]:
    """The problems with a folder that does not load."""
    found = read_folder(folder)
    assert not isinstance(found, Rulebook), "it loads"
    return [str(problem) for problem in found]


# ── B85: unknown, doubled, mistyped, half a file ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("transfers.toml", 'because = "E-filing', 'becuase = "E-filing', 'did you mean "because"?'),
        ("transfers.toml", "\n[[never]]", "\n[[nevr]]", 'unknown key "nevr" in this file; did you mean "never"?'),
        ("transfers.toml", '\nwho = ["clerk", "solicitor"]', '\nwho = "clerk"\nwho = "solicitor"', "not TOML: cannot"),
        ("transfers.toml", 'id = "sealed-bundles"', 'id = "court-filing"', 'id "court-filing" is already used by'),
        ("people.toml", '"alena@town.test" =', '"jo@town.test" =', "not TOML: cannot overwrite a value"),
        ("people.toml", '"alena@town.test" =', '"JO@town.test" =', "stands here twice"),
        ("labels.toml", '"sealed"]', '"sealed", "sealed"]', 'label "sealed" is listed twice'),
        ("partners.toml", '"courts", ', '"courts", "courts", ', 'group "courts" is listed twice'),
        ("transfers.toml", "until = 2027-03-31", 'until = "2027-03-31"', '"until" must be a date without quotes'),
        ("gateway.toml", "origin = ", "origins = ", 'did you mean "origin"?'),
        ("retention.toml", 'for = "10y"', "for = 10", '"for" must be a duration'),
        ("routes.toml", 'by = "sftp"', 'by = "stfp"', 'unknown word "stfp"; did you mean "sftp"?'),
        ("gateway.toml", 'zone = "Europe/London"', 'zone = "Europe/Londn"', 'no time zone is called "Europe/Londn"'),
        ("gateway.toml", 'zone = "Europe/London"', 'zone = "../../etc/passwd"', "no time zone is called"),
        ("gateway.toml", 'zone = "Europe/London"', 'zone = "Europe/London", language = "de"', 'no texts in "de"'),
        ("routes.toml", 'mail = { via = "mx"', 'mail = { via = "relay"', 'via is "mx", or a host and a port'),
    ],
)
def test_a_slip_keeps_the_folder_from_loading(folder: Path, name: str, old: str, new: str, expected: str) -> None:
    """Unknown, doubled or mistyped: told where it stands."""
    edit(folder, name, old, new)

    assert any(line.startswith(f"rules/{name}:") and expected in line for line in told(folder))


@pytest.mark.parametrize("name", sorted(FILES))
def test_half_a_file_does_not_load(folder: Path, name: str) -> None:
    """Cut in the middle of a line: an editor that crashed, a copy that was not finished."""
    path = folder / name
    whole = path.read_text()
    equals = [found.end() for found in re.finditer(r"^[^#\n]*?=", whole, re.MULTILINE)]
    path.write_text(whole[: equals[len(equals) // 2]])

    assert told(folder)


def test_two_routes_to_one_partner_are_refused(folder: Path) -> None:
    """Which came first in a file must never decide where papers go."""
    path = folder / "routes.toml"
    text = path.read_text()
    route = text[text.index("[[route]]") :]
    path.write_text(text + "\n" + route.replace('id = "court-box"', 'id = "court-box-2"'))

    assert any('a route to "court" is listed twice' in line for line in told(folder))


def test_two_hops_to_one_group_are_refused(folder: Path) -> None:
    """The same of what the next server must prove; and a pin needs something to be pinned to."""
    hop = '[[hop]]\nto = ["courts"]\nlevel = "{}"\n\n'
    edit(folder, "protection.toml", "\n[floor]", "\n" + hop.format("best") + hop.format("pin") + "[floor]")

    lines = told(folder)

    assert any('a [[hop]] to "courts" is listed twice' in line for line in lines)
    assert any('[[hop]] of level "pin" needs "pin"' in line for line in lines)


def test_a_half_life_that_runs_backwards_is_refused(folder: Path) -> None:
    """Removal before the warning would take a rule away unannounced."""
    edit(folder, "transfers.toml", "\n[[never]]", '\n[half-life]\nremove = "30d"\n\n[[never]]')

    assert any("[half-life] warns first, then watches, then removes" in line for line in told(folder))


# ── B86: patterns are no patterns here ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "pattern", [".*", "cour.*", "^courts$", "court[s]", "*", "courts|law-firms", "%", "(?i)courts"]
)
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("transfers.toml", 'to = ["courts"]', "to = ['{}']"),
        ("transfers.toml", 'to = ["courts"]', "to = ['partner:{}']"),
        ("transfers.toml", 'who = ["clerk", "solicitor"]', "who = ['{}']"),
        ("transfers.toml", 'labels = ["sealed"]', "labels = ['{}']"),
        ("partners.toml", 'domains = ["court.test"]', "domains = ['{}']"),
        ("partners.toml", 'addresses = ["registry@court.test"]', "addresses = ['{}@court.test']"),
        ("people.toml", '"alena@town.test" =', "'{}@town.test' ="),
    ],
)
def test_a_pattern_matches_nothing_and_does_not_load(folder: Path, name: str, old: str, new: str, pattern: str) -> None:
    """A regex, a glob or an SQL wildcard is a word that nobody defined, never "everything"."""
    edit(folder, name, old, new.format(pattern))

    found = read_folder(folder)
    if isinstance(found, Rulebook):  # some patterns are addresses, letter for letter, and only that
        assert "@" in new
        assert "stranger" not in pattern
        assert {"strangers"} == found.groups_of(expect.recipient_of("anybody@elsewhere.test"))
        assert found.person("anybody@town.test") is None
    else:
        assert any(line.startswith(f"rules/{name}:") for line in map(str, found))


def test_a_tag_is_read_letter_for_letter(folder: Path) -> None:
    """Even where any text may stand: `.*` in a subject means a full stop and a star."""
    edit(folder, "labels.toml", '"[public]" = "public"', '".*" = "public"')
    rulebook = read_folder(folder)
    assert isinstance(rulebook, Rulebook)

    assert "confidential" == spot(rulebook, "anything").label
    assert "public" == spot(rulebook, "this .* that").label


# ── B87: groups nobody defined, days that are an hour short ──────────────────────────────────────────────────────────


def test_a_group_nobody_defined_does_not_load(folder: Path) -> None:
    """In a rule, in a partner's table, in what another station follows."""
    edit(folder, "partners.toml", 'groups = ["courts", "law-firms"]', 'groups = ["law-firms"]')

    lines = told(folder)

    assert any(line.startswith("rules/transfers.toml:") and 'unknown group "courts"' in line for line in lines)
    assert any(line.startswith("rules/partners.toml:") and 'unknown group "courts"' in line for line in lines)


def test_a_group_without_a_partner_reaches_nobody(folder: Path) -> None:
    """It loads, and nothing goes by it."""
    edit(folder, "partners.toml", '\ngroups = ["courts"]', '\ngroups = ["law-firms"]')
    rulebook = read_folder(folder)

    assert isinstance(rulebook, Rulebook)
    assert "courts" not in rulebook.groups_of(expect.recipient_of("registry@court.test"))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-28T23:59:59", "2026-03-28"),
        ("2026-03-29T00:59:59", "2026-03-29"),  # GMT, an hour before the hour that never comes
        ("2026-03-29T22:59:59", "2026-03-29"),
        ("2026-03-29T23:00:00", "2026-03-30"),  # BST: the day had 23 hours
        ("2026-10-24T23:00:00", "2026-10-25"),
        ("2026-10-25T23:59:59", "2026-10-25"),  # GMT again: the day has 25
        ("2026-10-26T00:00:00", "2026-10-26"),
    ],
)
def test_a_day_is_the_offices_day_whatever_the_clocks_do(instant: str, expected: str) -> None:
    """An `until` counts to the last instant of its day, in a day of 23 hours as in one of 25."""
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)

    assert date.fromisoformat(expected) == day(int(at.timestamp() * 1000), LONDON)


def test_every_instant_of_a_short_and_a_long_day_is_of_that_day() -> None:
    """Walked by the quarter hour through both nights: no instant is of no day, none goes back."""
    for start in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
        days = [day(int((start + timedelta(minutes=15 * n)).timestamp() * 1000), LONDON) for n in range(192)]
        assert sorted(days) == days
        assert 3 == len(set(days))


def test_working_hours_keep_the_offices_clock(folder: Path) -> None:
    """08:00 is 08:00 by the clock on the wall: 08:00 UTC in winter, 07:00 UTC in summer."""
    rulebook = read_folder(folder)
    assert isinstance(rulebook, Rulebook)
    hours = WorkingHours(days=("mon",), from_="08:00", to="18:00")

    for utc, expected in (
        ("2026-03-23T07:59", "no"),
        ("2026-03-23T08:00", "yes"),
        ("2026-03-30T06:59", "no"),
        ("2026-03-30T07:00", "yes"),
        ("2026-10-26T07:59", "no"),
        ("2026-10-26T08:00", "yes"),
    ):
        at = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(InForce(rulebook).zone)
        assert expected == circumstances.working_hours(hours, at), utc


# ── B88: who else could write it ─────────────────────────────────────────────────────────────────────────────────────


def _world_writable_folder(folder: Path) -> Path:
    folder.chmod(0o757)
    return folder


def _world_writable_file(folder: Path) -> Path:
    (folder / "people.toml").chmod(0o646)
    return folder


def _linked_file(folder: Path) -> Path:
    elsewhere = folder.parent / "people.toml"
    (folder / "people.toml").rename(elsewhere)
    (folder / "people.toml").symlink_to(elsewhere)
    return folder


def _dangling_link(folder: Path) -> Path:
    (folder / "people.toml").unlink()
    (folder / "people.toml").symlink_to("nowhere")
    return folder


def _linked_folder(folder: Path) -> Path:
    link = folder.parent / "link"
    link.symlink_to(folder)
    return link


def _pipe(folder: Path) -> Path:
    (folder / "people.toml").unlink()
    os.mkfifo(folder / "people.toml", 0o644)
    return folder


def _folder_for_a_file(folder: Path) -> Path:
    (folder / "people.toml").unlink()
    (folder / "people.toml").mkdir()
    return folder


def _not_text(folder: Path) -> Path:
    (folder / "people.toml").write_bytes(b"# caf\xe9\n" + (folder / "people.toml").read_bytes())
    return folder


def _byte_order_mark(folder: Path) -> Path:
    (folder / "people.toml").write_bytes(b"\xef\xbb\xbf" + (folder / "people.toml").read_bytes())
    return folder


def _swollen(folder: Path) -> Path:
    with (folder / "people.toml").open("a") as file:
        file.write("#" * (1024 * 1024))
    return folder


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_world_writable_folder, "anybody may write to this folder"),
        (_world_writable_file, "people.toml:1:1  anybody may write to this file"),
        (_linked_file, "people.toml:1:1  a link"),
        (_dangling_link, "people.toml:1:1  a link"),
        (_linked_folder, "cannot read the folder"),
        (_pipe, "people.toml:1:1  not a file"),
        (_folder_for_a_file, "people.toml:1:1  not a file"),
        (_not_text, "people.toml:1:6  not UTF-8"),
        (_byte_order_mark, "people.toml:1:1  not TOML"),
        (_swollen, "people.toml:1:1  larger than 1 MiB"),
    ],
)
def test_a_folder_others_could_have_written_does_not_load(
    folder: Path, spoil: Callable[[Path], Path], expected: str
) -> None:
    """Links, pipes, open permissions, foreign bytes: refused before a word of it is read."""
    assert any(expected in line for line in told(spoil(folder)))
