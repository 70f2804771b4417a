"""Those outside who can tell that this ledger is what it was: witnesses, other storage, auditors, a clock's authority.

What `gateway.toml` names under `ledger`, put together for the caretaker and asked before anything is signed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from gateway.commands.assembly import Parts
from gateway.commands.forewarning import warning_of
from gateway.commands.office import Office, anchors_of
from gateway.commands.reminders import reminding_of
from gateway.engine.caretaker import Caretaker, Chore
from gateway.engine.dayclosing import DayCloser
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.outsiders.letters import Letters
from gateway.engine.outsiders.stamping import Stamping
from gateway.engine.outsiders.vouching import Outsider, Vouching, consult
from gateway.engine.policy import InForce
from gateway.engine.rereading import Rereading
from gateway.errors import Failure, Misconfigured
from gateway.ship.web import Web

log = logging.getLogger(__name__)

PATIENCE_AT_START_S = 5.0
STANDING = "witnesses.json"


def caretaker_of(office: Office, parts: Parts, *more: Chore) -> Caretaker:
    """The caretaker, with every chore the rules in force ask for, and more."""
    anchors = anchors_of(office, parts.rules)
    chores: list[Chore] = [
        *more,
        DayCloser(records=office.records, archive=office.archive, scribe=parts.scribe, clock=office.clock),
        reminding_of(office, parts),
        warning_of(office, parts),
    ]
    vouching = _vouching(office, parts, anchors)
    chores += [vouching, _letters(office, parts), *_stamping(office, parts)]
    chores.append(Rereading(records=office.records, signed=lambda: parts.scribe.head, on_fatal=parts.scribe.give_up))
    return Caretaker(
        scribe=parts.scribe,
        publication=office.publication,
        clock=office.clock,
        anchors=anchors,
        chores=chores,
        at_stop=(vouching,),
    )


def _vouching(office: Office, parts: Parts, anchors: Anchors) -> Vouching:
    return Vouching(
        witnesses=lambda: witnesses_of(parts.rules),
        publication=office.publication,
        anchors=anchors,
        vkey=office.signer.vkey,
        clock=office.clock,
        web=Web(ca_pem=parts.rules.private_ca),
        place=office.setting.var / STANDING,
        signed=lambda: parts.scribe.head,
        on_fatal=parts.scribe.give_up,
    )


def _letters(office: Office, parts: Parts) -> Letters:
    return Letters(
        publication=office.publication,
        archive=office.archive,
        scribe=parts.scribe,
        notes=parts.notes,
        rules=parts.rules,
        clock=office.clock,
        secret_key=office.keyring.index_key,
    )


def _stamping(office: Office, parts: Parts) -> Iterator[Stamping]:
    stamps = parts.rules.rulebook.gateway.ledger.stamps
    if stamps is not None:
        yield Stamping(
            publication=office.publication,
            vkey=office.signer.vkey,
            at=stamps.at,
            roots=office.setting.folder / stamps.roots,
            folder=office.setting.var / "ledger" / "stamps",
            web=Web(ca_pem=parts.rules.private_ca),
        )


def witnesses_of(rules: InForce) -> tuple[Outsider, ...]:
    """Who is to cosign. Raises `Misconfigured` for what is no witness's key."""
    return tuple(Outsider(at=one.at.rstrip("/"), key=one.key) for one in rules.rulebook.gateway.ledger.witnesses)


async def consult_witnesses(office: Office, rules: InForce) -> None:
    """Before anything is signed: what each witness saw last becomes an anchor, for `scribe_of` to check.

    With no witness in reach, the head noted on our own storage has to do. Raises `Misconfigured` if there is none.
    """
    witnesses = witnesses_of(rules)
    if not witnesses:
        return
    anchors, web = anchors_of(office, rules), Web(ca_pem=rules.private_ca, patience_s=PATIENCE_AT_START_S)
    asked = (consult(one, anchors=anchors, vkey=office.signer.vkey, web=web) for one in witnesses)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for one, answer in zip(witnesses, answers, strict=True):
        if isinstance(answer, Failure):
            log.error("witness not consulted at=%r cause=%r", one.at, answer.cause)
        elif isinstance(answer, BaseException):
            raise answer
    if all(isinstance(answer, Failure) for answer in answers) and not anchors.has_own:
        raise Misconfigured(
            "no witness can be reached, and no anchor lies here: nobody can say whether this ledger is the newest. "
            "Bring a witness back, or put a checkpoint you trust into var/anchors"
        )
