"""Approvals nobody can give, and partners, labels and purposes nobody may write to, send or send for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.judge.boxes import TooHard
from gateway.judge.permitted import Permitted
from gateway.judge.prove import prove
from gateway.judge.rulebook import Rulebook, read

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml") if ".test." not in path.name}


def found(*changes: tuple[str, str], extra: str = "", on: date | None = None, kind: str = "") -> dict[str, str]:
    """Subject and words of what is odd about the example, changed."""
    texts = dict(TEXTS)
    for old, new in changes:
        (name,) = [name for name, text in texts.items() if old in text]
        texts[name] = texts[name].replace(old, new)
    rulebook = read({**texts, "transfers.toml": texts["transfers.toml"] + extra})
    assert isinstance(rulebook, Rulebook), [str(problem) for problem in rulebook]
    return {one.about: one.text for one in prove(rulebook, on=on).findings if not kind or one.kind == kind}


def require(*lines: str) -> str:
    """One more rule that asks for something."""
    return "\n".join(("\n[[require]]", 'id = "x"', 'because = "So."', *lines)) + "\n"


JO_FILES = ('labels = ["confidential"]', 'to = ["courts"]', 'then = ["approval-by solicitor"]')
SECOND = ('"ruth@town.test" = {', '"sam@town.test" = { name = "Sam", roles = ["solicitor"], until = 2027-01-31 }\n'
          '"ruth@town.test" = {')  # fmt: skip


# ── stuck ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_approval_only_the_sender_could_give_is_stuck() -> None:
    """Jo is the only solicitor, and nobody approves their own."""
    assert {
        "x": "x: confidential papers wait for approval by solicitor, and there is nobody but Jo Hart, who may send them"
    } == found(extra=require(*JO_FILES))


def test_a_second_holder_of_the_role_sets_it_free() -> None:
    """Until that person's last day is over."""
    assert {} == found(SECOND, extra=require(*JO_FILES), on=date(2027, 1, 31), kind="stuck")
    assert {} == found(SECOND, extra=require(*JO_FILES), kind="stuck")
    assert {"x"} == found(SECOND, extra=require(*JO_FILES), on=date(2027, 2, 1), kind="stuck").keys()


def test_an_approval_is_fine_while_the_only_one_to_give_it_sends_no_such_paper() -> None:
    """Ruth approves sealed papers of the example and may send none; what only clerks send, Jo may approve."""
    assert {} == found(extra=require(*JO_FILES, 'who = ["clerk"]'))


def test_an_approval_by_a_role_nobody_holds_is_stuck() -> None:
    """Whoever sends it."""
    porter = ("\n[role]", '\n[role]\nporter = { may-handle = "sealed" }')

    assert {
        "x": "x: public, office papers wait for approval by porter, and there is nobody who holds that role"
    } == found(porter, extra=require('to = ["strangers"]', 'then = ["approval-by porter"]'))


def test_an_approval_by_somebody_who_may_not_handle_the_label_is_stuck() -> None:
    """A registrar handles office papers; confidential ones are above that."""
    text = found(extra=require('to = ["courts"]', 'then = ["approval-by registrar"]'))["x"]

    assert (
        "x: confidential, sealed papers wait for approval by registrar, "
        "and there is nobody who holds that role and may handle them"
    ) == text


def test_a_require_that_nothing_meets_sticks_nowhere() -> None:
    """What never goes waits for nobody."""
    extra = require('to = ["strangers"]', 'labels = ["sealed"]', 'then = ["approval-by registrar"]')

    assert {} == found(extra=extra, kind="stuck")


# ── unreachable ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_partner_nobody_may_write_to_is_found() -> None:
    """A group of its own that no rule is about."""
    bank = (
        "[partner.court]",
        '[partner.bank]\nname = "The Bank"\ngroups = ["banks"]\ndomains = ["bank.test"]\n\n[partner.court]',
    )
    groups = ('groups = ["courts", "law-firms"]', 'groups = ["courts", "law-firms", "banks"]')

    assert {"partner:bank": "nobody may write to The Bank (partner:bank)"} == found(bank, groups)


def test_a_partner_everything_to_whom_is_blocked_is_found() -> None:
    """An allow reaches it, and a forbid stands before it."""
    forbid = '\n[[forbid]]\nid = "not-them"\nbecause = "So."\nto = ["partner:smith-and-day"]\n'

    assert {"partner:smith-and-day"} == found(extra=forbid, kind="unreachable").keys()


def test_a_label_nobody_may_send_is_found() -> None:
    """Also if somebody outside could send it in: that is no reason to think it of use here."""
    public = ('labels = ["public", "office"]\nby', 'labels = ["office"]\nby')
    letters_in = '\n[[allow]]\nid = "in"\nbecause = "So."\nwho = ["outsider"]\nto = ["staff"]\nlabels = ["public"]\n'
    letters_in += 'by = ["mail"]\nuntil = 2030-01-01\nowner = "ruth@town.test"\n'

    assert {"label:public": "nobody may send a paper labelled public"} == found(public)
    assert {"label:public"} == found(public, extra=letters_in).keys()


def test_a_purpose_nobody_may_send_for_is_found() -> None:
    """It stands in labels.toml, and every allow is for another."""
    purposes = ('purposes = ["general", "litigation"]', 'purposes = ["general", "litigation", "audit"]')
    forbid = '\n[[forbid]]\nid = "no-audit"\nbecause = "So."\nfor = ["audit"]\n'

    assert {"for:audit": "nobody may send anything for audit"} == found(purposes, extra=forbid)


# ── too hard ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_too_hard_to_say_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither stuck nor unreachable nor dead nor contradictory: nobody knows."""
    bank = (
        "[partner.court]",
        '[partner.bank]\nname = "B"\ngroups = ["courts"]\ndomains = ["b.test"]\n\n[partner.court]',
    )
    extra = require(*JO_FILES) + require('labels = ["sealed"]', 'to = ["strangers"]', 'then = ["delay 5m"]').replace(
        "x", "y"
    )
    extra += require('to = ["courts"]', 'labels = ["confidential"]', 'then = ["sealed-by-sender"]').replace(
        '"x"', '"z"'
    )
    assert {"x", "y", "z"} == found(bank, extra=extra).keys()

    def too_hard(*_: object) -> int:
        raise TooHard

    monkeypatch.setattr(Permitted, "within", too_hard)

    assert {} == found(bank, extra=extra)
