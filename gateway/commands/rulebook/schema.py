"""`sealgate rules schema`: JSON Schemas of the rule files, so that an editor completes, explains and underlines.

They are made of the definitions the rules are read by, and by this release: after an update, write them again.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.errors import Misconfigured
from gateway.judge.schema import TEST, schemas

CONFIG = "tombi.toml"
FOLDER = "schemas"
MARK = "# Written by `sealgate rules schema`: which schema an editor that knows tombi holds against which rule file.\n"


@click.command()
@click.option("--out", "folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help=f"Write them to DIR/{FOLDER}, and DIR/{CONFIG} that ties them to DIR/rules.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: what was written, or the schemas.")
def schema(folder: Path | None, as_json: bool) -> None:
    """JSON Schemas of the rule files, for editors."""
    if folder is None:
        click.echo(_text(dict(schemas())), nl=False)
        return
    written = lay_out_schemas(folder)
    if as_json:
        click.echo(json.dumps({"written": [str(path) for path in written]}))
        return
    for path in written:
        click.echo(path)


def lay_out_schemas(folder: Path) -> tuple[Path, ...]:
    """Write the schemas and the editor's file into `folder`. Raises `Misconfigured`.

    An editor's file of somebody else's making is left alone, and is not among what is returned.
    """
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        config = folder / CONFIG
        is_ours = not config.exists() or config.read_text("utf-8").startswith(MARK)
        texts = {folder / name: text for name, text in files().items() if name != CONFIG or is_ours}
        for path, text in texts.items():
            path.write_text(text, "utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise Misconfigured(f"cannot write schemas to {folder}: {why}") from why
    return tuple(texts)


def files() -> dict[str, str]:
    """Name and text of every file that is written."""
    made = schemas()
    ties = "".join(_tie(name) for name in made)
    return {f"{FOLDER}/{name}.json": _text(one) for name, one in made.items()} | {CONFIG: f"{MARK}{ties}"}


def _tie(name: str) -> str:
    rules = "*.test" if name == TEST else name
    return f'\n[[schemas]]\npath = "{FOLDER}/{name}.json"\ninclude = ["rules/{rules}.toml"]\n'


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
