"""`sealgate demo`, the verb. Exit 0: all was as promised. 1: something was not."""

from __future__ import annotations

import click

FINDING = 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the steps, and if each was as promised.")
@click.pass_context
def demo(context: click.Context, as_json: bool) -> None:
    """Show it work on loopback, with real programs on both sides; leave nothing behind."""
    from gateway.commands.demo.play import play  # a mail server and a screen, which no other verb needs

    context.exit(0 if play(is_quiet=as_json).ok else FINDING)
