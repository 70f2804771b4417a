"""Which rules a word on the command line means, and how a difference between two sets is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.commands.office import Office, rules_at
from gateway.engine import rulesets
from gateway.errors import Misconfigured
from gateway.judge.difference import Change, Difference
from gateway.judge.rulebook import Rulebook

IN_FORCE, FOLDER = "in-force", "folder"
MOST_LINES = 40


def rules_named(office: Office, word: str) -> Rulebook:
    """`in-force`, `folder`, a path to a folder, or the beginning of a published digest.

    Raises `RulesInvalid` for a folder that does not load, and `Misconfigured` for what is none of these.
    """
    if word == IN_FORCE:
        return in_force(office)
    if word == FOLDER:
        return rules_at(office.setting.rules)
    if Path(word).is_dir():
        return rules_at(Path(word))
    return rulesets.by_digest(office.rule_sets, word).rulebook()


def in_force(office: Office) -> Rulebook:
    """The rules in force. Raises `Misconfigured` if there are none yet."""
    found = office.in_force
    if found is None:
        raise Misconfigured("no rules are in force yet; put them in force with: sealgate rules publish")
    return found


def told(change: Difference, *, everything: bool = False) -> Iterator[str]:
    """The difference in words, what widens first."""
    if not change.files:
        yield "The rules are the same."
        return
    yield f"From {change.before[:12]} to {change.after[:12]}: {', '.join(change.files)}"
    for heading, lines in (("Gained", change.widening), ("Lost, or merely other", change.others)):
        if lines:
            shown = lines if everything else lines[:MOST_LINES]
            yield heading
            yield from (f"  {line}" for line in shown)
            if len(lines) > len(shown):
                yield f"  and {len(lines) - len(shown)} more (--all)"
    if not (change.widening or change.others):
        yield "Nobody gains or loses anything."
    yield "Two people must sign this." if change.is_widened else "Nothing is widened: one signature is enough."


def as_json(change: Difference) -> dict[str, object]:
    """The difference for a program."""
    return {
        "before": change.before,
        "after": change.after,
        "files": list(change.files),
        "widened": change.is_widened,
        "computed": change.is_computed,
        "gained": [_row(one) for one in change.gained],
        "lost": [_row(one) for one in change.lost],
        "dropped": [_row(one) for one in change.dropped],
        "added": [_row(one) for one in change.added],
        "altered": [{"sentence": one.sentence, "widens": one.is_wider} for one in change.altered],
    }


def _row(change: Change) -> dict[str, object]:
    return {
        "sentence": change.sentence,
        "what": change.what,
        "who": list(change.who),
        "to": list(change.to),
        "labels": list(change.labels),
        "by": list(change.by),
        "for": list(change.purposes),
        "days": [{"from": str(first), "to": str(last) if last else None} for first, last in change.days],
        "when": list(change.conditions),
    }
