"""Several recipients, the gateway's own notes, demands that wait, and what a verdict records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.facts import Known, Mixed, Outcome, Reason, Truth
from gateway.judge.case import Case, known_facts
from gateway.judge.decide import couple, decide
from gateway.judge.expect import harmless, recipient_of
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.rules import Rule, Verb
from gateway.judge.verdict import Verdict
from gateway.transfer import Way
from tests.rulepeers import only

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}

FILING = Case(
    sender_person="alena@town.test",
    recipient=recipient_of("registry@court.test"),
    by=Way.MAIL,
    label="office",
    purpose="litigation",
    on=date(2026, 11, 23),
    facts=harmless(),
    outside_recipients=1,
)

ANYTHING = Rule(verb=Verb.ALLOW, id="anything", because="So.")
SEND = Verdict(outcome=Outcome.SEND)
HOLD = Verdict(outcome=Outcome.HOLD)
BLOCK = Verdict(outcome=Outcome.BLOCK)
SEND_PART = Verdict(outcome=Outcome.SEND, mixed=Mixed.LAWFUL_PART)
HOLD_PART = Verdict(outcome=Outcome.HOLD, mixed=Mixed.LAWFUL_PART)


def book(extra: str = "") -> Rulebook:
    """The example folder with something added to transfers.toml."""
    found = read({**TEXTS, "transfers.toml": TEXTS["transfers.toml"] + extra})
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


@pytest.mark.parametrize(
    ("alone", "together"),
    [
        ([SEND, SEND], "send send"),
        ([SEND, BLOCK, HOLD], "block block block"),
        ([SEND, HOLD], "hold hold"),
        ([SEND_PART, BLOCK], "send block"),
        ([SEND_PART, HOLD_PART, BLOCK], "send hold block"),
        ([SEND_PART, SEND, BLOCK], "block block block"),
        ([SEND_PART, HOLD], "hold hold"),
        ([BLOCK, BLOCK], "block block"),
        ([], ""),
    ],
)
def test_legs_travel_together_unless_every_lawful_one_may_go_alone(alone: list[Verdict], together: str) -> None:
    """One blocked leg refuses all, one held leg holds all; by rule the lawful part goes."""
    assert together == " ".join(verdict.outcome for verdict in couple(alone))


def test_a_leg_refused_for_another_names_it() -> None:
    """The refused are named: by their place among the legs."""
    first, *_ = couple([SEND, BLOCK, BLOCK])

    assert [("others-refused", "1 2")] == [(reason.code, reason.get("legs")) for reason in first.reasons]


@pytest.mark.parametrize(
    ("to", "outcome"),
    [("jo@town.test", "send"), ("anna@citizen.example", "block"), ("registry@court.test", "send"),
     ("clerk7@court.test", "block"), ("partner:court", "block"), ("ghost@town.test", "block")],
)  # fmt: skip
def test_the_gateway_writes_only_to_its_own_people_and_who_is_on_file(to: str, outcome: str) -> None:
    """The built-in rule `gateway-note` lets notes reach persons of the office and a partner's listed address."""
    verdict = decide(book(), replace(FILING, sender_person="", recipient=recipient_of(to), is_gateway_note=True))

    assert (outcome, ("gateway-note",)) == (verdict.outcome, verdict.rules)


def test_the_gateway_writes_to_no_address_whose_verification_is_too_old() -> None:
    """Who has the mailbox by now nobody knows: nothing is said of what lies in the partner's box."""
    to = recipient_of("registry@court.test")
    late = replace(FILING, sender_person="", recipient=to, is_gateway_note=True, on=date(2029, 1, 1))

    assert Outcome.BLOCK is decide(book(), late).outcome


