"""Asking the ledger: who asks what, and why, is durable in it before anything of the answer can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from gateway.commands.ask import consult
from gateway.commands.held import whole_id
from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.engine.attested import Attestations, Attested
from gateway.errors import Misconfigured
from gateway.transfer import TransferId

Verb = TypeVar("Verb", bound=Callable[..., None])
Ask = Callable[[Setting, str, str], object]
"""Writes a question down: the office, the question, why. Durable when it returns."""


@contextmanager
def asked(setting: Setting, question: str, why: str, *, ask: Ask = consult) -> Iterator[Office]:
    """The office, opened for reading once the question is durable in its ledger, and not before."""
    ask(setting, question, why)
    with opened(setting) as office:
        yield office


def asking(verb: Verb) -> Verb:
    """The options of a verb that asks the ledger."""
    for option in (
        click.option("--why", default="", metavar="TEXT", help="Why you ask, for the ledger."),
        # Who asks is the machine's own user. A name given here is a claim nobody signed, so it stands beside the why.
        click.option("--as", "asker", default="", metavar="PERSON", help="For whom you ask, for the ledger."),
    ):
        verb = option(verb)
    return verb


def reason(why: str, asker: str) -> str:
    """Why, as it stands in the ledger."""
    return f"for {asker}: {why}" if asker else why


def attestations_of(office: Office) -> Attestations:
    """What opens the office's entries."""
    return Attestations(office.records, office.archive, office.keyring)


def told(office: Office, untrusted: str) -> tuple[TransferId, tuple[Attested, ...]]:
    """Every entry of the one transfer whose id begins like this. Raises `Misconfigured` if there is none."""
    whole, attestations = whole_id(office, untrusted), attestations_of(office)
    found = attestations.story(whole)
    if found is None:
        raise Misconfigured(f"there is no transfer {whole}, or it was forgotten on purpose")
    return whole, tuple(attestations.of(found))
