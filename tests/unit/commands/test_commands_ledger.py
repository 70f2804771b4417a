"""The auditor's verbs: every question is an entry first, and every answer can be used by a person and a program."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner, Result

from gateway.commands import asking
from gateway.commands.ledger import ledger
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.errors import StoreAway
from gateway.facts import Consulted
from tests.audited import DIGEST_IN, DIGEST_OUT, Past, writing

AUDITOR = "per@town.test"


def run(past: Past, *words: str, by: str = AUDITOR) -> Result:
    """What a verb answers somebody who signed in, if it asks at all."""
    signed = ["--as", by] if by and words[0] != "fsck" else []
    return CliRunner().invoke(
        ledger, [*words, *signed], obj=Setting(folder=past.folder), input=past.passwords.get(by, "") + "\n"
    )


def questions(past: Past) -> list[tuple[str, str]]:
    """What was asked so far, and why."""
    with opened(Setting(folder=past.folder)) as office:
        streams = [name for name in office.records.find([], limit=100) if name.startswith("consulted/")]
        stories = [office.archive.story(stream) for stream in streams]
    facts = [fact for story in stories if story for fact in story.facts]
    return [(fact.question, fact.why) for fact in facts if isinstance(fact, Consulted)]


# ── every question is an entry ───────────────────────────────────────────────────────────────────────────────────────


def test_find_writes_the_question_down(past: Past) -> None:
    """What was asked, and why, stands in the ledger."""
    result = run(past, "find", "--recipient", "clerk@court.test", "--why", "weekly review")

    assert 0 == result.exit_code
    assert [("find recipient=clerk@court.test", "weekly review")] == questions(past)


def test_show_and_prove_write_the_question_down(past: Past, tmp_path: Path) -> None:
    """Showing a transfer, and handing its evidence out, are questions too."""
    run(past, "show", past.held)
    run(past, "prove", past.held, "--hide", "net", "--out", str(tmp_path / "bundle"))

    assert [(f"show {past.held}", ""), (f"prove {past.held} hide=net", "")] == questions(past)


def test_nothing_is_opened_before_the_question_is_durable(past: Past) -> None:
    """When the question cannot be written down, nothing of the answer can be read."""

    def full_disk(setting: Setting, question: str, why: asking.Asking) -> str:
        raise StoreAway("the disk is full")

    shutil.rmtree(past.folder / "var")  # opening anything would fail otherwise than by the disk
    with pytest.raises(StoreAway, match="disk is full"), asking.asked(
        Setting(folder=past.folder), "find", asking.Asking(), ask=full_disk
    ):  # fmt: skip
        raise AssertionError("opened")


def test_the_question_itself_can_be_found(past: Past) -> None:
    """Who looked is asked like anything else."""
    run(past, "find", "--name", "claim.pdf", "--why", "a complaint")

    rows = json.loads(run(past, "find", "--kind", "consulted", "--json").stdout)

    assert ["find name=claim.pdf", "find kind=consulted"] == [row["names"] for row in rows]
    assert {AUDITOR} == {row["sender"] for row in rows}


# ── find ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_find_as_json(past: Past) -> None:
    """The row of a delivered leg has everything, under names a program can rely on."""
    (row,) = json.loads(run(past, "find", "--outcome", "delivered", "--json").stdout)

    assert (past.delivered, 0, "alena@town.test", "clerk@court.test", "court", "confidential", "delivered") == tuple(
        row[name] for name in ("transfer", "leg", "sender", "recipient", "partner", "label", "outcome")
    )
    assert ([DIGEST_IN.sha256], [DIGEST_OUT.sha256], ["to-court"], [2, 4, 6, 7, 8, 9]) == (
        row["sha256_in"], row["sha256_out"], row["rules"], row["entries"],
    )  # fmt: skip
    assert row["received"].endswith("Z")


def test_find_as_csv_is_harmless_to_open(past: Past) -> None:
    """Every cell is quoted, and a file name that looks like a formula does nothing."""
    result = run(past, "find", "--person", "alena@town.test", "--csv")

    head, *rows = csv.reader(io.StringIO(result.stdout))
    assert [True] * 3 == [line.startswith('"') and line.endswith('"') for line in result.stdout.splitlines()]
    assert ["'=claim;1.pdf"] * 2 == [row[head.index("names")] for row in rows]


def test_names_and_subjects_stay_off_the_screen(past: Past) -> None:
    """The lines for a person say who, whom, when and with what result, not what it was about."""
    screen = run(past, "find").stdout

    assert past.delivered in screen
    assert ("Claim", "1.pdf") == tuple(word for word in ("Claim", "1.pdf") if word not in screen)


def test_finding_nothing_is_an_answer(past: Past) -> None:
    """No row is no failure, in every form."""
    results = [run(past, "find", "--recipient", "nobody@else.test", *form) for form in ([], ["--json"], ["--csv"])]

    assert [0, 0, 0] == [result.exit_code for result in results]
    assert ("Nothing found.\n", []) == (results[0].stdout, json.loads(results[1].stdout))
    assert 1 == len(results[2].stdout.splitlines())


def test_a_digest_may_be_pasted_in_capitals(past: Past) -> None:
    """Did this file leave? The answer does not depend on how the digest was copied."""
    rows = json.loads(run(past, "find", "--sha256", f" {DIGEST_OUT.sha256.upper()}", "--json").stdout)

    assert {past.delivered, past.deferred} == {row["transfer"] for row in rows}


@pytest.mark.parametrize(
    "words",
    [
        ["--on", "2026-01-01", "--from", "2026-01-01"],
        ["--json", "--csv"],
        ["--on", "yesterday"],
        ["--sha256", "abc"],
        ["--outcome", "lost"],
        ["--kind", "tick"],
    ],
)
def test_a_question_that_cannot_be_meant_is_a_usage_error(words: list[str], past: Past) -> None:
    """It ends with 2, and is not asked."""
    assert 2 == run(past, "find", *words).exit_code
    assert [] == questions(past)


def test_days_are_understood(past: Past) -> None:
    """A span that has not begun has nothing; one that is open at its end has everything."""
    assert ("Nothing found.\n", "4 found.\n") == (
        run(past, "find", "--from", "2999-01-01", "--to", "2999-01-02").stdout,
        run(past, "find", "--from", "2020-01-01").stdout.splitlines(keepends=True)[-1],
    )


# ── show ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_show_tells_the_story(past: Past) -> None:
    """Each fact with its evidence: TLS, certificate, reply, key, what was stripped, who refused and why."""
    told = run(past, "show", past.delivered).stdout

    expected = (
        "Judged: waits · recipient 2", "TLSv1.3 TLS_AES", "verified; name=mx.court.test", "250 2.0.0 Ok", "A" * 40,
        "gps=1", "ruth@town.test", "not ours", "=claim;1.pdf", "entry 9",
    )  # fmt: skip
    assert [] == [words for words in expected if words not in told]


def test_show_takes_an_abbreviated_id(past: Past) -> None:
    """Six letters that name one transfer name it, in either case."""
    told = json.loads(run(past, "show", past.held[:8].lower(), "--json").stdout)

    assert (past.held, ["received", "judged"]) == (told["transfer"], [one["kind"] for one in told["entries"]])


def test_show_says_what_was_erased(past: Past) -> None:
    """An erased person is not shown from anywhere else, and that they were there is said."""
    db = apsw.Connection(str(past.folder / "var" / "records" / "records.db"))
    db.execute("DELETE FROM wrapped_key WHERE stream IN (SELECT id FROM stream WHERE name LIKE 'person/%')")
    db.close()

    told = json.loads(run(past, "show", past.delivered, "--json").stdout)

    assert {"snd", "rcp"} <= set(told["entries"][0]["closed"])
    assert [] == [one for one in told["entries"] if "rcp.addr" in one["values"] or "snd.addr" in one["values"]]


# ── prove ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bundle_verifies_with_the_key_and_nothing_else(past: Past, tmp_path: Path) -> None:
    """What `prove` writes, `verify` finds true where there is no office."""
    bundle = tmp_path / "bundle"
    told = json.loads(run(past, "prove", past.delivered, "--out", str(bundle), "--json").stdout)
    shutil.rmtree(past.folder)

    result = CliRunner().invoke(ledger, ["verify", str(bundle), "--key", past.ledger_key], obj=None)

    assert (0, past.ledger_key, list(range(2, 11))) == (result.exit_code, told["ledger_key"], told["entries"])
    assert "alena@town.test" in result.stdout


def test_a_bundle_on_stdout_is_as_good(past: Past, tmp_path: Path) -> None:
    """A bundle sent to a file by the shell verifies, and holds the asked recipient's entries alone."""
    streamed = run(past, "prove", past.delivered, "--leg", "1").stdout_bytes
    (tmp_path / "bundle").write_bytes(streamed)

    result = CliRunner().invoke(ledger, ["verify", str(tmp_path / "bundle"), "--key", past.ledger_key, "--json"])

    assert ("true", {1}) == (
        json.loads(result.stdout)["verdict"],
        {one["leg"] for one in json.loads(result.stdout)["says"]},
    )


