"""Where mail goes, asked of a real name server on loopback."""

from __future__ import annotations

import asyncio

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from gateway.ship import Never, NotNow
from gateway.ship.resolve import Resolver, is_public

PUBLIC, OTHER = "93.184.216.34", "1.1.1.1"


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`: name and type to record texts, or to an error code. Anything else is NXDOMAIN."""

    def __init__(self, zone: dict[tuple[str, str], list[str] | dns.rcode.Rcode]) -> None:
        self.zone = zone
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name.to_text().rstrip("."), query.question[0].rdtype.name
        self.asked.append(f"{name} {kind}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        found = self.zone.get((name, kind))
        if isinstance(found, list):
            answer.answer.append(dns.rrset.from_text(name + ".", 60, "IN", kind, *found))
        elif found is not None:
            answer.set_rcode(found)
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), peer)  # type: ignore[attr-defined]


def ask(zone, domain="town.test", via="mx"):
    return with_names(zone, lambda resolver: resolver.targets(domain, via))


def with_names(zone, question):
    """What a resolver answers that asks a name server of this zone."""

    async def story():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: NameServer(zone), local_addr=("127.0.0.1", 0))
        asked = dns.asyncresolver.Resolver(configure=False)
        asked.nameservers, asked.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
        asked.lifetime = 2.0
        try:
            return await question(Resolver(asked))
        finally:
            transport.close()

    return asyncio.run(story())


def test_best_exchanger_comes_first():
    """MX hosts are tried in the order of their preference, at addresses looked up here."""
    zone = {
        ("town.test", "MX"): ["20 b.test.", "10 a.test."],
        ("a.test", "A"): [PUBLIC],
        ("b.test", "A"): [OTHER],
    }

    found = ask(zone)

    assert [("a.test", (PUBLIC,), 25), ("b.test", (OTHER,), 25)] == [(t.host, t.addresses, t.port) for t in found]


@pytest.mark.parametrize(
    ("zone", "servers"),
    [
        ({("town.test", "MX"): ["20 b.test.", "10 A.test."]}, ("a.test", "b.test")),
        ({("town.test", "A"): [PUBLIC]}, ("town.test",)),
        ({("town.test", "MX"): ["0 ."]}, ()),
        ({}, ()),
        ({("town.test", "MX"): dns.rcode.SERVFAIL}, None),
    ],
)
def test_the_servers_of_a_domain_by_name(zone, servers):
    """In lower case, best first; none for certain is an answer, and no answer is none."""
    assert servers == with_names(zone, lambda resolver: resolver.exchangers("town.test"))


def test_domain_without_mx_is_its_own_host():
    """RFC 5321 §5.1: a domain that exists and has no MX record takes mail itself."""
    assert ["town.test"] == [target.host for target in ask({("town.test", "A"): [PUBLIC]})]


@pytest.mark.parametrize(
    ("zone", "code", "status"),
    [
        ({("town.test", "MX"): ["0 ."]}, "null-mx", "5.1.10"),
        ({}, "no-such-domain", "5.1.2"),
    ],
)
def test_a_domain_that_takes_no_mail_is_final(zone, code, status):
    """A null MX (RFC 7505) and a name that does not exist end the leg."""
    found = ask(zone)

    assert isinstance(found, Never)
    assert (code, status) == (found.reason.code, found.reason.get("status"))


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
@pytest.mark.parametrize("broken", [("town.test", "MX"), ("a.test", "A"), ("a.test", "AAAA")])
def test_dns_failure_defers(rcode, broken):
    """A name server that fails is never read as "there is none"."""
    zone = {("town.test", "MX"): ["10 a.test."], ("a.test", "A"): [PUBLIC], broken: rcode}

    found = ask(zone)

    assert isinstance(found, NotNow)
    assert "dns-failure" == found.reason.code


def test_a_broken_exchanger_is_passed_over():
    """One exchanger whose look-up fails does not stop mail to the others."""
    zone = {
        ("town.test", "MX"): ["10 a.test.", "20 b.test."],
        ("a.test", "A"): dns.rcode.SERVFAIL,
        ("b.test", "A"): [OTHER],
    }

    assert ["b.test"] == [target.host for target in ask(zone)]


@pytest.mark.parametrize("inward", ["127.0.0.1", "10.1.2.3", "169.254.1.1", "100.64.0.1", "0.0.0.0", "192.168.0.5"])
def test_inward_addresses_are_not_dialled(inward):
    """DNS of a stranger cannot point the gateway into the office's own network."""
    found = ask({("town.test", "MX"): ["10 a.test."], ("a.test", "A"): [inward]})

    assert isinstance(found, NotNow)
    assert "no-public-address" == found.reason.code


@pytest.mark.parametrize(
    ("via", "host", "addresses", "port", "at_once"),
    [
        ("127.0.0.1:2525", "127.0.0.1", ("127.0.0.1",), 2525, False),
        ("localhost:25", "localhost", ("127.0.0.1",), 25, False),
        ("[::1]:465", "::1", ("::1",), 465, True),
        ("relay.test:587", "relay.test", ("10.1.2.3",), 587, False),
    ],
)
def test_hosts_the_rules_name_may_be_inward(via, host, addresses, port, at_once):
    """A relay the office names itself is dialled where it is."""
    (found,) = ask({("relay.test", "A"): ["10.1.2.3"]}, via=via)

    assert (host, addresses, port, at_once) == (found.host, found.addresses, found.port, found.is_tls_at_once)


@pytest.mark.parametrize("domain", ["[192.0.2.1]", "zürich.test"])
def test_what_has_no_name_in_dns_is_final(domain):
    """Address literals and non-ASCII domains are not delivered to."""
    assert isinstance(ask({}, domain), Never)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, True), ("2606:4700::1111", True), ("::1", False), ("fe80::1", False), ("fc00::1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::1", False), ("224.0.0.1", False),
        ("nonsense", False),
    ],
)  # fmt: skip
def test_public_addresses(address, expected):
    """Only plain global addresses count as public; those that hide another inside do not."""
    assert expected == is_public(address)
