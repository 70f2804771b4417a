"""The command itself: exit codes, and one sentence instead of a traceback."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.commands.main import sealgate
from tests.readme import under

VERBS = under(sealgate)


def commands(verb: click.Command) -> list[click.Command]:
    """The verb, or the verbs under it."""
    return [each for one in under(verb) for each in commands(one)] if isinstance(verb, click.Group) else [verb]


def test_a_failure_is_one_sentence_and_exit_5(tmp_path: Path) -> None:
    """What this machine or this office cannot do ends with 5 and says so on stderr alone."""
    result = CliRunner().invoke(sealgate, ["--office", str(tmp_path), "people", "list"])

    assert (5, "") == (result.exit_code, result.stdout)
    assert "sealgate: there is no rules/people.toml here: is this an office folder? (--office DIR)\n" == result.stderr


def test_an_unknown_verb_is_a_usage_error() -> None:
    """A word that is no verb ends with 2."""
    assert 2 == CliRunner().invoke(sealgate, ["destroy"]).exit_code


def test_verbs_are_listed_in_the_order_of_a_day() -> None:
    """Help begins with what is done first, not with the alphabet."""
    assert ["init", "serve", "demo"] == [verb.name for verb in VERBS[:3]]


def test_a_slip_is_told_what_was_meant() -> None:
    """A word that is nearly a verb is answered with that verb, though no verb had been loaded."""
    assert "ledger" in CliRunner().invoke(sealgate, ["leger"]).stderr


@pytest.mark.parametrize("verb", [each for verb in VERBS for each in commands(verb)], ids=lambda verb: verb.name)
def test_every_verb_speaks_json(verb: click.Command) -> None:
    """Every verb has `--json`, so that another program can use it."""
    assert "--json" in [option for parameter in verb.params for option in parameter.opts]


@pytest.mark.parametrize(
    "verb", [each for verb in VERBS for each in (verb, *commands(verb))], ids=lambda verb: verb.name
)
def test_every_verb_says_what_it_does(verb: click.Command) -> None:
    """Help has a sentence for every verb."""
    assert verb.help
