"""`sealgate rules prove`: is every `never` kept, whatever may come?

Exit codes (DESIGN §8): 0 every `never` is kept, 1 one is broken, 3 rules invalid. What is odd about other rules is
printed for somebody to look at, and changes no exit code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from gateway.commands.office import rules_at
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, day
from gateway.judge.oddities import Finding
from gateway.judge.prooftext import as_row, broken_line, command
from gateway.judge.prove import COVERS, Proof, prove
from gateway.judge.rulebook import Rulebook

_MARGIN = "    "


@click.command("prove")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Whoever or whatever ended before this day (default: "
              "today) is found odd. A never is proved for every day.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
@click.pass_context
def prove_rules(
    context: click.Context, setting: Setting, *, folder: Path | None, on: datetime | None, as_json: bool
) -> None:
    """Is every never kept, whatever may come? If not: the message that would go. And rules that do nothing."""
    rulebook = rules_at(folder or setting.rules)
    proof = prove(rulebook, on=on.date() if on else day(SystemClock().now_ms()))
    if as_json:
        click.echo(json.dumps(_as_json(rulebook, proof), ensure_ascii=False, indent=2))
    else:
        for line in _lines(rulebook, proof):
            click.echo(line)
    context.exit(1 if proof.broken else 0)


def _lines(rulebook: Rulebook, proof: Proof) -> Iterator[str]:
    number = len(proof.proved) + len(proof.broken)
    yield f"{len(proof.proved)} of {number} never are kept, over {proof.situations:,} situations."
    if proof.proved:
        yield f"kept: {', '.join(rule.id for rule in proof.proved)}"
    for broken in proof.broken:
        yield ""
        yield f"{broken.never.place}  {broken_line(rulebook, broken)} {broken.never.because}"
        if broken.example:
            yield f"{_MARGIN}{command(rulebook, broken.example)}"
    if proof.findings:
        yield ""
        yield f"{len(proof.findings)} to look at:"
        yield from (_odd(finding) for finding in proof.findings)
    yield ""
    yield COVERS


def _odd(finding: Finding) -> str:
    place = f"{finding.rule.place}  " if finding.rule else ""
    return f"{finding.kind}: {place}{finding.text}"


def _as_json(rulebook: Rulebook, proof: Proof) -> dict[str, object]:
    return {
        "kept": [rule.id for rule in proof.proved],
        "broken": [as_row(rulebook, broken) for broken in proof.broken],
        "findings": [
            {
                "kind": finding.kind,
                "about": finding.about,
                "place": finding.rule.place if finding.rule else None,
                "text": finding.text,
            }
            for finding in proof.findings
        ],
        "situations": proof.situations,
        "digest": rulebook.digest,
        "covers": COVERS,
    }
