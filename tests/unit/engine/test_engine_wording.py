"""Reasons in words: every reason anything here can give is one sentence, and no sender is ever told a code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from gateway.catalogue.texts import ENGLISH
from gateway.engine.scanning.answer import Why
from gateway.engine.wording import sentence, sentences
from gateway.facts import Outcome, Reason
from gateway.judge.case import Case
from gateway.scrub.plan import Code
from gateway.seal import keyring
from gateway.transfer import Recipient, Way
from tests.unit.engine.engine_world import ALENA, COURT, rules, to


def _beginning(start: str) -> dict[str, str]:
    return {code.removeprefix(start): text for code, text in ENGLISH.table.items() if code.startswith(start)}


SENTENCES, OF_FILES = _beginning("reason."), _beginning("file.")
for _code in ("other", "doubt"):  # said of a code without words, and behind another reason
    del SENTENCES[_code]

KEY_CODES = sorted(set(re.findall(r"key-[a-z-]+", keyring.__doc__ or "")))
GATEWAY = Path(__file__).parents[3] / "gateway"
AFTER_THE_RULES = ("engine", "seal", "ship", "judge/spotting.py")
MAKERS = {"Reason", "_reason", "_no", "reason"}
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
OF_REFUSALS = {"unreadable"}
"""Stands in a `Refusal`, which brings its own sentence."""


def _codes() -> Iterator[tuple[str, str]]:
    """Every literal that becomes a reason's code, and where."""
    for name in AFTER_THE_RULES:
        place = GATEWAY / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _called(node.func) in MAKERS:
                    given = [one.value for one in node.keywords if one.arg == "code"] or node.args[:2]
                    words = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                    yield from ((word, path.name) for word in words[:1] if CODE.fullmatch(word))


