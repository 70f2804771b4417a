"""What a courier carries has the same chain of custody as what goes by wire."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, moment
from tests.audited import Past, checked

JO, ALENA, RUTH, AUDITOR = "jo@town.test", "alena@town.test", "ruth@town.test", "per@town.test"
CASE = [
    "record", "--what", "Case file 14-221, 3 volumes", "--seal", "AB-1234", "--courier", "R. Jones, Swift",
    "--from", "Town hall", "--to", "registry@court.test", "--purpose", "litigation", "--matter", "14-221",
]  # fmt: skip


def run(past: Past, *words: str, by: str) -> Result:
    return CliRunner().invoke(
        ledger, [*words, "--as", by], obj=Setting(folder=past.folder), input=past.passwords[by] + "\n"
    )


def hand_over(past: Past, folder: Path, *words: str, authorised_by: str = "", label: str = "confidential") -> Result:
    """Jo gives it to a courier."""
    signed: list[str] = []
    if authorised_by:
        secret = folder / "secret"
        secret.write_text(past.passwords[authorised_by])
        signed = ["--authorised-by", authorised_by, "--authorised-by-password-file", str(secret), "--why", "rota"]
    return run(past, *CASE, "--label", label, *words, *signed, "--json", by=JO)


def transfer(result: Result) -> str:
    assert 0 == result.exit_code, result.output
    return str(json.loads(result.stdout)["subjects"][0])


def shown(past: Past, of: str) -> list[dict[str, object]]:
    entries = json.loads(run(past, "show", of, "--json", by=AUDITOR).stdout)["entries"]
    assert isinstance(entries, list)
    return entries


def test_a_hand_over_and_its_confirmation(past: Past, tmp_path: Path) -> None:
    """Who, what, seal, courier, authorised by whom; a second person closes it; and the ledger is whole."""
    paper = transfer(hand_over(past, tmp_path, authorised_by=RUTH))
    confirmed = run(past, "confirm", paper, "--found", "AB-1234 intact", by=ALENA)
    told = shown(past, paper)

    assert 0 == confirmed.exit_code, confirmed.output
    assert ["received", "judged", "approved", "judged", "scrubbed", "sealed", "offered", "collected"] == [
        one["kind"] for one in told
    ]
    said = {name: value for one in told for name, value in one["values"].items()}  # type: ignore[attr-defined]
    sealed = "numbered-seal;courier;seal=AB-1234"
    assert ("courier", "Case file 14-221, 3 volumes", sealed, ALENA, "AB-1234 intact") == (
        said["net.proto"], said["obj.name"], said["sec.e2e"], said["rcp.second"], said["net.src"],
    )  # fmt: skip
    assert (RUTH, "rota") == tuple(told[2]["values"][name] for name in ("snd.addr", "op.reason"))  # type: ignore[index]
    assert [] == checked(past.folder).findings


def test_paper_is_found_proved_and_reported_like_anything(past: Past, tmp_path: Path) -> None:
    """By matter, seal and way; in custody, in an accounting once it arrived, and as a bundle that verifies."""
    paper = transfer(hand_over(past, tmp_path, authorised_by=RUTH))
    accounted = [run(past, "report", "accounting", "registry@court.test", "--json", by=AUDITOR).stdout]
    run(past, "confirm", paper, "--found", "intact", by=ALENA)
    accounted.append(run(past, "report", "accounting", "registry@court.test", "--json", by=AUDITOR).stdout)
    bundle = tmp_path / "bundle"
    run(past, "prove", paper, "--out", str(bundle), by=AUDITOR)

    asked = (["--text", "14-221"], ["--text", "ab-1234"], ["--field", "net.proto=courier"])
    for words in asked:
        assert [paper] == [
            one["transfer"] for one in json.loads(run(past, "find", *words, "--json", by=AUDITOR).stdout)
        ]
    assert ([[], [paper]]) == [[one["transfer"] for one in json.loads(told)] for told in accounted]
    assert 0 == CliRunner().invoke(ledger, ["verify", str(bundle), "--key", past.ledger_key]).exit_code
    links = json.loads(run(past, "report", "custody", "14-221", "--json", by=AUDITOR).stdout)
    assert ([8, {""}]) == [len(links), {one["broken"] for one in links}]


def test_what_no_rule_allows_needs_somebody_who_may_break_the_glass(past: Past, tmp_path: Path) -> None:
    """Nobody, a clerk, and the person themself are not enough; and nothing is written."""
    refused = [hand_over(past, tmp_path, authorised_by=one) for one in ("", ALENA, JO)]

    assert [1, 1, 1] == [one.exit_code for one in refused]
    assert "Alena Novak may not authorise this" in refused[1].stdout
    assert [] == json.loads(run(past, "find", "--field", "net.proto=courier", "--json", by=AUDITOR).stdout)


def test_what_is_forbidden_stands_there_as_refused(past: Past, tmp_path: Path) -> None:
    """A standing order lets nobody authorise it; that somebody tried is an entry."""
    result = hand_over(past, tmp_path, "--to", "someone@c0urt.test", label="sealed", authorised_by=RUTH)

    assert 1 == result.exit_code
    (row,) = json.loads(run(past, "find", "--field", "net.proto=courier", "--json", by=AUDITOR).stdout)
    assert (JO, "someone@c0urt.test", "refused") == (row["sender"], row["recipient"], row["outcome"])
    assert [] == checked(past.folder).findings


def test_confirming_takes_a_second_person_and_happens_once(past: Past, tmp_path: Path) -> None:
    """Whoever handed it over does not confirm it, and nobody confirms it twice."""
    paper = transfer(hand_over(past, tmp_path, authorised_by=RUTH))

    codes = [run(past, "confirm", paper, "--found", "intact", by=by).exit_code for by in (JO, ALENA, RUTH)]

    assert [1, 0, 1] == codes


def test_only_paper_is_confirmed(past: Past) -> None:
    """A mail that waits is nothing a courier brought."""
    result = run(past, "confirm", past.held, "--found", "intact", by=ALENA)

    assert (1, True) == (result.exit_code, "did not go by courier" in result.output)


def test_a_hand_over_says_when_it_was(past: Past, tmp_path: Path) -> None:
    """A time of the past stands on the slip; one to come is a usage error."""
    coming = f"{moment(SystemClock().now_ms()) + timedelta(days=2):%Y-%m-%dT%H:%M}"

    paper = transfer(hand_over(past, tmp_path, "--at", "2026-01-05T09:30", authorised_by=RUTH))

    assert "handed over 2026-01-05T" in str(shown(past, paper)[0]["values"])
    assert 2 == hand_over(past, tmp_path, "--at", coming, authorised_by=RUTH).exit_code


@pytest.mark.parametrize("words", [["--label", "none"], ["--purpose", "none"], ["--to", "nobody"]])
def test_words_no_rule_knows_are_refused(words: list[str], past: Past, tmp_path: Path) -> None:
    """A label, a purpose or a recipient that is none ends with 1 and writes nothing."""
    result = run(past, *CASE, "--label", "confidential", *words, "--json", by=JO)

    assert (1, False) == (result.exit_code, json.loads(result.stdout)["is_done"])