@pytest.mark.parametrize(
    ("demand", "met"),
    [
        ("second-factor", {"facts": {**harmless(), "sender-second-factor": Truth.YES}}),
        ("confirmation-by-sender", {"is_confirmed": True}),
        ("delay 15m", {"waited_seconds": 900}),
        ("approval-by clerk", {"sender_person": "jo@town.test", "approved_by": ("Alena@town.test",)}),
    ],
)
def test_a_demand_to_wait_for_holds_until_it_is_met(demand: str, met: dict[str, object]) -> None:
    """Each kind of waiting ends when what it waits for has happened, not a second before."""
    rules = book(f'\n[[require]]\nid = "slowly"\nbecause = "So."\nby = ["mail"]\nthen = ["{demand}"]\n')
    case = replace(FILING, facts={**harmless(), "sender-second-factor": Truth.UNKNOWN}, waited_seconds=899)

    before, after = decide(rules, case), decide(rules, replace(case, **met))

    assert (Outcome.HOLD, (demand,)) == (before.outcome, before.waits_for)
    assert (Outcome.SEND, (), (demand,)) == (after.outcome, after.waits_for, after.demands)


@pytest.mark.parametrize(("clearance", "outcome"), [("sealed", "send"), ("office", "hold")])
def test_an_approval_counts_only_up_to_the_approvers_clearance(clearance: str, outcome: str) -> None:
    """Who may not handle the paper may not let it go either."""
    people = TEXTS["people.toml"].replace('head = { may-handle = "sealed"', f'head = {{ may-handle = "{clearance}"')
    found = read({**TEXTS, "people.toml": people})
    assert isinstance(found, Rulebook)
    case = replace(FILING, sender_person="jo@town.test", label="sealed", by=Way.SFTP, approved_by=("ruth@town.test",))

    assert outcome == decide(found, case).outcome


@pytest.mark.parametrize(
    ("approver", "outcome"),
    [("ruth@town.test", "hold"), ("dora@town.test", "send"), ("jo@town.test", "hold"), ("ghost@town.test", "hold")],
)
def test_nobody_approves_their_own(approver: str, outcome: str) -> None:
    """A head who sends needs another head: not a solicitor, and not somebody nobody knows."""
    dora = '"dora@town.test" = { name = "Dora Lis", roles = ["head"], until = 2027-12-31 }\n'
    transfers = TEXTS["transfers.toml"].replace('who = ["solicitor"]', 'who = ["solicitor", "head"]')
    found = read({**TEXTS, "people.toml": TEXTS["people.toml"] + dora, "transfers.toml": transfers})
    assert isinstance(found, Rulebook)
    case = replace(FILING, sender_person="ruth@town.test", label="sealed", by=Way.SFTP, approved_by=(approver,))

    assert outcome == decide(found, case).outcome


def test_a_rule_on_trial_has_no_effect_but_is_recorded() -> None:
    """A watched forbid blocks nothing; the verdict says it would have."""
    rules = book('\n[[forbid]]\nid = "no-mail"\nbecause = "Trial."\nby = ["mail"]\nmode = "watch"\n')

    verdict = decide(rules, FILING)

    assert (Outcome.SEND, ("no-mail",)) == (verdict.outcome, verdict.watched)


def test_a_verdict_keeps_the_facts_it_used_with_their_ages() -> None:
    """Enough to recompute the decision: each fact a rule names, its value, and when it was determined."""
    case = replace(FILING, at_ms=2_000, ages={"address-verified": 1_000})

    known = known_facts(book(), case)

    assert Known(name="address-verified", value=Truth.YES, at_ms=1_000) in known
    assert Known(name="agreement-current", value=Truth.YES, at_ms=2_000) in known


def test_a_given_fact_goes_before_a_computed_one() -> None:
    """The MX has changed: the address is not verified, whatever partners.toml says."""
    case = replace(FILING, facts={"address-verified": Truth.NO})

    verdict = decide(book(), case)

    assert verdict.nearest is not None
    assert (Outcome.BLOCK, ("address-verified",)) == (verdict.outcome, verdict.nearest.missing)


