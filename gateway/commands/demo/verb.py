"""`sealgate demo`, the verb. Exit 0: all was as promised. 1: something was not."""

from __future__ import annotations

import click

from gateway.commands.demo.unplug.parts import PARTS

FINDING = 1


@click.command()
@click.option("--break", "broken", type=click.Choice([*PARTS, "all"]), help="Break this part instead, and mend it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the steps, and if each was as promised.")
@click.pass_context
def demo(context: click.Context, broken: str | None, as_json: bool) -> None:
    """Show it work on loopback, with real programs on both sides; leave nothing behind.

    With --break a part of the running office is broken for real while messages are in it: each must be held, or not
    acknowledged; none may be lost, none may leak. Then it is mended, and they must go on. Needs nobody's rights; to
    break "antivirus" ClamAV's daemon must be installed, for "disk" the kernel must allow user namespaces (or be root).
    """
    # A mail server and a screen, which no other verb needs.
    from gateway.commands.demo.play import play
    from gateway.commands.demo.unplug.play import rehearse

    is_fine = rehearse(broken, is_quiet=as_json).ok if broken else play(is_quiet=as_json).ok
    context.exit(0 if is_fine else FINDING)
