"""The shapes of the files that other stations follow: metadata, protection, routes, retention and the gateway itself.

The judge checks them, so that the folder loads or is refused as one; it acts on none of them.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import field

from gateway.judge.shapes import AddressText, DomainText, Id, Label, PartnerText, PersonText, Purpose, Shape, To, of
from gateway.judge.words import Duration

Family = Literal["mail", "office", "legacy", "rtf", "pdf", "image", "media", "archive", "text", "calendar"]
Kept = Literal[
    "people", "ids", "paths", "device", "location", "dates", "marks", "changes", "tracked-changes", "comments",
    "history", "thumbnails", "hidden", "notes", "crops", "sources", "attached", "names", "code", "objects", "links",
]  # fmt: skip
"""The names of metadata; `tracked-changes` is another word for `changes`."""
Held = Literal["hidden", "notes", "crops", "sources", "attached", "names", "code", "objects", "links"]
"""The tiers that wait for a person unless a `[[strip]]` names them."""
Level = Literal["dane", "mta-sts", "pin", "verified", "best", "encrypt"]
Trust = Literal["call-back", "ca", "dnssec", "wkd", "harvested", "unverified"]
Class = Literal["content", "op", "snd", "rcp", "obj", "net", "sec"]
Of = Literal["sent", "refused", "note", "question"]
"""What is kept: what left; what never reached anybody; the gateway's own notes; what auditors asked."""
Listen = Annotated[str, of("host:port")]

# ── metadata.toml ────────────────────────────────────────────────────────────────────────────────────────────────────


class StripTable(Shape, frozen=True, kw_only=True):
    """`[[strip]]`: removed, or flattened, instead of held."""

    id: Id
    because: str
    what: tuple[Held, ...]
    as_: Literal["strip", "flatten"] = "strip"
    to: tuple[To, ...] = ()
    labels: tuple[Label, ...] = ()
    families: tuple[Family, ...] = ()


class KeepTable(Shape, frozen=True, kw_only=True):
    """`[[allow]]`: stays in, to its last day."""

    id: Id
    because: str
    keep: tuple[Kept, ...]
    owner: PersonText
    until: datetime.date
    as_: Literal["", "negotiation"] = ""
    to: tuple[To, ...] = ()
    labels: tuple[Label, ...] = ()
    families: tuple[Family, ...] = ()


class MetadataFile(Shape, frozen=True, kw_only=True):
    """metadata.toml"""

    strip: tuple[StripTable, ...] = ()
    allow: tuple[KeepTable, ...] = ()


# ── protection.toml ──────────────────────────────────────────────────────────────────────────────────────────────────


class HopTable(Shape, frozen=True, kw_only=True):
    """`[[hop]]`: what the next server of these recipients must prove."""

    to: tuple[To, ...]
    level: Level
    pin: tuple[str, ...] = ()
    id: Id = ""
    because: str = ""


class PickupTable(Shape, frozen=True, kw_only=True):
    """`pickup`: how long, and how often a code may be tried."""

    keep: Duration = Duration(count=26, unit="w")
    tries: int = 5
    code_by: str = ""


class ProtectionFile(Shape, frozen=True, kw_only=True):
    """protection.toml"""

    floor: dict[Label, Literal["verified-transport", "encrypt-to-recipient"]]
    ways: tuple[Literal["openpgp", "smime", "pickup"], ...]
    transport: Level = "best"
    hop: tuple[HopTable, ...] = ()
    trust: dict[Label, Trust] = field(default_factory=dict)
    pickup: PickupTable = PickupTable()


# ── routes.toml ──────────────────────────────────────────────────────────────────────────────────────────────────────


class MailTable(Shape, frozen=True, kw_only=True):
    """`mail`: the way by default. `park_from`: from this label up, a delivery in doubt waits for a person."""

    via: str = "mx"
    first_retry: Duration = Duration(count=5, unit="m")
    give_up: Duration = Duration(count=5, unit="d")
    park_from: Label = "confidential"


class HostKey(Shape, frozen=True, kw_only=True):
    """A host key that counts only between two days: for the day a partner changes it."""

    key: Annotated[str, of("host key")]
    from_: datetime.date
    until: datetime.date


