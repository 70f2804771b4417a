"""`sealgate rules check · test`: is the folder in order, and does it say what was expected of it?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.commands.rulebook.reading import INVALID, loaded, rules_of, tell, today
from gateway.commands.rulefolder import read_folder
from gateway.judge import expect
from gateway.judge.problems import Problem
from gateway.judge.prooftext import kept
from gateway.judge.rulebook import Rulebook


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Warn as of this day (default: today).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def check(context: click.Context, folder: Path | None, on: datetime | None, as_json: bool) -> None:
    """Every mistake in the rules, with file, line and column; a never that is not kept is one."""
    found = kept(read_folder(folder or rules_of(context.obj), on=on.date() if on else today(None)))
    is_valid = isinstance(found, Rulebook)
    problems = found.warnings if isinstance(found, Rulebook) else found
    if as_json:
        digest = found.digest if isinstance(found, Rulebook) else None
        tell({"valid": is_valid, "digest": digest, "problems": [_as_json(problem) for problem in problems]})
    else:
        for problem in problems:
            click.echo(f"{problem}{' (warning)' if problem.is_warning else ''}")
        if isinstance(found, Rulebook):
            click.echo(f"{len(found.rules)} rules are in order. Digest {found.digest}")
        else:
            click.echo(f"{len(problems)} to mend. These rules do not load; the last good ones stay in force.")
    context.exit(0 if is_valid else INVALID)


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def test(context: click.Context, folder: Path | None, as_json: bool) -> None:
    """Run the expectations in *.test.toml."""
    rulebook = loaded(context, folder)
    misses = expect.run(rulebook)
    if as_json:
        rows = [{"that": m.that, "file": m.file, "line": m.line, "what": m.what, "wanted": m.wanted, "got": m.got}
                for m in misses]  # fmt: skip
        tell({"expectations": len(rulebook.expects), "misses": rows})
    else:
        for miss in misses:
            click.echo(str(miss))
        missed = len({(miss.file, miss.line) for miss in misses})
        click.echo(f"{len(rulebook.expects)} expectations, {missed} missed.")
    context.exit(1 if misses else 0)


def _as_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "line": problem.line, "column": problem.column, "text": problem.text,
            "warning": problem.is_warning}  # fmt: skip