@pytest.mark.parametrize(("outside", "outcome"), [(20, "send"), (21, "block"), (None, "hold")])
def test_many_recipients_are_counted_at_the_edge(outside: int | None, outcome: str) -> None:
    """Twenty is not many, twenty-one is, and before the header nobody knows."""
    rules = book('\n[[forbid]]\nid = "crowd"\nbecause = "Use Bcc."\nwhen = ["many-recipients"]\n')

    assert outcome == decide(rules, replace(FILING, outside_recipients=outside)).outcome


def test_nothing_is_sent_before_its_label_is_seen() -> None:
    """Even where no rule asks for the label: the seal's floor does."""
    allow = """[[allow]]
id = "anything"
who = ["solicitor"]
to = ["courts"]
labels = ["public", "office", "confidential", "sealed"]
by = ["mail"]
until = 2027-03-31
owner = "ruth@town.test"
because = "All of it."
"""
    found = read({name: text for name, text in {**TEXTS, "transfers.toml": allow}.items() if ".test." not in name})
    assert isinstance(found, Rulebook)
    case = replace(FILING, sender_person="jo@town.test")

    seen, unseen = decide(found, case), decide(found, replace(case, label=None))

    assert (Outcome.SEND, Outcome.HOLD, ("label",)) == (seen.outcome, unseen.outcome, unseen.unknown)


def test_a_label_that_no_longer_exists_is_unknown() -> None:
    """Rules changed under a waiting transfer: its label means nothing now, so it holds."""
    verdict = decide(book(), replace(FILING, label="restricted"))

    assert (Outcome.HOLD, ("label",)) == (verdict.outcome, verdict.unknown)


@pytest.mark.parametrize(
    ("to", "code", "about"),
    [
        ("registry@c0urt.test", "lookalike", {"rule": "lookalike", "meant": "court.test"}),
        ("registry@elsewhere.test", "miss", {"rule": "letters-to-citizens", "clause": "x"}),
    ],
)
def test_a_forged_address_is_told_from_any_other(to: str, code: str, about: dict[str, str]) -> None:
    """The reason says which partner's address was meant; any other stranger is simply a stranger."""
    case = replace(FILING, sender_person="jo@town.test", recipient=recipient_of(to), purpose="general")

    reason = decide(book(), case).reasons[0]

    assert code == reason.code
    assert about["rule"] == reason.get("rule")
    assert about.get("meant", "") in reason.get("meant")


def test_another_forbid_to_a_forged_address_keeps_its_own_reason() -> None:
    """Only the rule about look-alikes speaks of one; and for a partner's box there is no address to compare."""
    extra = '\n[[forbid]]\nid = "no-mail"\nbecause = "So."\nby = ["mail"]\n'
    extra += '\n[[forbid]]\nid = "never-alike"\nbecause = "So."\nwhen = ["lookalike-domain"]\n'
    forged = replace(FILING, recipient=recipient_of("registry@c0urt.test"))
    boxed = replace(FILING, recipient=recipient_of("partner:court"), facts={"lookalike-domain": Truth.YES})

    assert ["lookalike", "lookalike", "forbidden"] == [reason.code for reason in decide(book(extra), forged).reasons]
    assert {"forbidden"} == {reason.code for reason in decide(book(extra), boxed).reasons}


def test_the_leg_in_the_way_keeps_its_own_reasons() -> None:
    """Only the others are told that it was in theirs."""
    refused = replace(BLOCK, reasons=(Reason(code="no-rule"),))

    first, second = couple([SEND, refused])

    assert (["others-refused"], refused) == ([reason.code for reason in first.reasons], second)


@pytest.mark.parametrize(("until", "outcome"), [("2026-11-22", "hold"), ("2026-11-23", "send"), ("2026-11-24", "send")])
def test_an_approver_counts_to_their_last_day(until: str, outcome: str) -> None:
    """That day included; whoever has left approves nothing any more."""
    sam = f'\n"sam@town.test" = {{ name = "Sam", roles = ["head"], until = {until} }}\n'
    found = read({**TEXTS, "people.toml": TEXTS["people.toml"] + sam})
    assert isinstance(found, Rulebook)
    case = replace(FILING, sender_person="jo@town.test", label="sealed", by=Way.SFTP, approved_by=("sam@town.test",))

    assert outcome == decide(found, case).outcome


