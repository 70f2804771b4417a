"""Whether a set may come into force, and whose word it needs: said in one place."""

from __future__ import annotations

from datetime import date

from gateway.commands.sample import sample_rules
from gateway.engine.lawmaking.examination import examine
from gateway.judge.rulebook import Rulebook, read

ON = date(2026, 11, 23)


def in_force() -> Rulebook:
    found = read(sample_rules())
    assert isinstance(found, Rulebook)
    return found


def test_every_kind_of_fault_is_an_objection_and_none_is_hidden_by_another() -> None:
    """What does not load is told whole; missed expectations and broken nevers are told together."""
    texts = sample_rules()
    rules = texts["transfers.toml"]
    by_mail = rules.replace('labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["mail"]')

    slip = examine(texts | {"transfers.toml": rules.replace("labels =", "labls =")}, in_force=in_force(), on=ON)
    both = examine(texts | {"transfers.toml": by_mail}, in_force=in_force(), on=ON)

    assert slip.rulebook is None
    assert len([line for line in slip.objections if 'did you mean "labels"' in line]) > 3
    assert any("a sealed exhibit waits for the head" in line for line in both.objections)
    assert any(line.startswith("sealed-by-mail is broken: Jo Hart could send") for line in both.objections)


def test_with_nothing_to_object_it_says_how_many_must_sign() -> None:
    """One for what narrows, two for what widens."""
    texts = sample_rules()

    fewer = examine(texts | {"transfers.toml": texts["transfers.toml"].replace("2027-03-31", "2027-02-28")},
                    in_force=in_force(), on=ON)  # fmt: skip
    more = examine(texts | {"transfers.toml": texts["transfers.toml"].replace("2026-12-31", "2027-02-28")},
                   in_force=in_force(), on=ON)  # fmt: skip

    assert ((), False) == (fewer.objections, fewer.needs_two)
    assert ((), True) == (more.objections, more.needs_two)
