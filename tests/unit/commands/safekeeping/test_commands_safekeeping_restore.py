"""An office comes back whole, or not at all; what was changed is refused; what was erased stays erased."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.audit.rotate import rotate_key
from gateway.commands.office import opened, own_head, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.safekeeping.escrow import packed
from gateway.engine.safekeeping.layout import Target
from gateway.engine.safekeeping.restoring import MARK
from gateway.errors import Misconfigured
from tests.audited import BODY, checked, writing


def test_it_comes_back_as_it_was(safe: Any, tmp_path: Path) -> None:
    """Records, content, rules and keys: `fsck` finds the restored office whole, at the same head."""
    safe.backs_up()

    result = safe.restores(safe.target, tmp_path / "new")

    assert 0 == result.exit_code, result.output
    report = checked(tmp_path / "new")
    assert report.is_whole, report.findings
    assert checked(safe.past.folder).size == report.size == json.loads(result.stdout)["entries"]
    assert (2, 2) == (report.blobs, report.open_transfers)  # content of what has ended is for the drill to open
    rules = "rules/transfers.toml"
    assert (safe.past.folder / rules).read_bytes() == (tmp_path / "new" / rules).read_bytes()


def test_nothing_of_it_is_readable_in_the_backup(safe: Any) -> None:
    """No key, no body, no address: not in the clear, and not under keys that lie beside it."""
    safe.backs_up()

    held = b"".join(path.read_bytes() for path in safe.target.rglob("*") if path.is_file())

    secrets = [path.read_bytes() for path in (safe.past.folder / "var" / "keys").iterdir() if path.suffix != ".pub"]
    assert not any(secret in held for secret in (*secrets, BODY[:20], b"clerk@court.test", b"argon2", b"SQLite format"))


def test_a_restored_office_signs_nothing(safe: Any, tmp_path: Path) -> None:
    """Until somebody outside was asked; the sentence says what to do."""
    safe.restores(safe.backs_up(), tmp_path / "new")

    with (
        opened(Setting(folder=tmp_path / "new"), is_writing=True) as office,
        pytest.raises(Misconfigured, match="sealgate restore --settle"),
    ):
        scribe_of(office, rules_of_office(office), lambda why: None)


@pytest.mark.parametrize("part", ["records", "office", "blobs", "manifest", "content"])
def test_one_flipped_bit_is_refused(part: str, safe: Any, tmp_path: Path) -> None:
    """Whichever file it is in: exit 1, one sentence that names it, and nothing was placed."""
    folder = safe.backs_up()
    path = folder / part if part != "content" else next((safe.target / "blobs").glob("??/*"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    result = safe.restores(folder, tmp_path / "new")

    assert 1 == result.exit_code, result.output
    assert (path.name in result.stderr, "Nothing was restored" in result.stderr) == (True, True), result.stderr
    assert (False, []) == ((tmp_path / "new").exists(), list(tmp_path.glob("*.restoring")))


def test_changed_keys_are_refused(safe: Any, tmp_path: Path) -> None:
    """The data keys lie beside the backups and are no less sealed."""
    folder = safe.backs_up()
    content = bytearray((safe.target / "keys").read_bytes())
    content[-1] ^= 1
    (safe.target / "keys").write_bytes(content)

    result = safe.restores(folder, tmp_path / "new")

    assert (1, False) == (result.exit_code, (tmp_path / "new").exists()), result.output


def test_a_folder_with_something_in_it_is_refused(safe: Any, tmp_path: Path) -> None:
    """An office is never restored over another."""
    folder = safe.backs_up()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "something").touch()

    result = safe.restores(folder, tmp_path / "new")

    assert (2, ["something"]) == (result.exit_code, [one.name for one in (tmp_path / "new").iterdir()])


def test_another_offices_keys_do_not_open_it(safe: Any, tmp_path: Path) -> None:
    """The escrow of another office fits no manifest of this one."""
    folder = safe.backs_up()
    pack = json.loads(safe.keys.read_bytes())
    for one in pack["files"]:
        if one["path"] == "var/keys/ledger.seed":
            one["content"] = "A" * 43 + "="
    safe.keys.write_text(json.dumps(pack))

    result = safe.restores(folder, tmp_path / "new")

    assert (1, True) == (result.exit_code, "is not signed by" in result.stderr), result.output


def test_a_path_outside_is_no_file_of_an_office(safe: Any, tmp_path: Path) -> None:
    """An escrow that names a path outside is refused before anything is written there."""
    folder = safe.backs_up()
    pack = json.loads(safe.keys.read_bytes())
    pack["files"].append({"path": "var/../../outside", "mode": 0o600, "content": ""})
    safe.keys.write_text(json.dumps(pack))

    result = safe.restores(folder, tmp_path / "new")

    assert (1, False) == (result.exit_code, (tmp_path / "outside").exists()), result.output


def test_a_restore_needs_one_verb(safe: Any) -> None:
    """`--into`, `--drill` and `--settle` exclude each other."""
    assert 2 == safe.drills("--settle").exit_code


def test_the_mark_goes_last(safe: Any, tmp_path: Path) -> None:
    """A second restore of the same backup into another folder is as good as the first, and as careful."""
    folder = safe.backs_up()

    results = [safe.restores(folder, tmp_path / name).exit_code for name in ("one", "two")]

    assert [0, 0] == results
    assert [True, True] == [(tmp_path / name / "var" / MARK).is_file() for name in ("one", "two")]


def test_the_office_goes_on_while_backups_lie_there(safe: Any, tmp_path: Path) -> None:
    """What came after a backup is in the next one, and the first still restores to its own day."""
    first = safe.backs_up()
    with writing(safe.past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")
    second = safe.backs_up()

    sizes = [json.loads(safe.restores(one, tmp_path / one.name).stdout)["entries"] for one in (first, second)]

    assert [checked(safe.past.folder).size - 1, checked(safe.past.folder).size] == sizes


def test_a_new_ledger_key_leaves_older_backups_good(safe: Any, tmp_path: Path) -> None:
    """After a rotation backups go on into the same folder; one from before restores with the escrow of now."""
    before = safe.backs_up()
    for who in ("ruth", "per"):
        (tmp_path / who).write_text(safe.past.passwords[f"{who}@town.test"])
    words = ["--as", "ruth@town.test", "--password-file", str(tmp_path / "ruth"),
             "--second", "per@town.test", "--second-password-file", str(tmp_path / "per")]  # fmt: skip
    for step in ([], ["--finish"]):
        done = CliRunner().invoke(rotate_key, [*words, *step], obj=Setting(folder=safe.past.folder))
        assert 0 == done.exit_code, done.output
    safe.backs_up()
    with opened(Setting(folder=safe.past.folder)) as office:
        safe.keys.write_bytes(packed(safe.past.folder, office.signer.name, 0))

    result = safe.restores(before, tmp_path / "new")

    assert 0 == result.exit_code, result.output
    with opened(Setting(folder=tmp_path / "new")) as restored:
        head = own_head(restored)
    assert head is not None
    assert 2 == len(Target(safe.target).backups())