class RouteTable(Shape, frozen=True, kw_only=True):
    """`[[route]]`: a partner's SFTP box. `credential` is a name, never a secret."""

    id: Id
    partner: PartnerText
    by: Literal["sftp"]
    at: Listen
    host_keys: tuple[Annotated[str, of("host key")] | HostKey, ...]
    user: str = ""
    credential: str = ""
    folder: str = ""
    sweeps: bool = False


class RoutesFile(Shape, frozen=True, kw_only=True):
    """routes.toml"""

    mail: MailTable = MailTable()
    route: tuple[RouteTable, ...] = ()


# ── retention.toml ───────────────────────────────────────────────────────────────────────────────────────────────────


class RetentionTable(Shape, frozen=True, kw_only=True):
    """`[[keep]]`: so long it is kept, from the day it ended. `warn`: so long before, the owner hears of it."""

    id: Id
    because: str
    what: tuple[Class, ...]
    for_: Duration
    labels: tuple[Label, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    of_: tuple[Of, ...] = ()
    owner: PersonText | None = None
    warn: Duration | None = None


class HoldTable(Shape, frozen=True, kw_only=True):
    """`[[hold]]`: nothing that matches is destroyed before `until`, whatever the schedule says."""

    id: Id
    because: str
    owner: PersonText
    until: datetime.date
    partners: tuple[PartnerText, ...] = ()
    people: tuple[PersonText, ...] = ()
    addresses: tuple[AddressText, ...] = ()
    purposes: tuple[Purpose, ...] = ()


class RetentionFile(Shape, frozen=True, kw_only=True):
    """retention.toml"""

    keep: tuple[RetentionTable, ...] = ()
    hold: tuple[HoldTable, ...] = ()


# ── gateway.toml ─────────────────────────────────────────────────────────────────────────────────────────────────────


class OfficeTable(Shape, frozen=True, kw_only=True):
    """`office`"""

    name: str
    domains: tuple[DomainText, ...]
    zone: str
    language: str = "en"


class StorageTable(Shape, frozen=True, kw_only=True):
    """`storage`: a kind and a place, `sqlite:var/records/records.db`."""

    records: Annotated[str, of("kind:place")]
    blobs: Annotated[str, of("kind:place")]


class WitnessTable(Shape, frozen=True, kw_only=True):
    """Who cosigns: where they are asked, and the key (`name+id+key`) their lines are checked with."""

    at: Annotated[str, of("web address")]
    key: Annotated[str, of("witness key")]


class StampsTable(Shape, frozen=True, kw_only=True):
    """An RFC 3161 authority that is asked for the time; `roots` is a PEM file of those it is trusted by."""

    at: Annotated[str, of("web address")]
    roots: str


class LedgerTable(Shape, frozen=True, kw_only=True):
    """`ledger`: the name in every checkpoint, and who cosigns.

    `anchor`: a folder on other storage, where the last head is noted, so that an old backup put back shows.
    `unsigned`: as what somebody at the machine looks who has not signed in; `auditor` is for an office on trial.
    `wait-for-witness`: nothing leaves before a witness has cosigned its intent.
    """

    origin: str
    witnesses: tuple[WitnessTable, ...] = ()
    anchor: str = ""
    stamps: StampsTable | None = None
    unsigned: Literal["operator", "auditor"] = "operator"
    wait_for_witness: bool = False


class DoorTable(Shape, frozen=True, kw_only=True):
    """One door."""

    listen: tuple[Listen, ...]
    cert: str = ""
    url: str = ""


class FileDoorTable(DoorTable, frozen=True, kw_only=True):
    """The file door. `temporary`: further names of what programs have not finished, such as `*.upload` or `.new.*`."""

    temporary: tuple[Annotated[str, of("name pattern")], ...] = ()


class DoorsTable(Shape, frozen=True, kw_only=True):
    """`[door]`: a door that is not listed stays shut."""

    submission: DoorTable | None = None
    inbound: DoorTable | None = None
    sftp: FileDoorTable | None = None
    pickup: DoorTable | None = None
    console: DoorTable | None = None
    health: DoorTable | None = None
    """For this machine's own supervisor and for Prometheus: on a loopback address only."""


class WorkshopTable(Shape, frozen=True, kw_only=True):
    """`workshop`: the weakest confinement under which hostile documents may be opened."""

    level: Literal["A", "B", "C"] = "B"


class ScanTable(Shape, frozen=True, kw_only=True):
    """`scan`: a virus scanner on this machine. `clamd`: the path of its socket, or a port on loopback."""

    clamd: str
    within: Duration = Duration(count=2, unit="m")


Act = Literal["alert", "hold", "off"]


class VolumeAlarm(Shape, frozen=True, kw_only=True):
    """Much at once: at least `hour` within an hour, or `day` within a day, and over `times` the most ever seen."""

    hour: int = 40
    day: int = 200
    times: int = 4
    act: Act = "alert"


class CollectionsAlarm(VolumeAlarm, frozen=True, kw_only=True):
    """The same of what one partner collects."""

    hour: int = 60
    day: int = 300


class HoursAlarm(Shape, frozen=True, kw_only=True):
    """At a time outside working hours at which they never work: from `least` transfers on."""

    least: int = 3
    act: Act = "alert"


class NewRecipientsAlarm(Shape, frozen=True, kw_only=True):
    """So many outside recipients within an `hour` to whom they had not written."""

    hour: int = 10
    act: Act = "alert"


class RefusalsAlarm(Shape, frozen=True, kw_only=True):
    """So many refusals in a `row`, `within` a time."""

    row: int = 8
    within: Duration = Duration(count=1, unit="h")
    act: Act = "alert"


class SignInsAlarm(Shape, frozen=True, kw_only=True):
    """So many `wrong` tries `within` a time, and then a right one."""

    wrong: int = 5
    within: Duration = Duration(count=30, unit="m")
    act: Act = "alert"


class AlarmsTable(Shape, frozen=True, kw_only=True):
    """`alarms`: what is unusual, who is told, and whether it holds what that person hands in.

    `tell`: left out, everybody who may contain. `past`: so long habits are remembered. `quiet`: so long an alarm stays
    one and the same.
    """

    tell: tuple[PersonText, ...] = ()
    past: Duration = Duration(count=28, unit="d")
    quiet: Duration = Duration(count=12, unit="h")
    volume: VolumeAlarm = VolumeAlarm()
    hours: HoursAlarm = HoursAlarm()
    new_recipients: NewRecipientsAlarm = NewRecipientsAlarm()
    refusals: RefusalsAlarm = RefusalsAlarm()
    sign_ins: SignInsAlarm = SignInsAlarm()
    collections: CollectionsAlarm = CollectionsAlarm()


class LimitsTable(Shape, frozen=True, kw_only=True):
    """`[limits]`: what is enforced before anything is parsed (DESIGN §9)."""

    message_bytes: int = 50 * 1024 * 1024
    line_bytes: int = 998
    header_bytes: int = 256 * 1024
    header_fields: int = 1_000
    mime_depth: int = 20
    parts: int = 1_000
    recipients: int = 1_000
    archive_depth: int = 5
    archive_entries: int = 10_000
    archive_ratio: int = 100
    unpacked_bytes: int = 1024 * 1024 * 1024
    ssh_packet_bytes_before_sign_in: int = 35_000
    ssh_packet_bytes: int = 256 * 1024
    sftp_message_bytes: int = 261_120
    file_bytes: int = 64 * 1024 * 1024 * 1024
    """Of one file on the file door."""
    handles: int = 64
    reply_bytes: int = 4 * 1024


class BackupTable(Shape, frozen=True, kw_only=True):
    """`backup`: where copies of the office go, and who keeps the keys that open them.

    `to`: a folder on other storage. `custodians`: people, of the office or not, to whose own keys the escrow is sealed.
    """

    to: str
    custodians: tuple[AddressText, ...] = ()
    keep: int = 14


class GatewayFile(Shape, frozen=True, kw_only=True):
    """gateway.toml"""

    office: OfficeTable
    storage: StorageTable
    ledger: LedgerTable
    door: DoorsTable = DoorsTable()
    workshop: WorkshopTable = WorkshopTable()
    scan: ScanTable | None = None
    limits: LimitsTable = LimitsTable()
    alarms: AlarmsTable = AlarmsTable()
    backup: BackupTable | None = None
