"""The gateway put together from an office's concrete parts: the one place that names them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gateway.commands.office import Office
from gateway.doors.admin import Counter
from gateway.engine.contents import Contents
from gateway.engine.delivering import Delivering
from gateway.engine.desk import Desk
from gateway.engine.inquiry import Inquiry
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.keyholders import Keyholders
from gateway.engine.notes import Notes
from gateway.engine.orders import Orders
from gateway.engine.policy import InForce
from gateway.engine.preparing import Preparing
from gateway.engine.runner import Runner
from gateway.engine.writing import Writer
from gateway.engine.signing_in import SignIn
from gateway.engine.stations import MailStations
from gateway.engine.vault import Vault
from gateway.engine.workshop import Workshop
from gateway.judge.rulebook import Rulebook
from gateway.keep.accounts import Accounts
from gateway.seal.registrar import Registrar
from gateway.ship.resolve import Resolver
from gateway.ship.smtp import SmtpCarrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What both a running gateway and a single order need."""

    office: Office
    scribe: Writer
    rules: InForce
    vault: Vault
    notes: Notes
    registrar: Registrar
    keyholders: Keyholders
    signing_in: SignIn

    def counter(self, look: Callable[[], None]) -> Counter:
        """Takes orders; `look` wakes whoever does what they call for."""
        orders = Orders(
            rules=self.rules,
            archive=self.office.archive,
            scribe=self.scribe,
            notes=self.notes,
            registrar=self.registrar,
            keyholders=self.keyholders,
            clock=self.office.clock,
            look=look,
        )
        return Counter(orders=orders, signing_in=self.signing_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The parts that only a running gateway has."""

    runner: Runner
    desk: Desk
    carrier: SmtpCarrier


def host_of(rulebook: Rulebook) -> str:
    """The gateway's own name: `mail.` before the office's first domain."""
    return f"mail.{rulebook.gateway.office.domains[0]}"


def parts_of(office: Office, rules: InForce, scribe: Writer, disk: ThreadPoolExecutor) -> Parts:
    """The parts every order needs."""
    rulebook = rules.rulebook
    vault = Vault(office.blobs(), office.clock, disk, scribe.give_up)
    host = host_of(rulebook)
    notes = Notes(vault=vault, clock=office.clock, host=host, office=rulebook.gateway.office.name, rules=rules)
    story = office.archive.story(KEYS)
    accounts = Accounts(office.setting.accounts)
    return Parts(
        office=office,
        scribe=scribe,
        rules=rules,
        vault=vault,
        notes=notes,
        registrar=Registrar(office.setting.var / "gnupg"),
        keyholders=Keyholders(story.facts if story else ()),
        signing_in=SignIn(rules=rules, clock=office.clock, check=accounts.check),
    )


def gateway_of(parts: Parts, workshop: Workshop, tasks: asyncio.TaskGroup) -> Gateway:
    """The gateway, ready to run in `tasks`."""
    office, clock = parts.office, parts.office.clock
    host = host_of(parts.rules.rulebook)
    inquiry = Inquiry(rules=parts.rules, clock=clock, registrar=parts.registrar, keyholders=parts.keyholders)
    contents = Contents(parts.vault, workshop)
    carrier = SmtpCarrier(name=host)
    delivering = Delivering(
        vault=parts.vault,
        clock=clock,
        rules=parts.rules,
        inquiry=inquiry,
        notes=parts.notes,
        carrier=carrier,
        resolver=Resolver(),
    )
    stations = MailStations(
        contents=contents,
        preparing=Preparing(vault=parts.vault, workshop=workshop, clock=clock, host=host),
        inquiry=inquiry,
        delivering=delivering,
        notes=parts.notes,
        rules=parts.rules,
    )
    runner = Runner(archive=office.archive, scribe=parts.scribe, stations=stations, clock=clock)
    desk = Desk(
        rules=parts.rules,
        inquiry=inquiry,
        contents=contents,
        vault=parts.vault,
        scribe=parts.scribe,
        runner=runner,
        clock=clock,
        signing_in=parts.signing_in,
        tasks=tasks,
    )
    return Gateway(runner=runner, desk=desk, carrier=carrier)
