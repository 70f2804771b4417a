"""How far it is: a line on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys

import click

WORDS = {"records": "copying the records", "content": "copying content", "checked": "checking content"}


def progress(what: str, done: int, of: int) -> None:
    """Say it, over what was said before."""
    if sys.stderr.isatty() and of:
        click.echo(f"\r{WORDS.get(what, what)}: {100 * done // of:>3} %\x1b[K\r", nl=False, err=True)
