"""The table of decisions: each section of tests/vectors/judge is a case a lawyer could read, and is answered so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.facts import Truth
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.expect import harmless, recipient_of, sender_in
from gateway.judge.explain import sentence
from gateway.judge.rulebook import Rulebook, read
from gateway.transfer import Way

ROOT = Path(__file__).parents[3]


def sample() -> Rulebook:
    found = read({path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")})
    assert isinstance(found, Rulebook)
    return found


RULEBOOK = sample()


def sections() -> Iterator[object]:
    for path in sorted((ROOT / "tests/vectors/judge").glob("*.txt")):
        for section in path.read_text().strip().split("\n\n"):
            title, *lines = section.splitlines()
            yield pytest.param(dict(line.split(": ", 1) for line in lines), id=f"{path.stem}: {title}")


def listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def case_of(said: dict[str, str]) -> Case:
    facts = dict(one.rsplit(" ", 1) for one in listed(said["facts"])) if "facts" in said else {}
    return Case(
        sender_person=sender_in(RULEBOOK, said["from"]),
        recipient=recipient_of(said["to"]),
        by=Way(said["by"]) if "by" in said else None,
        label=said.get("label"),
        purpose=said.get("for"),
        on=date.fromisoformat(said.get("day", "2026-11-23")),
        facts={**harmless(), **{name: Truth(value) for name, value in facts.items()}},
        approved_by=tuple(listed(said["approved by"])) if "approved by" in said else (),
    )


@pytest.mark.parametrize("said", tuple(sections()))
def test_the_example_rules_answer_as_written(said: dict[str, str]) -> None:
    """Outcome, rules, nearest miss and the sentence are those of the section, wherever it states them."""
    case = case_of(said)

    verdict = decide(RULEBOOK, case)

    nearest = verdict.nearest
    got = {
        "then": verdict.outcome.value,
        "rules": sorted(verdict.rules),
        "unknown": sorted(verdict.unknown),
        "demands": sorted(verdict.demands),
        "waits for": sorted(verdict.waits_for),
        "nearest": nearest.rule if nearest else "",
        "missing": sorted(nearest.missing) if nearest else [],
        "says": sentence(RULEBOOK, case, verdict),
    }
    wanted = {
        key: said[key] if key in ("then", "nearest", "says") else sorted(listed(said[key]))
        for key in got
        if key in said
    }
    assert wanted == {key: got[key] for key in wanted}
