"""`sealgate restore --settle`: a restored office asks outside where its ledger stood, and parks what was under way.

1. Witnesses are asked; other storage, and what somebody put into `var/anchors`, is looked at. Somebody outside must
   have said something: what came with the backup does not count. A new origin (`ledger recover --new-origin`) forks
   nothing, so nobody need be asked.
2. What they say is in the ledger as it is, or nothing is signed: `ledger recover` says what there is to do.
3. Everything that was under way waits for a person from now on; the ledger says who ordered that.
4. The mark goes. Only now can a gateway start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.ask import secret_of
from gateway.commands.office import Office, alone, opened, rules_of_office, writing
from gateway.commands.outsiders import consult_witnesses
from gateway.commands.setting import Setting
from gateway.engine.clock import day, moment
from gateway.engine.entries import Write
from gateway.engine.outsiders.anchors import ELSEWHERE
from gateway.engine.policy import InForce
from gateway.engine.safekeeping.overdue import overdue
from gateway.engine.safekeeping.parking import Parked, Parking
from gateway.engine.safekeeping.restoring import Restored, lift, mark_of
from gateway.errors import Misconfigured, RolledBack
from gateway.facts import Consulted
from gateway.keep.accounts import Accounts

FINDING = 1
POWER = "publish"
NOBODY = (
    "nobody outside has said where this ledger stood last, and the backup cannot know. Bring a witness back; or mount "
    "the other storage with its anchor; or put a checkpoint somebody outside was sent since (an auditor's daily letter "
    "has one) into var/anchors; or begin a new ledger: sealgate ledger recover --new-origin"
)


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How a restored office stands, or what was done."""

    is_settled: bool
    sentence: str
    outside: tuple[str, ...] = ()
    """Who said where the ledger stood."""
    parked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    """Erased once, by the ledger, and here again: to be erased anew."""


def state_of(setting: Setting) -> Settled:
    """How it stands; changes nothing but what witnesses said."""
    with opened(setting) as office:
        mark = mark_of(setting.var)
        if mark is None:
            return Settled(is_settled=True, sentence="This office was not restored, or that is settled.")
        try:
            outside = _asked(office, rules_of_office(office), mark)
        except Misconfigured as why:
            return Settled(is_settled=False, sentence=why.cause)
        return Settled(
            is_settled=False,
            sentence=f"Restored as of {moment(mark.backup_ms):%Y-%m-%d %H:%M}Z. Settle it: sealgate restore --settle "
            "--as YOU",
            outside=outside,
        )


def settled(setting: Setting, by: str, password_file: Path | None) -> Settled:
    """Settle it. Raises `Failure`."""
    with alone(setting), opened(setting, is_writing=True) as office:
        mark = mark_of(setting.var)
        if mark is None:
            return Settled(is_settled=True, sentence="This office was not restored, or that is settled.")
        _must_sign(office, by, secret_of(by, password_file))
        rules = rules_of_office(office)
        try:
            outside = _asked(office, rules, mark)  # 1
            done = _settle(office, rules, mark, by)  # 2, 3
        except (RolledBack, Misconfigured) as why:
            return Settled(is_settled=False, sentence=why.cause)
        again = overdue(office.records)
        lift(setting.var)  # 4
    return Settled(
        is_settled=True,
        sentence=f"Settled. {len(done.legs)} {'leg waits' if len(done.legs) == 1 else 'legs wait'} for a person now: "
        "sealgate held list",
        outside=outside,
        parked=tuple(done.legs),
        told=tuple(done.told),
        uploads=tuple(done.uploads),
        overdue=again,
    )


def say_settled(said: Settled, *, as_json: bool) -> None:
    """Print it; exit 1 if something is left to do."""
    click.echo(msgspec.json.encode(said) if as_json else "\n".join(_lines(said)))
    if not said.is_settled or said.overdue:
        raise click.exceptions.Exit(FINDING)


def _asked(office: Office, rules: InForce, mark: Restored) -> tuple[str, ...]:
    """Who outside has said where the ledger stood. Raises `Misconfigured` if nobody has."""
    if mark.origin != office.signer.name:
        return (f"a new ledger, {office.signer.name}",)
    try:
        asyncio.run(consult_witnesses(office, rules))
    except Misconfigured:
        raise Misconfigured(NOBODY) from None
    folder = office.setting.var / "anchors"  # no backup holds one: whatever lies here came since
    outside = tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ()
    anchor = rules.rulebook.gateway.ledger.anchor
    elsewhere = (office.setting.folder / anchor / ELSEWHERE).resolve()
    if anchor and elsewhere.is_file() and not elsewhere.is_relative_to(office.setting.folder.resolve()):
        outside = (*outside, str(elsewhere))
    if not outside:
        raise Misconfigured(NOBODY)
    return outside


def _settle(office: Office, rules: InForce, mark: Restored, by: str) -> Parked:
    with writing(office, rules, is_settling=True) as scribe:  # 2
        parking = Parking(
            records=office.writable,
            archive=office.archive,
            pen=scribe,
            clock=office.clock,
            ruleset=rules.rulebook.digest,
        )
        done = parking.park()  # 3
        fact = Consulted(
            by=by.lower(),
            question=f"restore: settled; {len(done.legs)} legs wait for a person",
            why=f"restored from the backup of {moment(mark.backup_ms):%Y-%m-%dT%H:%M:%SZ}",
            size=scribe.frontier.size,
        )
        scribe.append_now(Write(stream=f"consulted/{day(office.clock.now_ms())}", facts=(fact,)))
    return done


def _must_sign(office: Office, by: str, secret_password: str) -> None:
    """Raises `Misconfigured` unless this is somebody who may publish."""
    person = rules_of_office(office).rulebook.person(by.lower())
    accounts = Accounts(office.setting.accounts)
    if person is None or POWER not in person.powers or not accounts.check(by.lower(), secret_password):
        raise Misconfigured("name and password do not fit anybody who may publish (--as ADDRESS)")


def _lines(said: Settled) -> Iterator[str]:
    yield said.sentence
    if said.outside:
        yield f"Outside said where the ledger stood: {', '.join(said.outside)}."
    if said.told:
        yield f"{len(said.told)} legs went on after the backup; what became of them stands in the entries:"
        yield from (f"  {one}" for one in said.told)
    if said.overdue:
        yield f"{len(said.overdue)} were erased after the backup, and nothing beside it said so. Erase them again:"
        yield from (f"  sealgate ledger erase matter {one}" for one in said.overdue)
    if said.uploads:
        yield f"{len(said.uploads)} uploads had not become transfers. Nothing picks them up; ask for them again:"
        yield from (f"  {one}" for one in said.uploads)
