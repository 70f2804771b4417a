"""`sealgate review`: rights, ends and emergencies as an admin sees them, and the exit code for a timer that runs it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.expiring import quarter
from gateway.commands.main import sealgate
from gateway.commands.office import opened
from gateway.commands.reviews import Row, digest, table
from gateway.commands.setting import Setting
from gateway.engine.lawmaking.rights import Right, Towards
from gateway.facts import Consulted, Outcome
from tests.audited import Past, judged, writing
from tests.unit.commands.rule_office import RuleOffice

PER = "per@town.test"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(sealgate, ["--office", str(folder), "review", *words], catch_exceptions=False)


def signed(past: Past, who: str) -> list[str]:
    path = past.folder.parent / f"{who}.password"
    path.write_text(past.passwords[who])
    return ["--as", who, "--password-file", str(path)]


# ── rights ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_allow_with_its_last_use(past: Past) -> None:
    """What was used says when; what was not, since when nobody uses it. A new office has nothing to propose."""
    with writing(past.folder) as pen:
        pen.then(pen.mail("alena@town.test", "clerk@court.test"), judged(0, Outcome.SEND, "court-filing"))

    result = run(past.folder, "access", "--json", *signed(past, PER))

    told = json.loads(result.output)
    rights = {right["rule"]: right for right in told["rights"]}
    assert 0 == result.exit_code
    assert {"court-filing", "sealed-bundles", "opposing-counsel", "letters-to-citizens"} <= rights.keys()
    assert told["today"] == rights["court-filing"]["last"]
    assert 1 == rights["court-filing"]["legs"]
    assert (None, 0) == (rights["sealed-bundles"]["last"], rights["sealed-bundles"]["legs"])


def test_the_table_by_partner_is_the_one_that_is_signed(past: Past) -> None:
    """Screen, CSV and JSON name the same rows by the same digest."""
    rows = list(csv.reader(io.StringIO(run(past.folder, "access", "--csv", *signed(past, PER)).output)))
    told = json.loads(run(past.folder, "access", "--json", *signed(past, PER)).output)
    shown = run(past.folder, "access", "--by-partner", *signed(past, PER)).output

    assert ["rule", "owner", "until", "partner", "legs", "last use"] == rows[0]
    assert sum(len(right["towards"]) for right in told["rights"]) == len(rows) - 1
    assert told["table"][:16] in shown
    assert any(row[:1] == ["court-filing"] and row[3] == "court" for row in rows)


def test_a_right_that_fades_is_a_finding(ruled: RuleOffice) -> None:
    """With a half-life of no time at all everything is proposed; the line of the rule stands beside it."""
    half_life = '[half-life]\nwarn = "1m"\nwatch = "1m"\nremove = "1m"\n\n'
    never = '[[never]]\nid = "sealed-by-mail"'
    ruled.edit(("transfers.toml", never, half_life + never))
    assert 0 == ruled.run("publish", by="ruth", second="per").exit_code

    result = run(ruled.folder, "access")

    assert 1 == result.exit_code
    assert "take it out (rules/transfers.toml:" in result.output


@pytest.mark.parametrize("verb", ["access", "break-glass"])
def test_not_everybody_at_the_machine_looks_the_office_over(past: Past, verb: str) -> None:
    """Who audits it or answers for its rules signs in; who does not, or may neither, is told so."""
    for words in ((), signed(past, "alena@town.test")):
        result = run(past.folder, verb, *words)
        assert (1, True) == (result.exit_code, "audit or publish" in result.output)
    assert "audit or publish" not in run(past.folder, verb, *signed(past, "ruth@town.test")).output


def test_a_sign_off_is_in_the_ledger(past: Past) -> None:
    """Who, which quarter, which table, and what they found; only who may audit or publish."""
    told = json.loads(run(past.folder, "access", "--json", *signed(past, PER)).output)

    by_a_clerk = run(past.folder, "sign-off", "--why", "fine", *signed(past, "alena@town.test"))
    by_the_registrar = run(past.folder, "sign-off", "--why", "fine", *signed(past, "per@town.test"))

    assert 1 == by_a_clerk.exit_code
    assert "Only who may audit or publish signs off a review: Ruth Okafor, Per Lind." in by_a_clerk.output
    assert f"Signed off by Per Lind: rights {told['quarter']}, table {told['table']}." in by_the_registrar.output
    (fact,) = _facts(past, "office/reviews")
    assert isinstance(fact, Consulted)
    assert ("per@town.test", "fine") == (fact.by, fact.why)
    assert fact.question.endswith(told["table"])


def test_a_digest_names_the_rows() -> None:
    """Another use is another table; the same rows in another order of rules are the same."""

    def right(rule: str, legs: int) -> Right:
        return Right(
            rule=rule, place="", owner="", until=date(2027, 1, 1), since=date(2026, 1, 1), last=None, legs=legs,
            idle_days=0, proposal="", towards=(Towards(party="court", legs=legs, last=None),),
        )  # fmt: skip

    one, other = table((right("a", 1), right("b", 2))), table((right("b", 2), right("a", 1)))

    assert digest(one) == digest(other) != digest(table((right("a", 1), right("b", 3))))
    assert Row(rule="a", owner="", until=date(2027, 1, 1), party="court", legs=1, last=None) == one[0]


@pytest.mark.parametrize(
    ("on", "name"),
    [("2026-01-01", "2026-Q1"), ("2026-03-31", "2026-Q1"), ("2026-04-01", "2026-Q2"), ("2026-12-31", "2026-Q4")],
)
def test_a_quarter_has_a_name(on: str, name: str) -> None:
    """By its first and last days."""
    assert name == quarter(date.fromisoformat(on))


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_ends_is_listed_by_day_with_what_mends_it(past: Past) -> None:
    """Rules, people, agreements and the doors' certificate; what is over comes first and is a finding."""
    result = run(past.folder, "expiries", "--days", "3650", "--json")

    found = json.loads(result.output)
    assert 1 == result.exit_code
    assert sorted(one["days_left"] for one in found) == [one["days_left"] for one in found]
    assert {"rule", "person", "agreement", "verification", "certificate", "metadata"} <= {one["kind"] for one in found}
    assert all(one["mend"] and one["owners"] for one in found)


