"""`sealgate rules list` and `show`: sentences with names and uses, from a real office's ledger, and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.office import opened
from gateway.commands.rules import rules
from gateway.commands.setting import Setting
from gateway.commands.uses import usage_of
from gateway.facts import Outcome
from tests.audited import Past, judged, writing


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(rules, list(words), obj=Setting(folder=folder))


def used(past: Past, *rule_ids: str) -> None:
    """One letter to the court, decided by these rules."""
    with writing(past.folder) as pen:
        pen.then(pen.mail("alena@town.test", "registry@court.test"), judged(0, Outcome.SEND, *rule_ids))


def test_list_tells_every_rule_and_its_uses(past: Past) -> None:
    """A line each, of every file; what the ledger counts with numbers."""
    used(past, "court-filing", "encrypt-above-office")

    rows = {row["id"]: row for row in json.loads(run(past.folder, "list", "--json").stdout)}
    lines = run(past.folder, "list").stdout

    assert {"court-filing", "sealed-by-mail", "redlines", "court-box", "record"} <= set(rows)
    assert (1, {"County Court": 1}) == (rows["court-filing"]["uses"], rows["court-filing"]["uses_by_party"])
    assert (0, None) == (rows["sealed-bundles"]["uses"], rows["sealed-bundles"]["last_used"])
    assert rows["record"]["uses"] is None
    assert "1 in 90 days, last on " in lines
    assert "unused in 90 days" in lines


def test_show_says_whom_a_rule_touches(past: Past) -> None:
    """The sentence with its tally, the people and partners by name, the day of the last use."""
    used(past, "court-filing")

    said = run(past.folder, "show", "court-filing", "--days", "7").stdout

    assert "A clerk or a solicitor may send an Office or Confidential paper to courts by mail or SFTP" in said
    assert "(2 people, 1 use in 7 days.)" in said
    assert "  For: Alena Novak and Jo Hart.\n  To: County Court.\n  Last used on " in said
    assert "  Used to: County Court 1." in said


def test_show_tells_all_rules_without_an_id(past: Past) -> None:
    """Each at its place."""
    said = run(past.folder, "show").stdout

    assert "rules/transfers.toml:12  court-filing\n" in said
    assert "rules/routes.toml  court-box\n  Files for County Court go by SFTP to " in said


def test_an_unknown_rule_is_a_usage_error_with_a_hint(past: Past) -> None:
    """Exit 2."""
    result = run(past.folder, "show", "court-filling")

    assert 2 == result.exit_code
    assert 'did you mean "court-filing"?' in result.output


def test_rules_are_told_where_there_is_no_ledger(past: Past, tmp_path: Path) -> None:
    """A folder of rules alone: the sentences stand, uses are said not to be counted."""
    (tmp_path / "bare").mkdir()
    (past.folder / "rules").rename(tmp_path / "bare" / "rules")

    result = run(tmp_path / "bare", "show", "court-filing")

    assert 0 == result.exit_code
    assert "may send" in result.stdout
    assert "uses are not counted" in result.stderr
    assert "uses in" not in result.stdout


# ── what is remembered ───────────────────────────────────────────────────────────────────────────────────────────────


def counted(past: Past) -> tuple[int, int]:
    """How often the rule was used, and how many entries had to be read for that."""
    seen: list[int] = []
    with opened(Setting(folder=past.folder)) as office:
        usage = usage_of(office, office.folder_rules, progress=lambda done, of: seen.append(of))
        return usage.of("court-filing").legs, max(seen, default=0)


def test_only_what_is_new_is_read_again(past: Past) -> None:
    """Twice the same; then only the new entries."""
    used(past, "court-filing")
    first, read = counted(past)
    again, nothing = counted(past)
    used(past, "court-filing")
    later, little = counted(past)

    assert (1, 1, 2) == (first, again, later)
    assert read > little > 0 == nothing


@pytest.mark.parametrize("spoilt", [b"", b"x" * 40, None])
def test_what_was_changed_is_not_believed(past: Past, spoilt: bytes | None) -> None:
    """Cut, made up, or one bit flipped: everything is counted again."""
    used(past, "court-filing")
    counted(past)
    path = past.folder / "var" / "uses"
    kept = bytearray(path.read_bytes())
    kept[-1] ^= 1
    path.write_bytes(bytes(kept) if spoilt is None else spoilt)

    legs, read = counted(past)

    assert 1 == legs
    assert read


def test_a_count_of_a_longer_ledger_is_not_believed(past: Past) -> None:
    """The ledger was put back from a backup: what came after it did not happen here."""
    with opened(Setting(folder=past.folder)) as office:
        before = (past.folder / "var" / "records" / "records.db").read_bytes()
        assert office.records.since(0, 0).head
    used(past, "court-filing")
    assert 1 == counted(past)[0]
    for name in ("records.db-wal", "records.db-shm"):
        (past.folder / "var" / "records" / name).unlink(missing_ok=True)
    (past.folder / "var" / "records" / "records.db").write_bytes(before)

    assert 0 == counted(past)[0]
