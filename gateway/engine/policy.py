"""The rules in force, as the rest of the engine asks for them.

Swapped whole, between two questions, never within one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from gateway.catalogue.texts import Texts, texts_in
from gateway.engine.clock import day
from gateway.judge.rulebook import Rulebook
from gateway.judge.stationshapes import HopTable, KeepTable, RouteTable, StripTable
from gateway.scrub.plan import Action, Kind, Plan
from gateway.seal.hop import Demand, Level, demand
from gateway.ship.retry import Schedule
from gateway.skeleton import Limits
from gateway.transfer import Recipient, Way

NOTE_FLOOR = "verified-transport"
_TRACKED = "tracked-changes"


@dataclass(slots=True)
class InForce:
    """The one published rulebook, and what it means for each station."""

    rulebook: Rulebook
    private_ca: str = ""
    """PEM of the authority that routes named in the rules must show; empty: the system's."""

    def swap(self, rulebook: Rulebook) -> None:
        """From now on this one is in force."""
        self.rulebook = rulebook

    def as_it_stands(self) -> InForce:
        """The rules of this moment: whoever decides in several steps takes every step under these."""
        return InForce(self.rulebook, private_ca=self.private_ca)

    @property
    def texts(self) -> Texts:
        """The texts of the office's language."""
        return texts_in(self.rulebook.gateway.office.language)

    @property
    def zone(self) -> tzinfo:
        """The office's time zone: agreements and rules end on its days."""
        return ZoneInfo(self.rulebook.gateway.office.zone)

    @property
    def limits(self) -> Limits:
        """What is enforced before parsing."""
        limits = self.rulebook.gateway.limits
        return Limits(
            message_bytes=limits.message_bytes,
            header_bytes=limits.header_bytes,
            header_fields=limits.header_fields,
            mime_depth=limits.mime_depth,
            mime_parts=limits.parts,
            mark_fields=(self.rulebook.labels.spotting.header.lower(), "msip_labels"),
        )

    # ── for the ledger ───────────────────────────────────────────────────────────────────────────────────────────

    def partner(self, recipient: Recipient) -> str:
        """The id of the partner a recipient belongs to; empty for a stranger."""
        partner = self.rulebook.partner_of(recipient)
        return partner.id if partner else ""

    # ── for seal and ship ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of sealing the office uses."""
        return self.rulebook.protection.ways

    def floor(self, label: str) -> str:
        """The least protection for a label; the gateway's own notes have no label and one floor."""
        return self.rulebook.protection.floor.get(label, "") if label else NOTE_FLOOR

    @property
    def schedule(self) -> Schedule:
        """When to try again and when to stop."""
        mail = self.rulebook.routes.mail
        return Schedule(first_retry_ms=1000 * mail.first_retry.seconds, give_up_ms=1000 * mail.give_up.seconds)

    def parks(self, label: str) -> bool:
        """True if a delivery in doubt waits for a person from this label up."""
        labels = self.rulebook.labels
        return label in labels.order and labels.rank(label) >= labels.rank(self.rulebook.routes.mail.park_from)

    def via(self, recipient: Recipient) -> str:
        """`mx`, or `host:port` to go instead."""
        return self.rulebook.routes.mail.via

    def demand(self, recipient: Recipient, via: str) -> Demand:
        """What the next hop towards a recipient must prove."""
        hop = self._hop(recipient)
        named = () if via == "mx" else (via.rpartition(":")[0],)
        return demand(
            level=self.level(recipient),
            domain=recipient.address.host if recipient.address else "",
            named_hosts=named,
            spki_sha256=hop.pin if hop else (),
            ca_pem=self.private_ca if named else "",
        )

    def route(self, recipient: Recipient) -> RouteTable | None:
        """The SFTP box of a partner; None for whoever collects at our own door."""
        if not recipient.partner:
            return None
        return next((route for route in self.rulebook.routes.route if route.partner == recipient.partner), None)

    @property
    def pickup_ms(self) -> int:
        """How long something waits to be collected."""
        return 1000 * self.rulebook.protection.pickup.keep.seconds

    def level(self, recipient: Recipient, by: Way = Way.MAIL) -> Level:
        """How much the next hop towards a recipient must prove. Boxes show a pinned key, our own door is ours."""
        if by is not Way.MAIL:
            return Level.PIN if self.route(recipient) else Level.VERIFIED
        hop = self._hop(recipient)
        return Level(hop.level if hop else self.rulebook.protection.transport)

    def _hop(self, recipient: Recipient) -> HopTable | None:
        groups = self.rulebook.groups_of(recipient)
        return next((hop for hop in self.rulebook.protection.hop if groups & set(hop.to)), None)

    # ── for scrub ────────────────────────────────────────────────────────────────────────────────────────────────

    def plan(self, recipient: Recipient, label: str, now_ms: int) -> tuple[Plan, tuple[str, ...]]:
        """What to strip, hold or keep for a recipient at this instant, and the ids of the rules that say so."""
        groups, on = self.rulebook.groups_of(recipient), day(now_ms, self.zone)
        said: list[tuple[Kind, Action]] = []
        only: list[tuple[str, Kind, Action]] = []
        ids: list[str] = []
        metadata = self.rulebook.metadata
        tables: tuple[StripTable | KeepTable, ...] = (*metadata.strip, *metadata.allow)
        for table in tables:
            if (table.to and not groups & set(table.to)) or (table.labels and label not in table.labels):
                continue
            if isinstance(table, KeepTable) and on > table.until:
                continue
            ids.append(table.id)
            if table.families:
                only += ((family, *one) for family in table.families for one in _said(table))
            else:
                said += _said(table)
        counts_personal = self.rulebook.asks("personal-data-found")
        return Plan(said=tuple(said), only=tuple(only), counts_personal=counts_personal), tuple(ids)


def _said(table: StripTable | KeepTable) -> list[tuple[Kind, Action]]:
    match table:
        case StripTable(what=what, as_=action):
            return [(Kind(word), Action(action)) for word in what]
        case KeepTable(keep=keep):
            return [(Kind.CHANGES if word == _TRACKED else Kind(word), Action.KEEP) for word in keep]