def test_only_what_is_near_is_shown(ruled: RuleOffice) -> None:
    """Nothing ends today but what is over."""
    found = json.loads(run(ruled.folder, "expiries", "--days", "0", "--json").output)

    assert {"over"} == {"over" if one["days_left"] < 0 else "near" for one in found}


def test_an_end_reads_like_a_sentence(past: Past) -> None:
    """Day, how long, what, and where to mend it, one line each."""
    lines = run(past.folder, "expiries", "--days", "3650").output.splitlines()

    assert any("agreement" in line and "over" in line and "rules/partners.toml:" in line for line in lines)
    assert any("certs/gateway.pem" in line and "SIGHUP" in line for line in lines)


# ── emergencies ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_glass_says_so(past: Past) -> None:
    """Nothing to review is no finding."""
    result = run(past.folder, "break-glass", *signed(past, PER))

    assert (0, "The glass was never broken.\n") == (result.exit_code, result.output)


def test_a_broken_one_is_a_finding_until_it_is_reviewed(past: Past) -> None:
    """Shown with who signed and why; a review of what never was is refused."""
    release = ["held", "release", past.held, "--break-glass", "--reason", "A life", *signed(past, "ruth@town.test")]
    second = past.folder.parent / "per@town.test.password"
    second.write_text(past.passwords["per@town.test"])
    words = ["--second", "per@town.test", "--second-password-file", str(second)]

    done = CliRunner().invoke(sealgate, ["--office", str(past.folder), *release, *words], catch_exceptions=False)
    shown = run(past.folder, "break-glass", *signed(past, PER))
    odd = run(past.folder, "break-glass", "T-nothing", "--why", "x", *signed(past, "per@town.test"))

    assert (0, "The glass is broken: it is judged again now.\n") == (done.exit_code, done.output)
    assert 1 == shown.exit_code
    assert "ruth@town.test and per@town.test: A life" in shown.output
    assert "not reviewed yet" in shown.output
    assert "The glass was never broken for T-nothing" in odd.output


def test_a_review_names_its_emergency(past: Past) -> None:
    """Without an id nobody knows what was reviewed: usage."""
    assert 2 == run(past.folder, "break-glass", "--why", "x").exit_code


def _facts(past: Past, stream: str) -> tuple[object, ...]:
    with opened(Setting(folder=past.folder)) as office:
        story = office.archive.story(stream)
        return tuple(story.facts) if story else ()
