"""The words of a broken `never`: a message, and the command that has it decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.judge import prooftext
from gateway.judge.problems import Problem
from gateway.judge.prove import Broken, prove
from gateway.judge.rulebook import Rulebook, read

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml") if ".test." not in path.name}


def book(*changes: tuple[str, str], extra: str = "") -> Rulebook:
    """The example folder, changed."""
    texts = dict(TEXTS)
    for old, new in changes:
        (name,) = [name for name, text in texts.items() if old in text]
        texts[name] = texts[name].replace(old, new)
    found = read({**texts, "transfers.toml": texts["transfers.toml"] + extra})
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def never(*lines: str) -> str:
    """One more `never`, which the example breaks."""
    return "\n".join(("\n[[never]]", 'id = "x"', 'because = "So."', *lines)) + "\n"


def broken(rulebook: Rulebook) -> Broken:
    """The one that is broken."""
    (found,) = prove(rulebook).broken
    return found


def test_the_handbooks_example_reads_as_the_handbook_has_it() -> None:
    """Who could send what to whom, how, under which facts, and which rule lets them."""
    rulebook = book(('labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["sftp", "mail"]'))

    assert (
        "sealed-by-mail is broken: Jo Hart could send a Sealed paper to anyone@court.test (County Court) by mail, "
        "while the address is verified and the agreement is current: sealed-bundles allows it and nothing forbids it."
    ) == prooftext.broken_line(rulebook, broken(rulebook))


@pytest.mark.parametrize(
    ("lines", "to", "command"),
    [
        (['to = ["strangers"]', 'labels = ["office"]'],
         "Alena Novak could send an Office paper to somebody@elsewhere.invalid (no partner) by mail, while the "
         "address imitates no partner's:",
         "--from alena@town.test --to somebody@elsewhere.invalid --label office --by mail --fact lookalike-domain=no"),
        (['to = ["law-firms"]', 'by = ["pickup"]', 'labels = ["office"]'],
         "Jo Hart could send an Office paper to day@smithday.test (Smith & Day) by pickup, while",
         "--from jo@town.test --to day@smithday.test --label office --by pickup "
         "--fact address-verified=yes --fact agreement-current=yes"),
        (['to = ["staff"]'],
         "somebody outside could send an Office paper to alena@town.test (a colleague) by SFTP:",
         "--from somebody@elsewhere.invalid --to alena@town.test --label office --by sftp"),
        (['to = ["courts"]', 'labels = ["office"]', 'by = ["sftp"]'],
         "Alena Novak could send an Office paper to anyone@court.test (County Court) by SFTP for litigation, while",
         "--from alena@town.test --to anyone@court.test --label office --by sftp --for litigation "
         "--fact address-verified=yes --fact agreement-current=yes"),
    ],
)  # fmt: skip
def test_a_message_names_people_and_places_that_exist(lines: list[str], to: str, command: str) -> None:
    """A partner by its domain or address, a colleague, a stranger, somebody outside; and how to see it decided."""
    rulebook = book(extra=never(*lines))
    found = broken(rulebook)

    assert f"x is broken: {to}" in prooftext.broken_line(rulebook, found)
    assert found.example is not None
    assert f"sealgate rules explain {command}" == prooftext.command(rulebook, found.example)


def test_a_partner_without_addresses_is_reached_in_its_box() -> None:
    """There is nothing else to write to."""
    rulebook = book(
        ('domains = ["court.test"]\naddresses = ["registry@court.test"]\n', ""), extra=never('to = ["courts"]')
    )

    assert " to partner:court (County Court) by " in prooftext.broken_line(rulebook, broken(rulebook))


def test_facts_that_are_no_are_said_too() -> None:
    """What the message needs to be so, and what not to be so."""
    forbid = '\n[[forbid]]\nid = "known"\nbecause = "So."\nto = ["strangers"]\nunless = ["first-contact"]\n'
    allow = (
        'to = ["strangers"]\nlabels = ["public", "office"]\nby = ["mail", "pickup"]',
        'to = ["strangers"]\nlabels = ["public", "office"]\nby = ["mail", "pickup"]\nwhen = ["working-hours"]',
    )
    rulebook = book(allow, extra=forbid + never('to = ["strangers"]'))

    assert (
        ", while nobody here has written there before, the address imitates no partner's and it is within working "
        "hours:"
    ) in prooftext.broken_line(rulebook, broken(rulebook))


@pytest.mark.parametrize(("more", "said"), [(0, "."), (1, ". So does y-0."), (2, ". So do y-0 and y-1."),
                                            (7, ". So do y-0, y-1, y-2, y-3, y-4 and 2 more.")])  # fmt: skip
def test_the_other_rules_that_break_it_are_named(more: int, said: str) -> None:
    """All of them have to be mended; of many, the first few."""
    allows = "".join(
        f'\n[[allow]]\nid = "y-{number}"\nbecause = "So."\nwho = ["head"]\nto = ["strangers"]\nlabels = ["public"]\n'
        f'by = ["mail"]\nuntil = 2030-01-01\nowner = "ruth@town.test"\n'
        for number in range(more)
    )
    rulebook = book(extra=allows + never('to = ["strangers"]', 'labels = ["public"]', 'by = ["mail"]'))

    assert prooftext.broken_line(rulebook, broken(rulebook)).endswith(
        f"letters-to-citizens allows it and nothing forbids it{said}"
    )


def test_what_could_not_be_proved_says_so() -> None:
    """There is no message then."""
    rulebook = book()
    never_rule = next(rule for rule in rulebook.rules if rule.id == "sealed-by-mail")
    found = Broken(never=never_rule, allows=(), example=None)

    assert ("sealed-by-mail could not be proved in reasonable time, so it counts as broken.") == prooftext.broken_line(
        rulebook, found
    )
    assert prooftext.as_row(rulebook, found)["message"] is None


def test_rules_that_keep_every_never_stay_what_they_are() -> None:
    """And so does a folder that could not be read: its problems come first."""
    rulebook, problems = book(), (Problem(file="people.toml", line=1, column=1, text="this file is missing"),)

    assert rulebook is prooftext.kept(rulebook)
    assert problems is prooftext.kept(problems)


def test_a_broken_never_is_a_problem_at_its_line() -> None:
    """Like any other mistake in the folder: file, line, and what to mend."""
    found = prooftext.kept(book(extra=never('to = ["staff"]')))

    assert isinstance(found, tuple)
    lines = TEXTS["transfers.toml"].count("\n")
    assert [("transfers.toml", lines + 2)] == [(problem.file, problem.line) for problem in found]
    assert found[0].text.startswith("x is broken: somebody outside could send")
    assert not found[0].is_warning