@pytest.mark.parametrize(("approver", "waiting"), [("ruth@town.test", {"aide"}), ("lee@town.test", {"head", "aide"})])
def test_before_the_label_is_seen_only_the_highest_clearance_approves(approver: str, waiting: set[str]) -> None:
    """Whatever it turns out to be, the approval must hold for it: an aide, who may not handle sealed papers, waits."""
    people = TEXTS["people.toml"] + '\n"lee@town.test" = { name = "Lee", roles = ["aide"], until = 2027-12-31 }\n'
    people = people.replace("\n[role]\n", '\n[role]\naide = { may-handle = "confidential" }\n')
    extra = '\n[[require]]\nid = "ask"\nbecause = "So."\nthen = ["approval-by head", "approval-by aide"]\n'
    found = read({**TEXTS, "people.toml": people, "transfers.toml": TEXTS["transfers.toml"] + extra})
    assert isinstance(found, Rulebook), found

    verdict = decide(found, replace(FILING, label=None, approved_by=(approver,)))

    assert ("hold", ("label",)) == (verdict.outcome, verdict.unknown)
    assert waiting == {demand.removeprefix("approval-by ") for demand in verdict.waits_for}


def test_a_forged_address_that_cannot_be_read_is_forbidden_all_the_same() -> None:
    """Nobody can say whose it was meant to be; that it is forbidden stands."""
    case = replace(FILING, recipient=recipient_of("registry@xn--a.test"), facts={"lookalike-domain": Truth.YES})

    verdict = decide(book(), case)

    assert ("block", ["forbidden"]) == (verdict.outcome, [reason.code for reason in verdict.reasons])


def test_whoever_has_left_is_allowed_nothing() -> None:
    """Not even by the first of the rules; the nearest miss says that it is about them."""
    people = TEXTS["people.toml"].replace('["clerk"], until = 2027-06-30', '["clerk"], until = 2026-11-22')
    found = read({**TEXTS, "people.toml": people})
    assert isinstance(found, Rulebook)
    assert "court-filing" == min(rule.id for rule in found.rules)

    verdict = decide(found, FILING)

    assert verdict.nearest is not None
    assert ("block", "court-filing", ("who",)) == (verdict.outcome, verdict.nearest.rule, verdict.nearest.missing)
    assert "send" == decide(found, replace(FILING, on=date(2026, 11, 22))).outcome


@pytest.mark.parametrize(("waited", "outcome"), [(299, "hold"), (300, "send"), (86_400, "send")])
def test_a_delay_is_over_once_it_has_passed(waited: int, outcome: str) -> None:
    """At its last second, and ever after."""
    rules = book('\n[[require]]\nid = "slowly"\nbecause = "So."\nthen = ["delay 5m"]\n')

    assert outcome == decide(rules, replace(FILING, waited_seconds=waited)).outcome


def test_a_label_nobody_asks_for_is_waited_for_in_nobodys_name() -> None:
    """Even where every rule is sure: the reason names no rule then."""
    verdict = decide(only(book(), ANYTHING), replace(FILING, label=None))

    assert [("unknown", "label", "")] == [(one.code, one.get("what"), one.get("rules")) for one in verdict.reasons]


@pytest.mark.parametrize(
    ("sender", "outcome"), [("alena@town.test", "send"), ("", "send"), ("ghost@town.test", "block")]
)
def test_an_allow_for_anybody_is_for_people_we_know_and_outsiders(sender: str, outcome: str) -> None:
    """As glass is broken with: an address of ours that is nobody's is allowed nothing."""
    assert outcome == decide(only(book(), ANYTHING), replace(FILING, sender_person=sender)).outcome
