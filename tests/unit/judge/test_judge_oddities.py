"""What is odd about single rules: dead, contradictory, redundant, on trial."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest

from gateway.judge.prove import prove
from gateway.judge.rulebook import Rulebook, read

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml") if ".test." not in path.name}


def found(extra: str, *, on: date | None = None, kinds: str = "", **files: str) -> dict[str, str]:
    """What is odd about the example with something added: kind and subject, then the words."""
    texts = TEXTS | {f"{name}.toml": text for name, text in files.items()}
    rulebook = read({**texts, "transfers.toml": texts["transfers.toml"] + extra})
    assert isinstance(rulebook, Rulebook), [str(problem) for problem in rulebook]
    findings = prove(rulebook, on=on).findings
    return {f"{one.kind} {one.about}": one.text for one in findings if not kinds or one.kind in kinds.split()}


def rule(verb: str, rule_id: str, *lines: str) -> str:
    """One more rule."""
    return "\n".join((f"\n[[{verb}]]", f'id = "{rule_id}"', 'because = "So."', *lines)) + "\n"


def allow(rule_id: str, *lines: str, until: str = "2030-01-01") -> str:
    """One more allow."""
    return rule("allow", rule_id, f"until = {until}", 'owner = "ruth@town.test"', *lines)


LETTER = ('who = ["clerk"]', 'to = ["strangers"]', 'labels = ["public"]', 'by = ["mail"]')
COURT = ('who = ["head"]', 'to = ["courts"]', 'labels = ["office"]')


# ── dead ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (rule("forbid", "x", 'who = ["porter"]'), "nobody is porter"),
        (rule("forbid", "x", 'who = ["porter"]', 'when = ["first-contact"]', 'unless = ["working-hours"]'),
         "nobody is porter"),
        (rule("forbid", "x", 'to = ["empty"]'), "no partner is in empty"),
        (rule("never", "x", 'who = ["porter"]'), "nobody is porter"),
        (rule("forbid", "x", 'when = ["first-contact"]', 'unless = ["first-contact"]'),
         "it counts when first-contact, and does not when first-contact"),
        (allow("x", 'who = ["clerk"]', 'to = ["courts"]', 'labels = ["sealed"]', 'by = ["mail"]'),
         "nobody it names may handle such a label"),
        (rule("forbid", "x", 'labels = ["sealed"]', 'to = ["strangers"]'), "no allow reaches what it forbids"),
        (rule("require", "x", 'labels = ["sealed"]', 'to = ["strangers"]', 'then = ["delay 5m"]'),
         "nothing that may go ever meets it"),
    ],
)  # fmt: skip
def test_a_rule_that_never_does_anything_is_dead(extra: str, why: str) -> None:
    """Nobody holds its role, nobody is in its group, its facts exclude each other, or no allow ever reaches it."""
    people = TEXTS["people.toml"].replace("\n[role]", '\n[role]\nporter = { may-handle = "office" }')
    partners = TEXTS["partners.toml"].replace('["courts", "law-firms"]', '["courts", "law-firms", "empty"]')

    assert {"dead x": f"x: {why}"} == found(extra, kinds="dead", people=people, partners=partners)


def test_what_ended_is_dead_on_that_day_and_alive_before() -> None:
    """The last day still counts."""
    ending = allow("x", *COURT, 'by = ["pickup"]', until="2026-12-01")

    assert {} == found(ending, on=date(2026, 12, 1))
    assert {"dead x": "x: it ended on 2026-12-01"} == found(ending, on=date(2026, 12, 2))
    assert {} == found(ending)


def test_a_forbid_is_alive_while_one_allow_reaches_it() -> None:
    """Even if another rule forbids the same: that would be redundant, not dead."""
    assert {} == found(rule("forbid", "x", 'to = ["strangers"]', 'labels = ["public"]', 'by = ["pickup"]'))


def test_a_require_that_is_blocked_everywhere_is_dead() -> None:
    """Something allowed meets it, but nothing that may go does."""
    extra = rule("forbid", "no-pickup", 'by = ["pickup"]', 'to = ["law-firms"]')
    extra += rule("require", "x", 'by = ["pickup"]', 'to = ["law-firms"]', 'then = ["delay 5m"]')

    assert {"dead x": "x: nothing that may go ever meets it"} == found(extra)


# ── contradictory ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_allow_of_which_everything_is_blocked_is_contradictory() -> None:
    """By one rule or by several together, a `never` included; those are named."""
    one = rule("forbid", "no-letters", 'to = ["strangers"]', 'by = ["mail"]')
    other = rule("never", "no-letters-at-all", 'to = ["strangers"]', 'by = ["pickup"]')

    text = "letters-to-citizens: all it allows is blocked by no-letters, no-letters-at-all"
    assert {"contradictory letters-to-citizens": text} == found(one + other, kinds="contradictory")
    assert {} == found(one, kinds="contradictory")


def test_many_rules_are_not_all_named() -> None:
    """Five, and how many more."""
    kinds = itertools.product(("public", "office"), ("mail", "pickup"), ("general", "litigation"))
    extra = "".join(
        rule("forbid", f"no-{number}-{label}", 'to = ["strangers"]', f'labels = ["{label}"]', f'by = ["{by}"]',
             f'for = ["{purpose}"]')
        for number, (label, by, purpose) in enumerate(kinds)
    )  # fmt: skip

    text = found(extra, kinds="contradictory")["contradictory letters-to-citizens"]

    assert text.endswith("no-3-public and 4 more")


def test_what_the_sender_sealed_cannot_be_stripped() -> None:
    """Two demands of one paper that nobody can meet together; apart from each other they are fine."""
    sealed = rule("require", "x", 'to = ["courts"]', 'labels = ["confidential"]', 'then = ["sealed-by-sender"]')

    text = "x: what the sender sealed cannot be stripped, as encrypt-above-office asks"
    assert {"contradictory x": text} == found(sealed)
    assert {} == found(sealed.replace("confidential", "office"))


# ── redundant ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_allow_inside_another_is_redundant() -> None:
    """What it lets go, the other does."""
    inside = allow(
        "x", 'who = ["clerk"]', 'to = ["strangers"]', 'labels = ["public"]', 'by = ["mail"]', until="2027-01-01"
    )

    assert {"redundant x": "x: all it does is done by letters-to-citizens"} == found(inside)


@pytest.mark.parametrize(
    "better",
    [
        ['until = 2028-01-01', ""],
        ['until = 2027-01-01', 'mixed = "lawful-part"'],
        ['until = 2027-01-01', "sender-sealed = true"],
        ['until = 2027-01-01', 'for = ["general"]'],
    ],
)  # fmt: skip
def test_an_allow_that_lasts_longer_or_gives_more_is_not_redundant(better: list[str]) -> None:
    """Without it something would be lost. Only the last of these gives nothing more."""
    until, more = better
    inside = allow(
        "x", 'who = ["clerk"]', 'to = ["strangers"]', 'labels = ["public"]', 'by = ["mail"]', more, until=until[8:]
    )

    assert ("for" in more) == ("redundant x" in found(inside))


def test_an_allow_covered_by_two_others_together_is_redundant() -> None:
    """Neither covers it alone."""
    parts = [allow(f"part-{label}", 'who = ["head"]', 'to = ["strangers"]', f'labels = ["{label}"]', 'by = ["pickup"]')
             for label in ("public", "office")]  # fmt: skip
    whole = allow("whole", 'who = ["head"]', 'to = ["strangers"]', 'labels = ["public", "office"]', 'by = ["pickup"]')

    assert {"part-office", "part-public"} == {key.split()[1] for key in found("".join(parts) + whole)}
    assert {} == found(parts[0] + whole.replace('"public", ', ""))


def test_of_two_twins_one_is_redundant() -> None:
    """The first by id; with it gone the other is needed."""
    twins = [allow(name, *COURT, 'by = ["pickup"]') for name in ("b", "a")]

    assert {"redundant a": "a: all it does is done by b"} == found("".join(twins))


def test_a_condition_makes_an_allow_smaller() -> None:
    """The one with `when` is redundant beside the one without; never the other way round."""
    free, bound = (
        allow(name, *COURT, 'by = ["pickup"]', *more)
        for name, more in (("a", ()), ("z", ('when = ["first-contact"]',)))
    )

    assert {"redundant z": "z: all it does is done by a"} == found(free + bound)


def test_a_forbid_inside_another_is_redundant() -> None:
    """Two that split what the third forbids by a fact cover it too: they do the same while the fact is known."""
    halves = rule("forbid", "h1", 'to = ["law-firms"]', 'when = ["first-contact"]')
    halves += rule("forbid", "h2", 'to = ["law-firms"]', 'unless = ["first-contact"]')

    assert {"redundant x": "x: all it does is done by h1, h2"} == found(
        halves + rule("forbid", "x", 'to = ["law-firms"]', 'by = ["mail"]'), kinds="redundant"
    )
    half = halves[: halves.index("[[forbid]]", 10)]
    assert {} == found(half + rule("forbid", "x", 'to = ["law-firms"]', 'by = ["mail"]'), kinds="redundant")


def test_a_require_is_redundant_when_each_of_its_demands_is_made_already() -> None:
    """By whichever rules; one demand nobody else makes is reason enough for it."""
    sealed = rule("require", "a", 'labels = ["sealed"]', 'then = ["encrypt-to-recipient", "approval-by head"]')
    more = sealed.replace('"approval-by head"', '"delay 5m"')

    assert {"redundant a": "a: all it does is done by encrypt-above-office, second-pair-of-eyes"} == found(sealed)
    assert {} == found(more)


# ── on trial ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_allow_on_trial_that_would_break_a_never_is_found() -> None:
    """Before it goes live; one that would break none is not."""
    lines = (
        'who = ["solicitor"]',
        'to = ["courts"]',
        'labels = ["sealed"]',
        'mode = "watch"',
        'when = ["agreement-current"]',
    )

    assert {"trial x": "x: once it is live it breaks sealed-by-mail"} == found(allow("x", *lines, 'by = ["mail"]'))
    assert {} == found(allow("x", *lines, 'by = ["pickup"]'))


def test_a_rule_on_trial_is_neither_dead_nor_redundant_nor_makes_others_so() -> None:
    """It has no effect, so it takes none away."""
    assert {} == found(rule("forbid", "x", 'to = ["strangers"]', 'mode = "watch"'))
    assert {} == found(allow("x", *COURT, 'by = ["mail"]', 'mode = "watch"'))


# ── names, and what is too hard ──────────────────────────────────────────────────────────────────────────────────────


def test_what_is_dead_is_not_called_redundant_as_well() -> None:
    """One reason to look at a rule is enough."""
    wide = rule("forbid", "wide", 'to = ["strangers"]', 'labels = ["public", "sealed"]')
    narrow = rule("forbid", "narrow", 'to = ["strangers"]', 'labels = ["sealed"]')

    assert {"dead narrow"} == found(wide + narrow, kinds="dead redundant").keys()


@pytest.mark.parametrize(("number", "said"), [(5, "no-0, no-1, no-2, no-3, no-4"),
                                              (6, "no-0, no-1, no-2, no-3, no-4 and 1 more")])  # fmt: skip
def test_five_rules_are_named_and_the_rest_counted(number: int, said: str) -> None:
    """Each forbids one purpose of so many; only all of them together block the letters."""
    purposes = [f"purpose-{place}" for place in range(number)]
    labels = TEXTS["labels.toml"].replace('["general", "litigation"]', f"{[*purposes, 'litigation']}".replace("'", '"'))
    labels = labels.replace('"general"', '"purpose-0"')
    extra = "".join(rule("forbid", f"no-{place}", f'for = ["{one}"]') for place, one in enumerate(purposes))
    allowed = allow("x", 'who = ["head"]', 'to = ["courts"]', 'labels = ["public"]', 'by = ["mail"]',
                    f"for = {purposes}".replace("'", '"'))  # fmt: skip

    text = found(allowed + extra, kinds="contradictory", labels=labels)["contradictory x"]

    assert f"x: all it allows is blocked by {said}" == text


def test_what_is_too_hard_to_cover_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither redundant nor contradictory, nor a danger once live: nobody knows."""
    extra = allow("inside", *LETTER, until="2027-01-01") + rule("forbid", "no-firms", 'to = ["law-firms"]')
    extra += allow("tried", 'who = ["solicitor"]', 'to = ["courts"]', 'labels = ["sealed"]', 'by = ["mail"]',
                   'when = ["agreement-current"]', 'mode = "watch"')  # fmt: skip
    kinds = "redundant contradictory trial"
    assert {"redundant inside", "contradictory opposing-counsel", "trial tried"} == found(extra, kinds=kinds).keys()

    monkeypatch.setattr("gateway.judge.oddities.STEPS", 0)

    assert {} == found(extra, kinds=kinds)
