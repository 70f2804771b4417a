"""Bringing an order: to the gateway that runs on the folder, or, when none does, carried out right here.

Who signs is `--as ADDRESS`; the password comes from a prompt, a file or standard input, never from the command line,
where every user of the machine could read it.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from gateway.commands.setting import Setting
from gateway.doors.bringing import bring
from gateway.doors.orders import Answer, AnyOrder, Consult
from gateway.errors import Misconfigured

FINDING = 1
Verb = TypeVar("Verb", bound=Callable[..., None])


def signed(verb: Verb) -> Verb:
    """The options of a verb that a person signs."""
    for option in (
        click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="Read the password from this file's first line instead of asking."),
        click.option("--as", "by", metavar="ADDRESS", required=True, help="Who orders this."),
    ):  # fmt: skip
        verb = option(verb)
    return verb


def secret_of(address: str, file: Path | None) -> str:
    """The person's password: from the file, else asked, else the first line of standard input."""
    if file is not None:
        return file.read_text("utf-8").split("\n", 1)[0].removesuffix("\r")
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {address}: ", stream=sys.stderr)
    return sys.stdin.readline().rstrip("\r\n")


def ask(setting: Setting, order: AnyOrder) -> Answer:
    """The answer to an order. Raises `Misconfigured` if it can be brought to nobody."""
    try:
        return asyncio.run(bring(order, setting.var))
    except FileNotFoundError:
        if not setting.var.is_dir():
            raise Misconfigured(f"{setting.folder} is not an office folder (--office DIR)") from None
    except ConnectionError:
        pass  # the socket of a gateway that was killed
    from gateway.commands.inplace import carried_out  # the whole gateway, which nobody needs who found one running

    return carried_out(setting, order)


def consult(setting: Setting, question: str, why: str, *, by: str = "", secret_password: str = "") -> str:
    """Write down who asks the ledger this; durable when it returns. The address of whoever signed in, or nothing.

    Raises `Misconfigured`.
    """
    answer = ask(setting, Consult(by=by, secret_password=secret_password, question=question, why=why))
    if not answer.is_done:
        raise Misconfigured(answer.sentence)
    return answer.subjects[1] if by else ""


def tell(answer: Answer, *, as_json: bool) -> None:
    """Print the answer; exit 1 when the order was not carried out."""
    if as_json:
        click.echo(msgspec.json.encode(answer))
    else:
        click.echo(answer.sentence, err=not answer.is_done)
    if not answer.is_done:
        raise click.exceptions.Exit(FINDING)
