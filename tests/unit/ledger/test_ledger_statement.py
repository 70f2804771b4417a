"""Nouns become fields: every fact can be said, in the table's words and order."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from msgspec import structs

from gateway import facts
from gateway.facts import Hop, Judged, Known, Mixed, Outcome, Reason, Removed, Scrubbed, Sealed, Truth
from gateway.ledger.box import seal_box
from gateway.ledger.composing import compose
from gateway.ledger.leaf import CLASSES, FIELDS, LOG_KINDS
from gateway.ledger.statement import (
    Context,
    clock_statement,
    genesis_statement,
    key_added_statement,
    key_retired_statement,
    seal_statement,
    statements,
    tick_statement,
)
from gateway.transfer import (
    Address,
    BlobId,
    Digest,
    Envelope,
    Item,
    Leg,
    Parcel,
    Party,
    Recipient,
    Seal,
    Transfer,
    Way,
    transfer_id,
)

X = bytes(range(16))
SECRETS = dict.fromkeys(CLASSES, bytes(32))
ITEM = Item(name="brief.pdf", media="application/pdf", size_bytes=5, digest=Digest.of(b"brief"), blob=BlobId("a" * 32))
PARTY = Party(person="alena@town.test", address=Address(local="clerks", domain="town.test"), name="Alena Novak",
              signed_in_by="password+code", source="192.0.2.7")  # fmt: skip
LEGS = (
    Leg(ordinal=0, recipient=Recipient(address=Address(local="Registry", domain="court.test"))),
    Leg(ordinal=1, recipient=Recipient(partner="smith-and-day")),
)
TRANSFER = Transfer(
    id=transfer_id(X), way=Way.MAIL, sender=PARTY, items=(ITEM,), legs=LEGS, received_ms=1, label="office",
    purpose="general", envelope=Envelope(subject="Re: the case", message_id="<1@town.test>"),
)  # fmt: skip
HOP = Hop(level="verified", host="mx.court.test", port=25, address="198.51.100.7", tls_version="TLSv1.3",
          cipher="TLS_AES_256_GCM_SHA384", leaf_sha256="1" * 64, spki_sha256="2" * 64, matched_name="mx.court.test",
          verdict="dane")  # fmt: skip
JUDGED = Judged(
    leg=0, outcome=Outcome.SEND, rules=("court-filing", "encrypt-above-office"), demands=("encrypt-to-recipient",),
    reasons=(), known=(Known(name="agreement-current", value=Truth.YES, at_ms=1),), ruleset="f" * 64,
    label="confidential", purpose="litigation", mixed=Mixed.ALL_OR_NOTHING,
)  # fmt: skip
SCRUBBED = Scrubbed(
    leg=0, digest=Digest.of(b"clean"), size_bytes=4, kept_by=("redlines",), verified_by=("reparse",),
    confinement=("landlock",),
    removed=(Removed(kind="author", place="docx", count=2), Removed(kind="author", place="png", count=1),
             Removed(kind="gps", place="jpeg", count=1)),
)  # fmt: skip
PARCEL = Parcel(transfer=TRANSFER.id, leg=0, blob=BlobId("b" * 32), size_bytes=9, digest=Digest.of(b"parcel"),
                seal=Seal.OPENPGP, key_fingerprint="ABCD")  # fmt: skip
SEALED = Sealed(leg=0, parcel=PARCEL, original=ITEM, floor="encrypt-to-recipient", key_trust="verified")
WHY = Reason(code="greylisted")
DISPOSED = facts.Disposed(
    leg=0,
    what="class",
    classes=("obj",),
    entries=7,
    about="00" * 16,
    by="per@town.test",
    why="GDPR Art. 17",
    ordered=12,
)
EVERY = (
    facts.Deposited(party=PARTY, partner="court", path="/to/court/brief.pdf", item=ITEM),
    facts.Received(transfer=TRANSFER),
    JUDGED,
    facts.Approved(leg=0, by="ruth@town.test", why="seen", covers=("approval-due",)),
    facts.Declined(leg=0, by="ruth@town.test", why="wrong person"),
    SCRUBBED,
    SEALED,
    facts.Attempted(leg=0, hop=HOP),
    facts.Shipped(leg=0, hop=HOP, reply="250 2.0.0 queued"),
    facts.Deferred(leg=0, until_ms=3_600_000, reason=WHY, reply="451 later"),
    facts.Undeliverable(leg=0, reason=WHY, reply="550 no"),
    facts.Offered(leg=0, until_ms=86_400_000),
    facts.Collected(leg=0, by="day@smithday.test", source="203.0.113.5"),
    facts.Expired(leg=0, reason=WHY),
    facts.Recalled(leg=0, by="alena@town.test"),
    DISPOSED,
    facts.Published(digest="e" * 64, files=(("people.toml", "…"), ("odd;name.toml", "…")), signers=("ruth@town.test",),
                    why="new clerk"),
    facts.Admitted(address="day@smithday.test", fingerprint="ABCD", standing=facts.Standing.VERIFIED,
                   by="per@town.test", how="phone"),
    facts.Consulted(by="per@town.test", question="recipient=x", why="review", size=12),
)  # fmt: skip
CONTEXT = Context(
    x=X, transfer=TRANSFER, judged=JUDGED, scrubbed=SCRUBBED, sealed=SEALED, intent=6, partners=("court", "")
)  # fmt: skip


def _said(fact: facts.Fact, context: Context = CONTEXT, leg: int = 0) -> dict[str, str]:
    statement = statements(fact, context=context)[leg]
    return {f"{cls}.{field}": value for cls, fields in statement.values for field, value in fields}


def test_every_fact_is_tried() -> None:
    """The list above holds each kind once."""
    assert list(facts.KINDS) == [facts.kind_of(fact) for fact in EVERY]


@pytest.mark.parametrize("fact", EVERY, ids=facts.kind_of)
def test_every_fact_can_be_said(fact: facts.Fact) -> None:
    """One statement a leg; its fields are a sub-sequence of the table's; it composes; the rule set is named."""
    said = statements(fact, context=CONTEXT)
    assert facts.legs_of(fact) == tuple(statement.leg for statement in said)
    for statement in said:
        for cls, values in statement.values:
            names = [field for field, _ in values]
            assert [field for field in FIELDS[statement.kind][cls] if field in names] == names
            assert {str} >= {type(value) for _, value in values}
            assert all(value for _, value in values)
            assert seal_box(bytes(32), x=X, leg=statement.leg, kind=statement.kind, cls=cls, secret=bytes(32),
                            values=values, r=bytes(16))  # fmt: skip
        assert compose(statement, time_ms=1, gateway="gw1", secrets=SECRETS).roots
        if not isinstance(fact, facts.Deposited):
            assert statement.value("op", "ruleset")


