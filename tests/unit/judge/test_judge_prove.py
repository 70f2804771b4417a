"""The proof of every `never` on the example folder, changed one thing at a time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.judge import prove as proving
from gateway.judge.boxes import Region, TooHard
from gateway.judge.prove import Broken, prove
from gateway.judge.rulebook import Rulebook, read
from gateway.transfer import Way

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml") if ".test." not in path.name}
BUNDLES = 'id = "sealed-bundles"\nwho = ["solicitor"]\nto = ["courts"]\nlabels = ["sealed"]\nby = ["sftp"]'
WIDENED = BUNDLES.replace('["sftp"]', '["sftp", "mail"]')


def book(*changes: tuple[str, str], extra: str = "", **files: str) -> Rulebook:
    """The example folder with something changed, and something added to transfers.toml."""
    texts = TEXTS | {f"{name}.toml": text for name, text in files.items()}
    for old, new in changes:
        holding = [name for name, text in texts.items() if old in text]
        assert len(holding) == 1, old
        texts |= {holding[0]: texts[holding[0]].replace(old, new)}
    found = read({**texts, "transfers.toml": texts["transfers.toml"] + extra})
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def rule(verb: str, rule_id: str, *lines: str) -> str:
    """One more rule."""
    return "\n".join((f"\n[[{verb}]]", f'id = "{rule_id}"', 'because = "So."', *lines)) + "\n"


def allow(rule_id: str, *lines: str) -> str:
    """One more allow."""
    return rule("allow", rule_id, "until = 2030-01-01", 'owner = "ruth@town.test"', *lines)


def only_broken(rulebook: Rulebook) -> Broken:
    """The one `never` that is broken."""
    (broken,) = prove(rulebook).broken
    return broken


def test_every_never_of_the_example_is_proved() -> None:
    """Over 5 senders, 4 recipients, 4 labels, every way, 2 purposes and 3 facts; and nothing is odd."""
    proof = prove(book())

    assert ["sealed-by-mail", "sealed-without-agreement"] == [rule.id for rule in proof.proved]
    assert ((), (), 5 * 4 * 4 * len(Way) * 2 * 2**3) == (proof.broken, proof.findings, proof.situations)


def test_a_never_that_is_broken_comes_with_a_message() -> None:
    """The handbook's case: sealed bundles by mail too, and so Jo could mail one to the court."""
    broken = only_broken(book((BUNDLES, WIDENED)))

    example = broken.example
    assert ("sealed-by-mail", ["sealed-bundles"]) == (broken.never.id, [rule.id for rule in broken.allows])
    assert example is not None
    assert example.person is not None
    assert example.partner is not None
    assert ("Jo Hart", "County Court") == (example.person.name, example.partner.name)
    assert ("sealed", Way.MAIL, None) == (example.label, example.by, example.purpose)
    assert (("address-verified", True), ("agreement-current", True)) == example.facts


def test_what_is_forbidden_anyway_breaks_nothing() -> None:
    """(allows − forbids) ∩ never: the widened rule is harmless once mail of that kind is forbidden."""
    forbid = rule("forbid", "no-sealed-mail", 'labels = ["sealed"]', 'by = ["mail"]')

    assert () == prove(book((BUNDLES, WIDENED), extra=forbid)).broken


def test_two_forbids_that_cover_it_together_are_enough() -> None:
    """One for each purpose: neither covers it alone."""
    forbids = [
        rule("forbid", f"no-{purpose}", 'labels = ["sealed"]', 'by = ["mail"]', f'for = ["{purpose}"]')
        for purpose in ("general", "litigation")
    ]

    assert () == prove(book((BUNDLES, WIDENED), extra="".join(forbids))).broken
    example = only_broken(book((BUNDLES, WIDENED), extra=forbids[0])).example
    assert example is not None
    assert "litigation" == example.purpose


def test_a_forbid_on_trial_saves_nothing() -> None:
    """It has no effect, so it is no reason to call a `never` kept."""
    forbid = rule("forbid", "no-sealed-mail", 'labels = ["sealed"]', 'by = ["mail"]', 'mode = "watch"')

    assert "sealed-by-mail" == only_broken(book((BUNDLES, WIDENED), extra=forbid)).never.id


def test_an_allow_on_trial_breaks_nothing() -> None:
    """It lets nothing go; that it would is a finding."""
    proof = prove(book((BUNDLES, WIDENED + '\nmode = "watch"')))

    assert () == proof.broken
    assert ("trial", "sealed-bundles") in [(finding.kind, finding.about) for finding in proof.findings]


def test_whoever_holds_two_roles_walks_through_neither_gap() -> None:
    """`never` names clerks, an allow registrars: Per, who is both, breaks it; while nobody is both, nobody does."""
    extra = rule("never", "clerks-write-to-no-stranger", 'who = ["clerk"]', 'to = ["strangers"]')
    clerks_out = ('who = ["clerk", "registrar"]', 'who = ["registrar"]')
    per = ('roles = ["registrar"], until = 2027-12-31', 'roles = ["clerk", "registrar"], until = 2027-12-31')

    assert () == prove(book(clerks_out, extra=extra)).broken
    example = only_broken(book(clerks_out, per, extra=extra)).example
    assert example is not None
    assert frozenset({"clerk", "registrar"}) == example.roles


def test_a_partner_in_two_groups_is_in_both() -> None:
    """Likewise for `to`: the court is a law firm as well."""
    extra = rule("never", "no-confidential-to-firms", 'to = ["law-firms"]', 'labels = ["confidential"]')
    extra += rule("forbid", "firms-out", 'to = ["partner:smith-and-day"]')
    both = ('groups = ["courts"]\ndomains', 'groups = ["courts", "law-firms"]\ndomains')

    assert () == prove(book(extra=extra)).broken
    example = only_broken(book(both, extra=extra)).example
    assert example is not None
    assert example.partner is not None
    assert "court" == example.partner.id