def _called(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def test_every_reason_has_a_sentence() -> None:
    """A code somebody makes and nobody words would read as "a reason called …"."""
    found = dict(_codes()) | dict.fromkeys(KEY_CODES, "keyring.py")

    assert len(found) > 30
    assert {} == {code: place for code, place in found.items() if code not in {*SENTENCES, *OF_REFUSALS}}


@pytest.mark.parametrize("code", KEY_CODES)
def test_everything_that_can_be_wrong_with_a_key_has_words(code: str) -> None:
    """Each code of the gate is a sentence that names the key, or whose it is."""
    said = sentence(Reason(code=code, about=(("fingerprint", "ABCD"),)), recipient="ann@court.test")

    assert "called '" not in said
    assert "ABCD" in said or "ann@court.test" in said


def test_the_gate_has_codes() -> None:
    """The list above is read from where the gate explains itself."""
    assert {"key-withdrawn", "key-expired"} <= set(KEY_CODES) <= SENTENCES.keys()


@pytest.mark.parametrize("code", ["dns-failure", "no-such-domain", "null-mx", "no-route", "no-public-address"])
def test_a_name_that_does_not_resolve_is_named(code: str) -> None:
    """What the resolver could not find stands in the sentence: it once read "The domain  does not exist"."""
    reason = Reason(code=code, about=(("host", "court.test"), ("status", "5.1.2")))

    assert "court.test" in sentence(reason, recipient=COURT)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_survives_whatever_it_is_given(code: str) -> None:
    """Braces in a user's text are text, and a parameter that is missing reads as nothing."""
    blanks = {name for _, name, _, _ in Formatter().parse(SENTENCES[code]) if name}
    odd = Reason(code=code, about=tuple((name, "{x}{0}{name.__class__}") for name in sorted(blanks)))

    assert sentence(Reason(code=code))
    assert "{x}" in sentence(odd, recipient="{x}") or not blanks


@pytest.mark.parametrize("why", [*Code, "signed"])
def test_every_way_a_document_waits_is_explained(why: str) -> None:
    """The workshop's code never stands alone in the sentence."""
    said = sentence(Reason(code="document", about=(("name", "claim.pdf"), ("why", why), ("kinds", "macros"))))

    assert said.startswith("'claim.pdf' waits: ")
    assert f": {why}." not in said


def test_a_code_without_words_says_so() -> None:
    """Better a plain word than silence: the reason's code is what an administrator can look for."""
    assert "It waits for a reason called 'odd'." == sentence(Reason(code="odd"))


def _case(purpose: str = "litigation") -> Case:
    return Case(sender_person=ALENA, recipient=to(COURT), by=Way.MAIL, label="confidential", purpose=purpose,
                on=date(2026, 11, 23))  # fmt: skip


def test_what_the_judge_says_comes_before_an_obstacle() -> None:
    """A hold by the rules and an obstacle beside it are two sentences, the rules' first."""
    reasons = (Reason(code="no-key"), Reason(code="waits", about=(("demand", "approval-by head"), ("rule", "x"))))

    ruled, key = sentences(rules(), _case(), Outcome.HOLD, reasons)

    assert ruled.startswith("It waits: ")
    assert key.startswith("No verified key is known for registry@court.test")


def test_what_can_be_mended_comes_before_what_it_left_open() -> None:
    """That a mark is no label of ours explains why the label is unknown, so it is said first."""
    unknown = Reason(code="unknown", about=(("what", "label"), ("rules", "")))
    conflict = Reason(code="label-conflict", about=(("found", "secret"),))

    first, second, third = sentences(rules(), _case(), Outcome.HOLD, (unknown, Reason(code="no-key"), conflict))

    assert first.startswith("It is marked 'secret'")
    assert second.startswith("It waits: could not determine its label")
    assert third.startswith("No verified key")


def test_a_block_is_the_judges_sentence_alone() -> None:
    """A refusal is one ASCII line that names who can help."""
    (said,) = sentences(rules(), _case("general"), Outcome.BLOCK, (Reason(code="no-rule"),))

    assert "No rule allows this. Ask whoever keeps the rules." == said


OF_MAIL_ALONE = {
    "ambiguous", "tls-unproved", "greeting-refused", "null-mx", "8bit-unsupported", "not-canonical", "utf8-unsupported",
}  # fmt: skip
"""Reasons that only a mail, or a mail server, can give."""


@pytest.mark.parametrize("code", sorted(SENTENCES.keys() - OF_MAIL_ALONE))
def test_what_is_said_of_a_file_speaks_of_files(code: str) -> None:
    """A file has a name and a folder: nobody who dropped one looks for a subject, a message or a mail server."""
    said = sentence(Reason(code=code, about=(("name", "claim.pdf"), ("host", "sftp.court.test"))), by=Way.SFTP)

    assert not re.search(r"subject|message|mail", said, re.IGNORECASE), said


def test_a_file_has_no_words_of_its_own_for_what_nobody_says() -> None:
    """What is said otherwise of a file is something that is said at all."""
    assert OF_FILES.keys() <= SENTENCES.keys()


@pytest.mark.parametrize("why", [*Code, "signed"])
def test_a_file_that_waits_says_what_to_do(why: str) -> None:
    """Behind what is wrong stands a sentence a clerk can act on."""
    about = (("name", "claim.pdf"), ("why", why), ("kinds", "macros"))

    said = sentence(Reason(code="document", about=about), by=Way.SFTP)

    assert re.search(r"hand it in again|ask for its release", said, re.IGNORECASE), said


def _file_case(purpose: str | None) -> Case:
    return Case(sender_person=ALENA, recipient=Recipient(partner="court"), by=Way.SFTP, label="office",
                purpose=purpose, on=date(2026, 11, 23))  # fmt: skip


def test_a_file_for_another_purpose_is_told_of_the_folder() -> None:
    """The tag in the subject is mail's; a clerk at a folder needs the folder, or the file's name."""
    miss = Reason(code="miss", about=(("rule", "court-filing"), ("clause", "for")))

    (said,) = sentences(rules(), _file_case("general"), Outcome.BLOCK, (miss,))

    assert (
        "This goes only for litigation; if it is, put it into the folder litigation, "
        "or write [case] in its name (court-filing)." == said
    )


def test_a_file_of_two_purposes_is_told_how_to_mend_it() -> None:
    """First what is wrong, with both purposes named; then which folder settles it."""
    conflict = Reason(code="purpose-conflict", about=(("found", "general litigation"),))
    unknown = Reason(code="unknown", about=(("what", "for"), ("rules", "")))

    first, second = sentences(rules(), _file_case(None), Outcome.HOLD, (unknown, conflict))

    assert "Its name and folder say more than one purpose (general litigation)" in first
    assert "hand it in again in the folder of one purpose" in second


@pytest.mark.parametrize("why", list(Why))
def test_every_way_nothing_was_scanned_is_explained(why: Why) -> None:
    """The scanner's code never stands alone in the sentence."""
    said = sentence(Reason(code="unscanned", about=(("why", why.value),)))

    assert said.startswith("It waits for the virus scanner: ")
    assert f": {why}." not in said


@pytest.mark.parametrize(
    ("file", "by", "said"),
    [
        ("invoice.txt", Way.MAIL, "'invoice.txt' holds a virus (EICAR)."),
        ("", Way.MAIL, "The message holds a virus (EICAR)."),
        ("", Way.SFTP, "The file holds a virus (EICAR)."),
    ],
)
def test_what_holds_a_virus_is_called_by_its_name(file: str, by: Way, said: str) -> None:
    """A file by its own, a message as what it is."""
    assert sentence(Reason(code="virus", about=(("name", "EICAR"), ("file", file))), by=by).startswith(said)
