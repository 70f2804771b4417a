"""The gateway put together from an office's concrete parts: the one place that names them all."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gateway.commands.alertness import Alertness, alertness_of
from gateway.commands.credentials import Credentials
from gateway.commands.office import Office
from gateway.doors.admin import Counter
from gateway.doors.sftp.officetree import Offices
from gateway.engine.alarms.overhearing import OverheardWriter
from gateway.engine.attested import Attestations
from gateway.engine.contents import Contents
from gateway.engine.couriers import Couriers
from gateway.engine.delivering import Delivering
from gateway.engine.desk import Desk
from gateway.engine.dispatch import Dispatch
from gateway.engine.emergencies import Emergencies
from gateway.engine.files.depositing import Depositing
from gateway.engine.files.filing import FileStations
from gateway.engine.files.pages import Pages
from gateway.engine.files.pigeonholes import Pigeonholes
from gateway.engine.files.pushing import Pushing
from gateway.engine.files.shelf import PREFIX as DEPOSITS
from gateway.engine.files.shelf import Shelf
from gateway.engine.files.staging import Staging
from gateway.engine.glass import Glass, remembered
from gateway.engine.inquiry import Inquiry
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.keyholders import Keyholders
from gateway.engine.lawmaking.petitions import Petitions
from gateway.engine.lawmaking.rulemaking import Rulemaking
from gateway.engine.notes import Notes
from gateway.engine.orders import Orders
from gateway.engine.outcomes import Outcomes
from gateway.engine.outsiders.assurance import Assurance
from gateway.engine.outsiders.recovery import stopped
from gateway.engine.policy import InForce
from gateway.engine.precedence import Precedence
from gateway.engine.preparing import Preparing
from gateway.engine.probing import Probing
from gateway.engine.response.containing import Containing
from gateway.engine.runner import Runner
from gateway.engine.scanning.awaiting import Awaiting
from gateway.engine.scanning.examination import Examination
from gateway.engine.signing_in import SignIn
from gateway.engine.stations import MailStations
from gateway.engine.vault import Vault
from gateway.engine.voyage import Voyage
from gateway.engine.workshop import Workshop
from gateway.engine.writing import Writer
from gateway.judge.rulebook import Rulebook
from gateway.keep.accounts import Accounts
from gateway.keep.beside import BlobsBeside
from gateway.keep.files import FileBlobs
from gateway.scrub.messageid import MessageIds
from gateway.seal.registrar import Registrar
from gateway.ship.resolve import Resolver
from gateway.ship.sftp import SftpCarrier
from gateway.ship.smtp import SmtpCarrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What both a running gateway and a single order need."""

    office: Office
    scribe: Writer
    rules: InForce
    blobs: FileBlobs
    vault: Vault
    notes: Notes
    registrar: Registrar
    keyholders: Keyholders
    signing_in: SignIn
    glass: Glass
    alertness: Alertness

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
            glass=self.glass,
            look=look,
            stopped=lambda: stopped(self.office.records),
        )
        rulemaking = Rulemaking(
            rules=self.rules,
            scribe=self.scribe,
            proposals=self.office.proposals,
            clock=self.office.clock,
            look=look,
            containments=self.alertness.containments,
            petitions=Petitions.of(self.office.archive),
        )
        emergencies = Emergencies(
            rules=self.rules,
            archive=self.office.archive,
            scribe=self.scribe,
            notes=self.notes,
            clock=self.office.clock,
            glass=self.glass,
            look=look,
        )
        couriers = Couriers(
            rules=self.rules,
            archive=self.office.archive,
            scribe=self.scribe,
            vault=self.vault,
            clock=self.office.clock,
        )
        return Counter(
            orders=orders,
            rulemaking=rulemaking,
            emergencies=emergencies,
            couriers=couriers,
            signing_in=self.signing_in,
            containing=self._containing(look),
        )

    def _containing(self, look: Callable[[], None]) -> Containing:
        return Containing(
            rules=self.rules,
            scribe=self.scribe,
            notes=self.notes,
            clock=self.office.clock,
            containments=self.alertness.containments,
            alarms=self.alertness.alarms,
            keyholders=self.keyholders,
            owners=self.alertness.owners,
            look=look,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The parts that only a running gateway has."""

    runner: Runner
    desk: Desk
    depositing: Depositing
    carrier: SmtpCarrier
    file_carrier: SftpCarrier
    offices: Offices
    """What the file door shows."""
    awaiting: Awaiting
    """For the caretaker."""


def host_of(rulebook: Rulebook) -> str:
    """The gateway's own name: `mail.` before the office's first domain."""
    return f"mail.{rulebook.gateway.office.domains[0]}"


def parts_of(office: Office, rules: InForce, scribe: Writer, disk: ThreadPoolExecutor) -> Parts:
    """The parts every order needs."""
    rulebook = rules.rulebook
    blobs = office.blobs()
    vault = Vault(BlobsBeside(blobs, office.records), office.clock, disk, scribe.give_up)
    host = host_of(rulebook)
    notes = Notes(vault=vault, clock=office.clock, host=host, office=rulebook.gateway.office.name, rules=rules)
    story = office.archive.story(KEYS)
    accounts = Accounts(office.setting.accounts)
    alertness = alertness_of(office, accounts)
    return Parts(
        office=office,
        scribe=OverheardWriter(scribe, alertness.ear),
        rules=rules,
        blobs=blobs,
        vault=vault,
        notes=notes,
        registrar=Registrar(office.setting.var / "gnupg"),
        keyholders=Keyholders(story.facts if story else ()),
        signing_in=SignIn(
            rules=rules,
            clock=office.clock,
            check=accounts.check,
            containments=alertness.containments,
            attempted=alertness.ear.tried,
        ),
        glass=remembered(office.records, office.archive, office.keyring.index_key),
        alertness=alertness,
    )


def gateway_of(parts: Parts, workshop: Workshop, tasks: asyncio.TaskGroup) -> Gateway:
    """The gateway, ready to run in `tasks`."""
    office, clock = parts.office, parts.office.clock
    inquiry = _inquiry(parts)
    contents = Contents(parts.vault, workshop)
    examination = Examination(rules=parts.rules)
    carrier, file_carrier = SmtpCarrier(name=host_of(parts.rules.rulebook)), SftpCarrier()
    stations = Dispatch(
        mail=_mail_stations(parts, workshop, inquiry, contents, examination, carrier),
        files=_file_stations(parts, workshop, inquiry, contents, examination, file_carrier),
        assurance=_assurance(parts),
    )

    async def settle(stream: str) -> Voyage | None:  # the deposits hand on to the runner, which they ask the desk about
        return await depositing.settle(stream)

    precedence = Precedence()
    runner = Runner(
        archive=office.archive,
        scribe=parts.scribe,
        stations=stations,
        clock=clock,
        errands={DEPOSITS: settle},
        precedence=precedence,
    )
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
        precedence=precedence,
    )
    depositing = _depositing(parts, inquiry, desk, precedence, tasks)
    depositing.wake = runner.wake
    return Gateway(
        runner=runner,
        desk=desk,
        depositing=depositing,
        carrier=carrier,
        file_carrier=file_carrier,
        offices=_offices(parts, inquiry, depositing),
        awaiting=Awaiting(examination=examination, look=runner.look),
    )


def _inquiry(parts: Parts) -> Inquiry:
    return Inquiry(
        rules=parts.rules,
        clock=parts.office.clock,
        registrar=parts.registrar,
        keyholders=parts.keyholders,
        acquaintance=parts.office.acquaintance,
        glass=parts.glass,
        containments=parts.alertness.containments,
    )


def _assurance(parts: Parts) -> Assurance:
    outcomes = Outcomes(vault=parts.vault, clock=parts.office.clock, rules=parts.rules, notes=parts.notes)
    return Assurance(rules=parts.rules, publication=parts.office.publication, outcomes=outcomes)


def _mail_stations(
    parts: Parts,
    workshop: Workshop,
    inquiry: Inquiry,
    contents: Contents,
    examination: Examination,
    carrier: SmtpCarrier,
) -> MailStations:
    clock, host, resolver = parts.office.clock, host_of(parts.rules.rulebook), Resolver()
    inquiry.probing = Probing(rules=parts.rules, clock=clock, resolver=resolver, prober=carrier)
    delivering = Delivering(
        vault=parts.vault,
        clock=clock,
        rules=parts.rules,
        inquiry=inquiry,
        notes=parts.notes,
        carrier=carrier,
        resolver=resolver,
    )
    return MailStations(
        contents=contents,
        preparing=Preparing(vault=parts.vault, workshop=workshop, clock=clock, host=host, ids=_message_ids(parts)),
        inquiry=inquiry,
        delivering=delivering,
        notes=parts.notes,
        rules=parts.rules,
        examination=examination,
    )


def _message_ids(parts: Parts) -> MessageIds:
    key = hmac.digest(parts.office.keyring.index_key, b"sealgate/message-id/v1", "sha256")
    return MessageIds(secret_key=key, domains=parts.rules.rulebook.gateway.office.domains)


def _file_stations(
    parts: Parts,
    workshop: Workshop,
    inquiry: Inquiry,
    contents: Contents,
    examination: Examination,
    carrier: SftpCarrier,
) -> FileStations:
    pushing = Pushing(
        vault=parts.vault,
        clock=parts.office.clock,
        rules=parts.rules,
        inquiry=inquiry,
        notes=parts.notes,
        carrier=carrier,
        resolver=Resolver(),
        secret_of=Credentials.beside(parts.office.setting.var).read,
    )
    return FileStations(
        contents=contents,
        vault=parts.vault,
        workshop=workshop,
        inquiry=inquiry,
        pushing=pushing,
        notes=parts.notes,
        rules=parts.rules,
        examination=examination,
    )


def _depositing(
    parts: Parts, inquiry: Inquiry, desk: Desk, precedence: Precedence, tasks: asyncio.TaskGroup
) -> Depositing:
    office, clock = parts.office, parts.office.clock
    staging = Staging(
        office.setting.var / "staging",
        vault=parts.vault,
        adopts=parts.blobs,
        keyring=office.keyring,
        clock=clock,
        tasks=tasks,
        largest_bytes=parts.rules.rulebook.gateway.limits.file_bytes,
    )
    staging.recover()
    shelf = Shelf(
        records=office.records,
        archive=office.archive,
        index_key=office.keyring.index_key,
        clock=clock,
        rules=parts.rules,
    )
    return Depositing(
        staging=staging,
        shelf=shelf,
        pigeonholes=Pigeonholes(rules=parts.rules, inquiry=inquiry),
        vault=parts.vault,
        scribe=parts.scribe,
        notes=parts.notes,
        clock=clock,
        foresee=desk.foresee,
        precedence=precedence,
    )


def _offices(parts: Parts, inquiry: Inquiry, depositing: Depositing) -> Offices:
    office = parts.office
    pages = Pages(
        shelf=depositing.shelf,
        attestations=Attestations(office.records, office.archive, office.keyring),
        publication=office.publication,
        vkey=office.signer.vkey,
        rules=parts.rules,
        clock=office.clock,
    )
    return Offices(
        depositing=depositing,
        pigeonholes=depositing.pigeonholes,
        shelf=depositing.shelf,
        pages=pages,
        inquiry=inquiry,
        rules=parts.rules,
        vault=parts.vault,
        clock=office.clock,
    )