def test_a_role_allows_up_to_its_clearance_only() -> None:
    """A clerk in an allow for sealed papers may handle none: no `never` about clerks is broken by it."""
    extra = allow("too-much", 'who = ["clerk"]', 'to = ["courts"]', 'labels = ["sealed"]', 'by = ["mail"]')

    assert () == prove(book(extra=extra)).broken


def test_a_narrowing_rule_sees_every_role_held() -> None:
    """A forbid about clerks binds Per for sealed papers too, though a clerk may not handle them."""
    per = ('roles = ["registrar"], until = 2027-12-31', 'roles = ["clerk", "solicitor"], until = 2027-12-31')
    jo = ('roles = ["solicitor"]', 'roles = ["head"]')
    forbid = rule("forbid", "no-clerks", 'who = ["clerk"]', 'labels = ["sealed"]')
    vouched = ('by = "per@town.test", how = "rang', 'by = "al@town.test", how = "rang')
    vouched2 = ('by = "per@town.test", how = "finger', 'by = "al@town.test", how = "finger')
    al = ('"ruth@town.test" = {', '"al@town.test" = { name = "Al", roles = ["registrar"], until = 2030-01-01 }\n'
          '"ruth@town.test" = {')  # fmt: skip

    assert () == prove(book((BUNDLES, WIDENED), per, jo, vouched, vouched2, al, extra=forbid)).broken


def test_a_never_with_an_exemption_holds_where_it_is_not_exempt() -> None:
    """`unless` of two facts: one no is enough for it to count."""
    extra = rule(
        "never", "verified-and-agreed", 'to = ["courts"]', 'unless = ["agreement-current", "address-verified"]'
    )
    assert () == prove(book(extra=extra)).broken

    court_filing = ('for = ["litigation"]\nwhen = ["agreement-current", "address-verified"]',
                    'for = ["litigation"]\nwhen = ["agreement-current"]')  # fmt: skip
    example = only_broken(book(court_filing, extra=extra)).example
    assert example is not None
    assert (("address-verified", False), ("agreement-current", True)) == example.facts


def test_what_has_ended_still_counts_against_a_never() -> None:
    """No wrong clock makes a proof: the broken allow ended on 31 December 2026."""
    proof = prove(book((BUNDLES, WIDENED)), on=date(2029, 1, 1))

    assert ["sealed-by-mail"] == [broken.never.id for broken in proof.broken]


def test_every_allow_that_breaks_it_is_named() -> None:
    """By id, and the message is of the first."""
    extra = allow("a-second", 'who = ["head"]', 'to = ["strangers"]', 'labels = ["sealed"]', 'by = ["mail"]')
    broken = {one.never.id: one for one in prove(book((BUNDLES, WIDENED), extra=extra)).broken}

    assert {"sealed-by-mail", "sealed-without-agreement"} == broken.keys()
    assert ["a-second", "sealed-bundles"] == [rule.id for rule in broken["sealed-by-mail"].allows]
    example = broken["sealed-by-mail"].example
    assert example is not None
    assert example.person is not None
    assert ("Ruth Okafor", None) == (example.person.name, example.partner)


def test_an_outsider_can_break_a_never_too() -> None:
    """What partners hand in is under the same rules."""
    broken = only_broken(book(extra=rule("never", "nothing-in", 'to = ["staff"]')))

    assert broken.example is not None
    assert broken.example.person is None


def test_what_cannot_be_proved_in_time_counts_as_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail closed: no answer is not a proof."""

    def too_hard(*_: object, **__: object) -> int:
        raise TooHard

    rulebook = book((BUNDLES, WIDENED))
    permitted = proving.Permitted.of(rulebook)
    monkeypatch.setattr(proving.Permitted, "of", lambda *_, **__: permitted)
    monkeypatch.setattr(Region, "gap", too_hard)

    proof = prove(rulebook)

    assert [("sealed-by-mail", (), None)] == [(one.never.id, one.allows, one.example) for one in proof.broken]


def test_the_day_reaches_the_findings_and_not_the_proof() -> None:
    """Once the letters have ended nobody sends a public paper; asked without a day, nothing has ended."""
    rulebook = book(('until = 2027-03-31\nowner = "per@town.test"\nbecause = "The town', 'until = 2026-12-01\n'
                     'owner = "per@town.test"\nbecause = "The town'))  # fmt: skip

    later, ever = prove(rulebook, on=date(2026, 12, 2)), prove(rulebook)

    assert "label:public" in [finding.about for finding in later.findings]
    assert ((), ever.proved) == (ever.findings, later.proved)


@pytest.mark.parametrize(("purpose", "said"), [("general", "general"), ("litigation", "litigation"), (None, None)])
def test_a_purpose_is_said_where_it_matters(purpose: str | None, said: str | None) -> None:
    """Whichever it is; where the never and the allow are for any, it goes unsaid."""
    about = (f'for = ["{purpose}"]',) if purpose else ()
    example = only_broken(book(extra=rule("never", "x", 'to = ["law-firms"]', *about))).example

    assert example is not None
    assert said == example.purpose


def test_of_several_purposes_that_would_do_the_first_is_said() -> None:
    """The never is about two of three: one has to be named, and it is always the same."""
    purposes = ('purposes = ["general", "litigation"]', 'purposes = ["general", "audit", "litigation"]')
    never = rule("never", "x", 'to = ["law-firms"]', 'for = ["litigation", "audit"]')
    example = only_broken(book(purposes, extra=never)).example

    assert example is not None
    assert "audit" == example.purpose