def test_what_is_hidden_is_not_in_the_bundle(past: Past, tmp_path: Path) -> None:
    """A class that is not disclosed leaves no trace of its values, and the proof still verifies."""
    bundle = tmp_path / "bundle"
    run(past, "prove", past.delivered, "--hide", "snd", "--hide", "obj", "--out", str(bundle))

    result = CliRunner().invoke(ledger, ["verify", str(bundle), "--key", past.ledger_key, "--json"])

    assert (0, False, False) == (result.exit_code, "alena" in result.stdout, b"alena" in bundle.read_bytes())
    assert ["snd", "obj"] == json.loads(result.stdout)["says"][0]["closed"]


def test_a_bundle_is_for_this_user_alone(past: Past, tmp_path: Path) -> None:
    """It discloses personal data, so nobody else on the machine may read the file."""
    run(past, "prove", past.held, "--out", str(tmp_path / "bundle"))

    assert 0o600 == (tmp_path / "bundle").stat().st_mode & 0o777


def test_prove_publishes_first(past: Past, tmp_path: Path) -> None:
    """Entries newer than the published checkpoint are published, then proved."""
    with writing(past.folder, is_published=False) as pen:
        fresh = pen.mail("jo@town.test", "clerk@court.test").transfer.id

    result = run(past, "prove", fresh, "--out", str(tmp_path / "bundle"))

    assert 0 == result.exit_code, result.output
    assert 0 == CliRunner().invoke(ledger, ["verify", str(tmp_path / "bundle"), "--key", past.ledger_key]).exit_code


def test_a_leg_that_is_not_there_is_a_usage_error(past: Past, tmp_path: Path) -> None:
    """Asking for the third recipient of two ends with 2 and writes nothing."""
    result = run(past, "prove", past.delivered, "--leg", "2", "--out", str(tmp_path / "bundle"))

    assert (2, False) == (result.exit_code, (tmp_path / "bundle").exists())


# ── fsck ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_fsck_of_a_whole_ledger(past: Past) -> None:
    """It says so in words and ends with 0."""
    result = run(past, "fsck")

    assert (0, "The ledger is whole.") == (result.exit_code, result.stdout.splitlines()[0])


def test_fsck_of_a_damaged_ledger(past: Past) -> None:
    """It ends with 1 and names what is wrong."""
    tile = past.folder / "var" / "ledger" / "tile" / "0" / "000.p" / "19"
    tile.write_bytes(bytes(19 * 32))

    result = run(past, "fsck", "--json")

    told = json.loads(result.stdout)
    assert (1, False) == (result.exit_code, told["is_whole"])
    assert [
        {
            "severity": "failed",
            "where": "the published ledger",
            "words": "tile/0/000.p/19 does not say what the entries say",
        }
    ] == told["findings"]
