"""A dialogue with the journey: `>>` a fact arrives, `<<` the work we expect.

play = Playbook(mail(to=2))
play >> judged(0) << [Scrub(leg=0)]
"""

from __future__ import annotations

from gateway.facts import (
    Attempted,
    Deferred,
    Hop,
    Judged,
    LegFact,
    Outcome,
    Reason,
    Received,
    Scrubbed,
    Sealed,
    Shipped,
)
from gateway.journey import Journey, Work, advance, begin, todo
from gateway.transfer import (
    Address,
    BlobId,
    Digest,
    Item,
    Leg,
    Parcel,
    Party,
    Recipient,
    Seal,
    Transfer,
    TransferId,
    Way,
    transfer_id,
)

BLOB = BlobId("0" * 32)
DIGEST = Digest.of(b"")
ITEM = Item(name="", media="message/rfc822", size_bytes=0, digest=DIGEST, blob=BLOB)
HOP = Hop(
    level="verified", host="mx.court.test", port=25, address="127.0.0.1", tls_version="TLSv1.3", cipher="TLS_AES",
    leaf_sha256="", spki_sha256="", matched_name="mx.court.test", verdict="verified",
)  # fmt: skip
ID: TransferId = transfer_id(bytes(16))


def mail(to: int = 1) -> Transfer:
    """A mail from Alena to that many people at the court."""
    sender = Party(person="alena@town.test", address=Address(local="alena", domain="town.test"))
    return Transfer(
        id=ID,
        way=Way.MAIL,
        sender=sender,
        items=(ITEM,),
        legs=tuple(
            Leg(ordinal=n, recipient=Recipient(address=Address(local=f"clerk{n}", domain="court.test")))
            for n in range(to)
        ),
        received_ms=0,
        label="confidential",
        purpose="litigation",
    )


def judged(leg: int, outcome: Outcome = Outcome.SEND) -> Judged:
    """The judge's word on one leg."""
    return Judged(leg=leg, outcome=outcome, rules=(), demands=(), reasons=(), known=(), ruleset="")


def scrubbed(leg: int) -> Scrubbed:
    """A clean copy."""
    return Scrubbed(leg=leg, digest=DIGEST, size_bytes=0, removed=())


def sealed(leg: int) -> Sealed:
    """A parcel that is ready to go."""
    parcel = Parcel(transfer=ID, leg=leg, blob=BLOB, size_bytes=0, digest=DIGEST, seal=Seal.TRANSPORT)
    return Sealed(leg=leg, parcel=parcel, original=ITEM, floor="verified-transport")


def attempted(leg: int) -> Attempted:
    """The first byte may go."""
    return Attempted(leg=leg, hop=HOP)


def shipped(leg: int) -> Shipped:
    """The next server has it."""
    return Shipped(leg=leg, hop=HOP, reply="250 2.0.0 Ok")


def deferred(leg: int, until_ms: int = 60_000, *, is_in_doubt: bool = False) -> Deferred:
    """Not now."""
    return Deferred(leg=leg, until_ms=until_ms, reason=Reason(code="busy"), is_in_doubt=is_in_doubt)


class Playbook:
    """A journey played fact by fact."""

    def __init__(self, transfer: Transfer) -> None:
        self.journey: Journey = begin(Received(transfer=transfer))

    def __rshift__(self, fact: LegFact) -> Playbook:
        self.journey = advance(self.journey, fact)
        return self

    def __lshift__(self, expected: list[Work]) -> Playbook:
        assert expected == list(todo(self.journey))
        return self