@pytest.mark.parametrize("fact", EVERY, ids=facts.kind_of)
def test_no_private_value_stands_in_the_open(fact: facts.Fact) -> None:
    """No name, address, subject or reply is readable in an entry's bytes."""
    for statement in statements(fact, context=CONTEXT):
        entry = compose(statement, time_ms=1, gateway="gw1", secrets=SECRETS).entry
        for word in (b"alena", b"town.test", b"court", b"smith", b"brief", b"case", b"192.0.2", b"198.51", b"queued"):
            assert word not in entry


def test_a_delivery_carries_its_evidence() -> None:
    """Shipped names the hop, the reply, the key, what was stripped, the rules and both digests."""
    assert {
        "op.rules": "court-filing;encrypt-above-office",
        "op.ruleset": "f" * 64,
        "op.purpose": "litigation",
        "op.label": "confidential",
        "snd.addr": "alena@town.test",
        "rcp.addr": "Registry@court.test",
        "rcp.agency": "court",
        "rcp.keyfp": "ABCD",
        "rcp.reply": "250 2.0.0 queued",
        "obj.name": "brief.pdf",
        "obj.subject": "Re: the case",
        "obj.media": "application/pdf",
        "obj.bytes.in": "5",
        "obj.sha256.in": Digest.of(b"brief").sha256,
        "obj.bytes.out": "9",
        "obj.sha256.out": Digest.of(b"parcel").sha256,
        "net.dst": "mx.court.test[198.51.100.7]:25",
        "net.proto": "mail",
        "net.msgid": "<1@town.test>",
        "sec.tls": "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "sec.cert": f"dane;name=mx.court.test;leaf={'1' * 64};spki={'2' * 64}",
        "sec.hop": "verified",
        "sec.e2e": "openpgp;encrypt-to-recipient;verified",
        "sec.stripped": "author=3;gps=1",
    } == _said(facts.Shipped(leg=0, hop=HOP, reply="250 2.0.0 queued"))


def test_each_leg_of_received_names_its_own_recipient() -> None:
    """One entry a leg, and no entry names another leg's recipient."""
    received = facts.Received(transfer=TRANSFER)
    assert ("Registry@court.test", "court") == (_said(received)["rcp.addr"], _said(received)["rcp.agency"])
    second = _said(received, leg=1)
    assert ("partner:smith-and-day", "smith-and-day") == (second["rcp.addr"], second["rcp.agency"])


