"""Where mail for a domain goes: MX records (RFC 5321 §5.1), or a host the rules name.

Promises: a DNS failure defers and never downgrades; an address that is not public is dialled only if the rules name
that host; what is dialled is an address that was checked here, so a second look-up cannot change it.

GAP: DNSSEC is not looked at, so no answer counts as proof of anything; `seal.hop` never takes a name from here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from gateway.facts import Reason
from gateway.ship import Never, NotNow, Target

MAX_HOSTS = 5
MAX_ADDRESSES = 4
PATIENCE_S = 10.0
FAILURES = (dns.exception.DNSException, OSError, ValueError)  # UnicodeError is a ValueError
_Found = tuple[Target, ...]


class Resolver:
    """Asks the system's name servers, or those handed in."""

    def __init__(self, asked: dns.asyncresolver.Resolver | None = None, *, port: int = 25) -> None:
        self._asked = asked or dns.asyncresolver.Resolver()
        self._port = port

    async def targets(self, domain: str, via: str = "mx") -> _Found | NotNow | Never:
        """The servers to try for `domain`, in order. `via` is the rule's word: `mx`, or `host:port` to go instead."""
        if via != "mx":
            return await self._named(via)
        if not domain.isascii() or domain.startswith("["):
            return Never(reason=_reason("no-route", domain, "5.1.2", "an address literal or a non-ASCII domain"))
        try:
            hosts = await self._exchangers(domain)
        except dns.resolver.NXDOMAIN:
            return Never(reason=_reason("no-such-domain", domain, "5.1.2"))
        except FAILURES as error:
            return NotNow(reason=_reason("dns-failure", domain, "4.4.3", type(error).__name__))
        if hosts == (".",):  # RFC 7505: this domain takes no mail
            return Never(reason=_reason("null-mx", domain, "5.1.10"))
        return await self._first_usable(domain, hosts[:MAX_HOSTS])

    async def exchangers(self, domain: str) -> tuple[str, ...] | None:
        """The names of the servers that take a domain's mail, in lower case: none if there are none for certain.

        None if that cannot be found out now.
        """
        try:
            return tuple(host.lower() for host in await self._exchangers(domain) if host != ".")
        except dns.resolver.NXDOMAIN:
            return ()
        except FAILURES:
            return None

    async def _first_usable(self, domain: str, hosts: tuple[str, ...]) -> _Found | NotNow:
        """The hosts that have an address we may dial. One whose look-up fails is passed over if another is left."""
        targets: list[Target] = []
        refusal = _reason("no-public-address", domain, "4.4.4", " ".join(hosts))
        for host in hosts:
            try:
                target = await self._target(host, self._port, is_named=False)
            except FAILURES as error:
                refusal = _reason("dns-failure", host, "4.4.3", type(error).__name__)
                continue
            if target is not None:
                targets.append(target)
        return tuple(targets) or NotNow(reason=refusal)

    async def _exchangers(self, domain: str) -> tuple[str, ...]:
        """MX hosts, best first; the domain itself where there is no MX record but the name exists."""
        try:
            answer = await self._asked.resolve(_absolute(domain), "MX", lifetime=PATIENCE_S)
        except dns.resolver.NoAnswer:
            return (domain,)
        records = sorted((record.preference, record.exchange.to_text()) for record in answer)
        return tuple(host.removesuffix(".") or "." for _, host in records)

    async def _named(self, via: str) -> _Found | NotNow:
        host, _, port = via.rpartition(":")
        host = host.strip("[]")
        try:
            found = await self._target(host, int(port), is_named=True)
        except FAILURES as error:
            return NotNow(reason=_reason("dns-failure", host, "4.4.3", type(error).__name__))
        return (found,) if found else NotNow(reason=_reason("no-public-address", host, "4.4.4"))

    async def _target(self, host: str, port: int, *, is_named: bool) -> Target | None:
        """The host with its allowed addresses; None if it has none. Raises on DNS failure."""
        addresses = [host] if _address(host) else await self._addresses(host)
        allowed = [address for address in addresses if is_named or is_public(address)]
        if not allowed:
            return None
        return Target(host=host, port=port, addresses=tuple(allowed[:MAX_ADDRESSES]), is_tls_at_once=port == 465)

    async def _addresses(self, host: str) -> list[str]:
        found: list[str] = []
        if host == "localhost":  # RFC 6761 §6.3: never a question for a name server
            return ["127.0.0.1"]
        for kind in (dns.rdatatype.AAAA, dns.rdatatype.A):
            try:
                answer = await self._asked.resolve(_absolute(host), kind, lifetime=PATIENCE_S)
            except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
                continue
            found += _texts(record.address for record in answer)
        return found


def is_public(address: str) -> bool:
    """True for an address anyone may be sent to: no private, loopback, link-local, shared, mapped or NAT64 one."""
    parsed = _address(address)
    if parsed is None or not parsed.is_global or parsed.is_multicast:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        # Each of these carries an IPv4 address that may be an inward one.
        return not (parsed.ipv4_mapped or parsed.sixtofour or parsed.teredo or parsed in _NAT64)
    return True


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _texts(addresses: Iterable[str]) -> list[str]:
    return [address for address in addresses if _address(address)]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name if name.endswith(".") else name + ".")  # never completed by a search list


def _reason(code: str, name: str, status: str, detail: str = "") -> Reason:
    about = (("host", name), ("status", status))
    return Reason(code=code, about=(*about, ("detail", detail)) if detail else about)
