"""By which rules an office is opened: those of its folder, or, while they do not load, those in force."""

from __future__ import annotations

import pytest

from gateway.commands import rulefolder
from gateway.commands.office import opened, rules_of_office
from gateway.commands.rulebook.status import watch_of
from gateway.engine.lawmaking.rulewatch import Standing
from gateway.errors import RulesInvalid
from tests.unit.commands.rule_office import SLIP, RuleOffice


def test_a_folder_that_does_not_load_leaves_what_is_in_force(ruled: RuleOffice) -> None:
    """What cannot be read never replaces what works: the office opens by the published set."""
    ruled.edit(SLIP)

    with opened(ruled.setting) as office:
        in_force = rules_of_office(office).rulebook
        assert in_force.digest == office.folder_rules.digest
        assert Standing.BROKEN is watch_of(office, rules_of_office(office)).look().standing


def test_with_nothing_in_force_either_it_does_not_open(ruled: RuleOffice) -> None:
    """The problems of the folder are what there is to mend."""
    ruled.edit(SLIP)
    (ruled.folder / "var" / "records" / "records.db").unlink()

    with pytest.raises(RulesInvalid, match='unknown role "solicitr"'), opened(ruled.setting):
        pass


def test_the_folder_is_read_once(ruled: RuleOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the office hands on what was read; only a file that changed since is read again."""
    reads: list[str] = []
    texts = rulefolder._texts
    monkeypatch.setattr(rulefolder, "_texts", lambda *given: (reads.append("read"), texts(*given))[1])

    with opened(ruled.setting) as office:
        watch = watch_of(office, rules_of_office(office))
        standing = [watch.look().standing]
        ruled.edit(SLIP)
        standing.append(watch.look().standing)

    assert [Standing.PUBLISHED, Standing.BROKEN] == standing
    assert ["read"] * 2 == reads
