"""Our carrier and aiosmtpd, a server somebody else wrote."""

from __future__ import annotations

import asyncio

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.errors import Misconfigured
from gateway.facts import Receipt
from gateway.seal.hop import Level, demand
from gateway.seal.parcel import Packing
from gateway.ship import NotNow, Slip, Taken, Target
from gateway.ship.dial import tls_context
from gateway.ship.smtp import SmtpCarrier
from gateway.transfer import Address, BlobId, Seal, transfer_id

TRANSFER = transfer_id(bytes(16))
RECEIPT = Receipt(stream=TRANSFER, version=1, indexes=(), size=1, checkpoint="")


class Inbox:
    """What arrived. aiosmtpd reads commands that come together, but does not offer PIPELINING by itself."""

    def __init__(self, *offers: str) -> None:
        self.envelopes: list[Envelope] = []
        self.offers = offers

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*(f"250-{offer}" for offer in self.offers), *responses]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 thank you"


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)], ids=["in-turn", "pipelined"])
def test_aiosmtpd_takes_our_mail(good, authority, offers):
    """Two messages over one line reach an independent server under STARTTLS, byte for byte."""
    inbox = Inbox(*offers)
    mail = b"Subject: x\r\n\r\n.\r\n..\r\n" + b"line\r\n" * 4_000

    async def story():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(inbox, tls_context=good, require_starttls=True, hostname="mx.test"), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        target = Target(host="mx.test", port=port, addresses=("127.0.0.1",))
        asked = demand(level=Level.VERIFIED, domain="mx.test", ca_pem=authority.pem)
        carrier = SmtpCarrier(name="gate.test")
        packing = Packing([mail])
        assert mail == b"".join(packing)
        parcel = packing.parcel(transfer=TRANSFER, leg=0, blob=BlobId("0" * 32), seal=Seal.TRANSPORT)
        slip = Slip(sender=None, recipient=Address(local="ann", domain="mx.test"))
        outcomes = []
        for _ in range(2):
            async with carrier.line(asked, (target,), RECEIPT) as line:
                assert not isinstance(line, NotNow), line
                pieces = [mail[at : at + 1000] for at in range(0, len(mail), 1000)]
                outcomes.append(await line.deliver(parcel, slip, pieces, RECEIPT))
        await carrier.close()
        server.close()
        return outcomes

    outcomes = asyncio.run(story())

    assert [Taken(reply="250 2.0.0 thank you", is_notifying=False)] * 2 == outcomes
    assert [mail, mail] == [envelope.content for envelope in inbox.envelopes]
    assert ["ann@mx.test"] == inbox.envelopes[0].rcpt_tos


@pytest.mark.parametrize("pem", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_an_unreadable_authority_is_a_clear_fault(pem):
    """An authority that cannot be read stops with one sentence for the admin, not with a handshake that fails."""
    with pytest.raises(Misconfigured, match="authority"):
        tls_context(demand(level=Level.PIN, domain="mx.test", ca_pem=pem))


@pytest.mark.parametrize("level", [Level.VERIFIED, Level.BEST])
def test_the_systems_authorities_are_the_default(level):
    """Where the rules name no authority, the chain must lead to one of the system's."""
    context = tls_context(demand(level=level, domain="mx.test"))

    assert "CERT_REQUIRED" == context.verify_mode.name
    assert "TLSv1_2" == context.minimum_version.name
