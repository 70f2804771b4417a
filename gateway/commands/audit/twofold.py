"""Orders about the ledger itself that two people sign: with their own names and passwords, at this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from gateway.commands.ask import secret_of
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.keep.accounts import Accounts

POWER = "publish"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def signed_twice(verb: Callable[..., None]) -> Callable[..., None]:
    """The options for two names and passwords: `by password_file second second_password_file`."""
    for option in (
        click.option("--second-password-file", type=_FILE, help="Likewise."),
        click.option("--second", metavar="ADDRESS", default="", help="Who signs beside them."),
        click.option("--password-file", type=_FILE, help="Their password."),
        click.option("--as", "by", metavar="ADDRESS", default="", help="Who orders this."),
    ):
        verb = option(verb)
    return verb


def require_two(setting: Setting, *signers: tuple[str, Path | None]) -> None:
    """Two people who may publish, with their own passwords. Raises `Misconfigured`, `UsageError`."""
    names = [by.lower() for by, _ in signers]
    if not all(names) or len(set(names)) < len(names):
        raise click.UsageError("two people sign this: --as ADDRESS and --second ADDRESS")
    accounts = Accounts(setting.accounts)
    with opened(setting) as office:
        for by, file in signers:
            person = office.folder_rules.person(by)
            if person is None or POWER not in person.powers or not accounts.check(by.lower(), secret_of(by, file)):
                raise Misconfigured(f"name and password do not fit anybody who may publish: {by}")
