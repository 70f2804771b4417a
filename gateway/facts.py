"""Everything that can happen to a transfer, and to the office itself: a closed union of past participles.

A fact is appended durably, then it is true, then the next work follows. Facts hold private values (addresses, names,
subjects): they are stored sealed under their transfer's data key and reach the ledger only as salted commitments.
`gateway.journey` says which fact may follow which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import assert_never

import msgspec

from gateway.transfer import Digest, Item, Parcel, Party, Transfer


class Outcome(StrEnum):
    """What the judge says of one leg."""

    SEND = "send"
    HOLD = "hold"
    BLOCK = "block"


class Truth(StrEnum):
    """A named fact of the case: yes, no, or not to be determined."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Mixed(StrEnum):
    """What happens to the lawful part of a transfer when another part is refused or waits."""

    ALL_OR_NOTHING = "all-or-nothing"
    LAWFUL_PART = "lawful-part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, as code and parameters; worded for its reader by `judge.explain` and `engine.wording`, never kept so."""

    code: str
    about: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The parameter `name`, or an empty text."""
        return dict(self.about).get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One named fact as the judge saw it, and when it was determined."""

    name: str
    value: Truth
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was stripped, by kind and place from closed vocabularies: never a value, never a user's text."""

    kind: str
    place: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What the next server proved before it was given a byte."""

    level: str
    host: str
    port: int
    address: str
    tls_version: str
    cipher: str
    leaf_sha256: str
    spki_sha256: str
    matched_name: str
    verdict: str


# ── of a transfer ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """A file was closed and is kept; its name has not settled yet."""

    party: Party
    partner: str
    path: str
    item: Item
    mtime: int = 0
    """Seconds since 1970, as the client said it is; 0 if it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The transfer is kept and may be acknowledged; nothing is decided."""

    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The rules in force were applied to one leg. Keeps enough to recompute the decision."""

    leg: int
    outcome: Outcome
    rules: tuple[str, ...]
    demands: tuple[str, ...]
    reasons: tuple[Reason, ...]
    known: tuple[Known, ...]
    ruleset: str
    mixed: Mixed = Mixed.ALL_OR_NOTHING
    label: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A named person released a leg that waited."""

    leg: int
    by: str
    why: str
    covers: tuple[str, ...]
    """The codes of the reasons the person saw and answers for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A named person refused a leg that waited."""

    leg: int
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What the rules strip is gone from this leg's copy."""

    leg: int
    digest: Digest
    """Of the clean copy. The copy itself is not kept: it is made again from the original whenever it is needed."""
    size_bytes: int
    removed: tuple[Removed, ...]
    kept_by: tuple[str, ...] = ()
    """Ids of the `metadata.toml` rules that kept something."""
    plan: str = ""
    """Names what the rules said was to go (`Plan.name`); empty: it leaves as it came."""
    verified_by: tuple[str, ...] = ()
    confinement: tuple[str, ...] = ()
    """The mechanisms that held in the workshop, as probed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The intent: this parcel is what will leave for this leg. It stands in the ledger before the first byte goes."""

    leg: int
    parcel: Parcel
    original: Item
    floor: str
    key_trust: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """The next hop proved itself and the rules allow it at this instant: the first byte may go."""

    leg: int
    hop: Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The next server took responsibility. Not: somebody read it."""

    leg: int
    hop: Hop
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """It did not go now. `is_in_doubt`: the remote may have it; a person or the rules decide."""

    leg: int
    until_ms: int
    reason: Reason
    reply: str = ""
    is_in_doubt: bool = False
    since_ms: int = 0
    """When trying began: patience counts from here, not from acceptance; a leg may have been held for days."""
    is_told: bool = False
    """The sender's note that it is late was due with this fact, or before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliverable:
    """It will not be tried again; the sender is told in the same transaction."""

    leg: int
    reason: Reason
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """It waits where the recipient collects it."""

    leg: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The recipient has taken all of it."""

    leg: int
    by: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """Nobody decided or collected in time."""

    leg: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The sender took it back before it left."""

    leg: int
    by: str


