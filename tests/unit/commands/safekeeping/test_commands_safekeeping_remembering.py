"""What was erased stays erased, whichever backup comes back: its keys are gone, or it is erased again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.audit.erase import erase
from gateway.commands.audit.recover import recover
from gateway.commands.office import opened
from gateway.commands.rulebook.publish import publish
from gateway.commands.setting import Setting
from gateway.engine.forgetting.redacting import says
from gateway.engine.safekeeping.layout import Target
from gateway.keep.copying import keys_in
from tests.audited import BODY, checked

STRANGER = "stranger@other.test"
PERIODS = ("record", "content")


def erases(safe: Any, *words: str) -> None:
    """`sealgate ledger erase`, approved by Per."""
    secret = safe.target.parent / "per"
    secret.write_text(safe.past.passwords["per@town.test"])
    despite = [word for period in PERIODS for word in ("--despite", period)]
    ground = ["--basis", "GDPR Art. 17(1)(b)", "--as", "per@town.test", "--password-file", str(secret), *despite]
    done = CliRunner().invoke(erase, [*words, *ground, "--json"], obj=Setting(folder=safe.past.folder))
    assert 0 == done.exit_code, (done.output, done.exception)


def said_of(folder: Path, who: str) -> list[str]:
    """Streams of an office that still name somebody."""
    with opened(Setting(folder=folder)) as office:
        stories = (office.archive.story(stream) for stream in office.records.find([], limit=1000))
        return [one.stream for one in stories if one and any(says(fact, [who]) for fact in one.facts)]


@pytest.fixture
def backed_up(safe: Any) -> Any:
    """An office whose rules say where backups go, and one backup, from before anything was erased."""
    with (safe.past.folder / "rules" / "gateway.toml").open("a") as file:
        file.write(f'[backup]\nto = "{safe.target}"\n')
    for name in ("ruth", "per"):
        (safe.target.parent / name).write_text(safe.past.passwords[f"{name}@town.test"])
    words = ["--as", "ruth@town.test", "--password-file", str(safe.target.parent / "ruth"), "--second", "per@town.test",
             "--second-password-file", str(safe.target.parent / "per"), "--why", "backups"]  # fmt: skip
    done = CliRunner().invoke(publish, words, obj=Setting(folder=safe.past.folder))
    assert 0 == done.exit_code, done.output
    safe.old = safe.backs_up()
    return safe


def test_a_person_stays_erased(backed_up: Any, tmp_path: Path) -> None:
    """The backup named them, and had their papers; the office that comes out of it does not."""
    before = said_of(backed_up.past.folder, STRANGER)
    erases(backed_up, "person", STRANGER)

    result = backed_up.restores(backed_up.old, tmp_path / "new")

    assert (0, 1) == (result.exit_code, json.loads(result.stdout)["erased_again"]), result.output
    assert ([backed_up.past.delivered], []) == (before, said_of(tmp_path / "new", STRANGER))
    assert not any(STRANGER.encode() in path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file())


def test_a_matter_stays_erased(backed_up: Any, tmp_path: Path) -> None:
    """Its key is gone from beside the backups too: nothing opens it, not even the office's own keys and an old copy."""
    erases(backed_up, "matter", backed_up.past.delivered)
    with opened(Setting(folder=backed_up.past.folder)) as office:
        left = dict(Target(backed_up.target).keys(office.keyring))

    backed_up.restores(backed_up.old, tmp_path / "new")

    records = tmp_path / "new" / "var" / "records" / "records.db"
    assert backed_up.past.delivered not in left
    assert backed_up.past.delivered not in dict(keys_in(records))
    assert [] == said_of(tmp_path / "new", STRANGER)
    assert BODY not in b"".join(path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file())


def test_backups_from_before_go_with_the_next(backed_up: Any) -> None:
    """Somebody asked to be forgotten: no copy from before outlives the next backup."""
    erases(backed_up, "person", STRANGER)

    new = backed_up.backs_up()

    assert (new,) == Target(backed_up.target).backups()


def test_a_backup_that_was_away_is_told_by_the_next(backed_up: Any, tmp_path: Path) -> None:
    """The disk was not mounted when the erasure was carried out."""
    away = tmp_path / "away"
    backed_up.target.rename(away)
    erases(backed_up, "matter", backed_up.past.delivered)
    away.rename(backed_up.target)
    before = Target(backed_up.target).disposals()

    backed_up.backs_up()

    with opened(Setting(folder=backed_up.past.folder)) as office:
        left = dict(Target(backed_up.target).keys(office.keyring))
    assert ((), 1) == (before, len(Target(backed_up.target).disposals()))
    assert backed_up.past.delivered not in left


def test_what_is_kept_in_mind_names_nobody(backed_up: Any) -> None:
    """Neither in the clear nor sealed beside the backups does it hold the address that was erased."""
    erases(backed_up, "person", STRANGER)

    with opened(Setting(folder=backed_up.past.folder)) as office:
        folder = office.setting.var / "disposals"
        (name,) = (path.name for path in folder.iterdir())
        opened_text = office.keyring.unwrap(f"disposal/{name}", (folder / name).read_bytes())

    assert b"stranger" not in opened_text
    assert checked(backed_up.past.folder).is_whole


def test_an_erasure_nobody_kept_a_list_of_is_told(backed_up: Any, tmp_path: Path) -> None:
    """The list beside the backups is lost; the entries, fetched back from a mirror, still say that it was to go."""
    erases(backed_up, "class", backed_up.past.delivered, "--leg", "0", "--class", "rcp")
    shutil.copytree(backed_up.past.folder / "var" / "ledger", tmp_path / "mirror")
    shutil.rmtree(backed_up.target / "disposals")
    new = tmp_path / "new"
    backed_up.restores(backed_up.old, new)
    backed_up.is_told(new)
    words = ["--from", str(tmp_path / "mirror"), "--as", "ruth@town.test", "--password-file", str(tmp_path / "ruth"),
             "--second", "per@town.test", "--second-password-file", str(tmp_path / "per")]  # fmt: skip
    done = CliRunner().invoke(recover, words, obj=Setting(folder=new))

    result = backed_up.settles(new)

    told = json.loads(result.stdout)
    assert (0, 1) == (done.exit_code, result.exit_code), (done.output, done.exception)
    assert (True, [backed_up.past.delivered]) == (told["is_settled"], told["overdue"])
