"""Every verb that answers from the ledger writes its question down first, whoever asks and whatever comes of it.

The verbs are found by themselves, so that a new one that forgets it is found too.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger import ledger
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.errors import InUse
from gateway.facts import Consulted
from tests.audited import Past
from tests.readme import under

AUDITOR = "per@town.test"
SILENT = {
    "verify": "needs no office",
    "verify-answer": "needs no office",
    "watch": "needs no office",
    "witness": "other offices' heads hold nothing private",
    "fsck": "opens everything and shows none of it",
    "drill": "attacks a copy and shows nothing of it",
    "record": "writes",
    "confirm": "writes",
    "rotate-key": "writes",
    "erase": "writes: an erasure is an entry of its own",
    "recover": "writes, when no question can be",
}
"""Verbs without a question, and why."""


def verbs(group: click.Group = ledger, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for verb in under(group):
        name = str(verb.name)
        if isinstance(verb, click.Group) and name not in SILENT:
            yield from verbs(verb, (*path, name))
        elif name not in SILENT:
            yield (*path, name), verb


VERBS = dict(verbs())


def words_for(verb: click.Command, past: Past, folder: Path) -> list[str]:
    """What it must be given, made up from what it says it takes."""
    words: list[str] = []
    for parameter in verb.params:
        if parameter.name == "out":
            words += ["--out", str(folder / "answer")]
        if not parameter.required and not isinstance(parameter, click.Argument):
            continue
        if isinstance(parameter.type, click.DateTime):
            given = "2026-01-01" if parameter.name in ("since", "first") else "2999-01-01"
        elif isinstance(parameter.type, click.Path):
            given = str(folder / "empty")
        elif isinstance(parameter.type, click.Choice):
            given = str(parameter.type.choices[0])
        else:
            given = past.delivered if parameter.name in ("transfer", "matter") else "clerk@court.test"
        words += [given] if isinstance(parameter, click.Argument) else [parameter.opts[0], given]
    return [*words, "--csv"] if any(one.name == "as_csv" for one in verb.params) else words


def ask(path: tuple[str, ...], past: Past, folder: Path, *signed: str) -> Result:
    (folder / "empty").touch()
    words = [*path, *words_for(VERBS[path], past, folder), *signed]
    password = past.passwords[AUDITOR] + "\n"
    return CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder), input=password if signed else "")


def questions(past: Past) -> list[Consulted]:
    with opened(Setting(folder=past.folder)) as office:
        streams = [name for name in office.records.find([], limit=100) if name.startswith("consulted/")]
        stories = [office.archive.story(stream) for stream in streams]
    return [fact for story in stories if story for fact in story.facts if isinstance(fact, Consulted)]


def test_the_verbs_that_ask_are_known() -> None:
    """Whatever is not on the list of those that need no question takes one."""
    assert {
        "find",
        "show",
        "prove",
        "accounting",
        "custody",
        "exceptions",
        "access",
        "weekly",
        "blast",
        "integrity",
    } <= {path[-1] for path in VERBS}


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_no_answer_without_an_entry(path: tuple[str, ...], past: Past, tmp_path: Path) -> None:
    """While the question cannot be written down nothing is answered, and no file is left."""
    lock = os.open(past.folder / "var" / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        result = ask(path, past, tmp_path, "--as", AUDITOR)
    finally:
        os.close(lock)

    assert (InUse, "", []) == (type(result.exception), result.stdout, [one.name for one in tmp_path.glob("answer*")])
    assert [] == questions(past)


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_every_answer_has_its_entry(path: tuple[str, ...], past: Past, tmp_path: Path) -> None:
    """Each names who asked, as what, and the verb."""
    result = ask(path, past, tmp_path, "--as", AUDITOR)

    assert result.exit_code in (0, 1), result.output
    said = questions(past)
    assert [(AUDITOR, "auditor")] == [(one.by, one.role) for one in said]
    assert said[0].question.startswith(" ".join(path))


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_who_has_not_signed_in_is_shown_nobody(path: tuple[str, ...], past: Past, tmp_path: Path) -> None:
    """The machine's user may ask; the question is an entry, and no address is in the answer."""
    result = ask(path, past, tmp_path)
    answer = result.stdout + "".join(one.read_bytes().decode("latin-1") for one in tmp_path.glob("answer*"))

    assert ["operator"] == [one.role for one in questions(past)]
    assert [] == [name for name in ("alena@town.test", "jo@town.test", "claim;1.pdf", "not ours") if name in answer]


def test_a_wrong_password_asks_nothing(past: Past) -> None:
    """It ends with a sentence; no question was asked and nothing was shown."""
    words = ["find", "--as", AUDITOR]

    result = CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder), input="wrong\n")

    assert ("", []) == (result.stdout, questions(past))
    assert "do not fit" in str(result.exception)


def test_staff_see_their_own(past: Past) -> None:
    """Without a power, what somebody sent is open to them, and nothing else."""
    words, typed = ["find", "--json", "--as", "jo@town.test"], past.passwords["jo@town.test"] + "\n"

    told = CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder), input=typed).stdout

    assert ("jo@town.test" in told, "alena@town.test" in told) == (True, False)


def test_asking_about_what_is_closed_is_refused(past: Past) -> None:
    """An empty answer would be a lie; the question stands in the ledger all the same."""
    words = ["find", "--recipient", "clerk@court.test"]

    result = CliRunner().invoke(ledger, words, obj=Setting(folder=past.folder))

    assert (1, "", ["find recipient=clerk@court.test"]) == (
        result.exit_code, result.stdout, [one.question for one in questions(past)],
    )  # fmt: skip
    assert "may not ask about recipients" in result.stderr
