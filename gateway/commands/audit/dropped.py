"""A file that somebody drags onto a terminal: what the terminal types for it, and how it is asked for.

Terminals disagree. They type the path as it is, in single or double quotes, with backslashes before its blanks, or as a
`file:` URI; most add a blank. Which of them typed is not known, so each reading is tried: just one must be a file.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

PROMPT = "Drag the file here, then press Enter:"
NOT_GIVEN = ""
"""What click puts in the place of a path that was left out."""


def readings(typed: str) -> tuple[str, ...]:
    """The paths that `typed` may stand for: out of a URI, out of quotes and backslashes, as it is."""
    text = typed.strip()
    found = [_of_uri(text)] if text.startswith("file:") else [_of_shell(text), text]
    return tuple(dict.fromkeys(path for path in found if path and "\0" not in path))


def given_or_dragged(context: click.Context, option: click.Parameter, given: str | None) -> Path | None:
    """A path from the command line; where it was left out at a terminal, the file that is dragged onto it."""
    if given is None:
        return None
    if given != NOT_GIVEN:
        kind = click.Path(exists=True, dir_okay=False, path_type=Path)
        return Path(kind.convert(given, option, context))
    if not sys.stdin.isatty():
        raise click.BadOptionUsage(option.name or "", f"Option {option.opts[0]!r} requires an argument.")
    path: Path = click.prompt(PROMPT, value_proc=the_file, prompt_suffix=" ", err=True)
    click.echo(f"Looking for {path}", err=True)
    return path


def the_file(typed: str) -> Path:
    """The one file that was meant; click asks again if there is none, or more than one."""
    files = [path for path in map(Path, readings(typed)) if path.is_file()]
    if len(files) > 1:
        raise click.UsageError("that can be read as two files here; give its path with --file")
    if not files:
        raise click.UsageError("that is no file on this machine; one file at a time")
    return files[0]


def _of_shell(text: str) -> str:
    """One word as a shell reads it; nothing if it is none, or several."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quote that is not closed
        return ""
    return words[0] if len(words) == 1 else ""


def _of_uri(text: str) -> str:
    """The path of a `file:` URI on this machine (RFC 8089 §2); its bytes need not be UTF-8."""
    try:
        uri = urlsplit(text)
    except ValueError:
        return ""
    is_here = uri.netloc in ("", "localhost") and uri.path.startswith("/") and not uri.query and not uri.fragment
    return unquote(uri.path, errors="surrogateescape") if is_here else ""
