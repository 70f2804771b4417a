"""Asking the ledger: who asks what, and why, is durable in it before anything of the answer can be read.

Whoever signs in sees what their powers open (`ledger.views`); who does not is the machine's user, and sees no private
value at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path

import click

from gateway.commands.abbreviated import whole_id
from gateway.commands.ask import consult, secret_of
from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations, Attested
from gateway.engine.clock import day
from gateway.engine.viewing import view_for
from gateway.errors import Misconfigured
from gateway.transfer import TransferId

DENIED = 1
_WORDS = {
    "op": "rules, labels and reasons", "snd": "who acted", "rcp": "recipients", "obj": "names and digests",
    "net": "addresses of machines", "sec": "protection",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks; empty is the machine's own user, who has not signed in."""

    by: str = ""
    secret_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and why."""

    asker: Asker = Asker()
    why: str = ""


Ask = Callable[[Setting, str, Asking], str]
"""Writes a question down and says who asked it: their address if they signed in. Durable when it returns."""


def written(setting: Setting, question: str, asking: Asking) -> str:
    """The `Ask` that counts: the ledger has it."""
    return consult(setting, question, asking.why, by=asking.asker.by, secret_password=asking.asker.secret_password)


@contextmanager
def asked(setting: Setting, question: str, asking: Asking, *, ask: Ask = written) -> Iterator[Office]:
    """The office as this person may see it, opened once the question is durable in its ledger, and not before."""
    person = ask(setting, question, asking)
    with opened(setting) as office:
        on = day(office.clock.now_ms(), office.zone)
        yield replace(office, view=view_for(office.in_force or office.folder_rules, person, on))


def asking(verb: Callable[..., None]) -> Callable[..., None]:
    """The options of a verb that asks the ledger; it is called with `why` and `asker`."""

    @wraps(verb)
    def with_asker(*words: object, by: str, password_file: Path | None, **named: object) -> None:
        password = secret_of(by, password_file) if by else ""
        verb(*words, asker=Asker(by=by, secret_password=password), **named)

    decorated: Callable[..., None] = with_asker
    for option in (
        click.option("--why", default="", metavar="TEXT", help="Why you ask, for the ledger."),
        click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="Read the password from this file's first line instead of asking."),
        click.option("--as", "by", default="", metavar="ADDRESS",
                     help="Sign in: without it, private values stay closed."),
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated


def reason(why: str, asker: Asker) -> Asking:
    """Who asks, and why, as `asked` takes it."""
    return Asking(asker=asker, why=why)


def must_open(office: Office, classes: Sequence[str]) -> None:
    """End with 1 where the view never opens a class that the question is about: an empty answer would be a lie."""
    closed = office.view.closed(classes)
    if closed:
        words = ", ".join(_WORDS[cls] for cls in closed)
        click.echo(f"sealgate: as {office.view.role} you may not ask about {words}. Sign in: --as ADDRESS", err=True)
        raise click.exceptions.Exit(DENIED)


def attestations_of(office: Office) -> Attestations:
    """What opens the office's entries, as far as whoever asks may see."""
    return Attestations(office.records, office.archive, office.keyring, office.view)


def told(office: Office, untrusted: str) -> tuple[TransferId, tuple[Attested, ...]]:
    """Every entry of the one transfer whose id begins like this. Raises `Misconfigured` if there is none."""
    whole, attestations = whole_id(office, untrusted), attestations_of(office)
    found = attestations.story(whole)
    if found is None:
        raise Misconfigured(f"there is no transfer {whole}, or it was forgotten on purpose")
    return whole, tuple(attestations.of(found))