def test_an_outsider_is_what_the_envelope_says() -> None:
    """Nobody signed in: the address stands; the gateway's own notes name nobody."""
    for address, expected in ((Address(local="day", domain="smithday.test"), "day@smithday.test"), (None, None)):
        outsider = replace(TRANSFER, sender=Party(person="", address=address))
        said = _said(facts.Received(transfer=outsider), structs.replace(CONTEXT, transfer=outsider))
        assert expected == said.get("snd.addr")


def test_an_actor_is_not_the_sender() -> None:
    """Who approved stands where the actor stands."""
    assert "ruth@town.test" == _said(EVERY[3])["snd.addr"]


def test_a_disposal_names_who_approved_and_not_the_sender() -> None:
    """What it destroys is public, who answers for it and on what ground is committed to; it points at its order."""
    statement = statements(EVERY[15], context=CONTEXT)[0]
    assert ("per@town.test", "GDPR Art. 17") == (statement.value("snd", "addr"), statement.value("op", "reason"))
    assert {"what": "class", "classes": ["obj"], "n": 7} == json.loads(statement.public)
    assert (bytes(16), 12, 0) == (statement.x, statement.intent, statement.leg)


def test_a_disposal_that_is_refused_says_so() -> None:
    """In the open: a legal hold is nobody's secret."""
    refused = replace(DISPOSED, is_refused=True, ordered=None)
    assert "refused" == statements(refused, context=CONTEXT)[0].outcome


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (JUDGED, ""),
        (Judged(leg=0, outcome=Outcome.HOLD, rules=(), demands=(), reasons=(), known=(), ruleset="f"), "quarantined"),
        (Judged(leg=0, outcome=Outcome.BLOCK, rules=(), demands=(), reasons=(), known=(), ruleset="f"), "refused"),
        (facts.Deferred(leg=0, until_ms=1, reason=WHY), "deferred"),
        (facts.Deferred(leg=0, until_ms=1, reason=WHY, is_in_doubt=True), "unknown"),
        (EVERY[4], "refused"),
        (EVERY[8], "delivered"),
        (EVERY[10], "bounced"),
        (EVERY[12], "delivered"),
        (EVERY[13], "expired"),
        (EVERY[14], ""),
    ],
)
def test_outcomes(fact: facts.Fact, expected: str) -> None:
    """The public outcome of each kind."""
    assert expected == statements(fact, context=CONTEXT)[0].outcome


def test_several_files_stay_apart() -> None:
    """A name with a semicolon cannot pass for two."""
    assert "people.toml;odd%3Bname.toml" == _said(EVERY[16])["obj.name"]


def test_an_office_fact_needs_no_transfer() -> None:
    """A fresh id, no leg, the actor and the act."""
    statement = statements(EVERY[18], context=Context(x=X, ruleset="f" * 64))[0]
    assert (X, None, None) == (statement.x, statement.leg, statement.intent)
    assert ("as of size 12", "review") == (statement.value("op", "decision"), statement.value("op", "purpose"))


def test_the_log_about_itself() -> None:
    """Each of the log's own kinds has a constructor, and it composes."""
    said = (
        genesis_statement("ledger.town.example/2026", ("key",)), tick_statement(refused=3), clock_statement(80),
        key_added_statement("key", 5), key_retired_statement("key", 9), seal_statement("ledger.town.example/2027"),
    )  # fmt: skip
    assert set(LOG_KINDS) == {statement.kind for statement in said}
    for statement in said:
        assert compose(statement, time_ms=1, gateway="gw1", secrets={}).entry
    assert '{"add":"key","from":5}' == said[3].public
    assert '{"offset_ms":-80,"source":"system"}' == said[2].public
    assert "" == tick_statement().public


def test_what_a_scanner_found_stands_in_the_entry() -> None:
    """Of a virus the code is not enough: its name, and who found it with how old a database, are the evidence."""
    about = (("name", "Win.Test.EICAR"), ("file", "invoice.txt"), ("by", "ClamAV 1.4.6/27810"))
    held = Judged(
        leg=0, outcome=Outcome.HOLD, rules=(), demands=(), known=(), ruleset="f" * 64,
        reasons=(Reason(code="forbidden"), Reason(code="virus", about=about)),
    )  # fmt: skip

    assert "forbidden;virus=Win.Test.EICAR (ClamAV 1.4.6/27810)" == _said(held)["op.reason"]