# ── of the office ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A set of rule files came into force. `files` are name and text, so that any later day can replay them."""

    digest: str
    files: tuple[tuple[str, str], ...]
    signers: tuple[str, ...]
    why: str
    sentences: tuple[str, ...] = ()
    """Who gained and who lost, as it was told to whoever signed."""


class Standing(StrEnum):
    """How far a recipient's key is trusted. Only `VERIFIED` ever reaches the pen."""

    CANDIDATE = "candidate"
    VERIFIED = "verified"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A recipient's key was admitted, or its standing changed."""

    address: str
    fingerprint: str
    standing: Standing
    by: str
    how: str
    certificate: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted:
    """Somebody asked the ledger. Durable before the first row of the answer leaves."""

    by: str
    question: str
    why: str
    size: int
    role: str = ""
    """As what they looked; see `ledger.views`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part of the ledger from its first entry on: its name, size and root."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposed:
    """Something is to be forgotten on purpose; or, with `ordered`, was; or, refused, must not be.

    It stands in a stream of its own, for what it is about may be forgotten whole.
    """

    leg: int | None
    what: str
    """`class payload shard`."""
    classes: tuple[str, ...]
    entries: int
    about: str = ""
    """The 16 bytes, in hex, that its entries bear: a transfer's, or those of an office's fact."""
    by: str = ""
    """Who approved it."""
    why: str = ""
    """The legal basis and the request, never a person's name."""
    ordered: int | None = None
    """The index of the entry that ordered what is done now."""
    is_refused: bool = False
    shard: Shard | None = None


LegFact = (
    Judged | Approved | Declined | Scrubbed | Sealed | Attempted | Shipped | Deferred | Undeliverable
    | Offered | Collected | Expired | Recalled
)  # fmt: skip
TransferFact = Received | LegFact
OfficeFact = Published | Admitted | Consulted | Disposed
Fact = Deposited | TransferFact | OfficeFact

KINDS: dict[str, type[Fact]] = {
    kind.__name__.lower(): kind
    for kind in (
        Deposited, Received, Judged, Approved, Declined, Scrubbed, Sealed, Attempted, Shipped, Deferred, Undeliverable,
        Offered, Collected, Expired, Recalled, Disposed, Published, Admitted, Consulted,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that facts are durable and in the signed ledger. Only `engine.scribe` makes one.

    An acknowledgement needs the receipt of `Received`, opening a connection that of `Sealed`, the first byte that of
    `Attempted`.
    """

    stream: str
    version: int
    indexes: tuple[int, ...]
    size: int
    checkpoint: str


def kind_of(fact: Fact) -> str:
    """The word the ledger uses for this fact."""
    return type(fact).__name__.lower()


def legs_of(fact: Fact) -> tuple[int | None, ...]:
    """The legs a fact is about: one ledger leaf each. `Received` is about all of them; an office's fact about none."""
    match fact:
        case Received(transfer=transfer):
            return tuple(leg.ordinal for leg in transfer.legs)
        case Deposited() | Published() | Admitted() | Consulted():
            return (None,)
        case (
            Judged() | Approved() | Declined() | Scrubbed() | Sealed() | Attempted() | Shipped() | Deferred()
            | Undeliverable() | Offered() | Collected() | Expired() | Recalled() | Disposed()
        ):  # fmt: skip
            return (fact.leg,)
        case _:
            assert_never(fact)


def to_bytes(fact: Fact) -> bytes:
    """The fact as JSON: what is sealed and kept."""
    return msgspec.json.encode(fact)


def from_bytes(kind: str, stored: bytes) -> Fact:
    """The fact of `kind` kept as `stored`. Raises `msgspec.ValidationError` or `KeyError` on anything else."""
    return _decoder(kind).decode(stored)


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Fact]:
    return msgspec.json.Decoder(KINDS[kind])
