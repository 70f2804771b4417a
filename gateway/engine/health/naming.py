"""What the DNS says of the office, as outsiders see it: where mail for it goes, and who may send in its name.

Only for an office whose mail goes by MX; names that nobody can own (RFC 6761 §6, RFC 2606 §2) are not asked about.
GAP: DKIM, MTA-STS and DANE are not looked at: the gateway signs no mail and publishes no policy of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.engine.health.checkup import Finding, fine, note, wrong

NOBODYS = ("test", "example", "invalid", "localhost", "local")

Ask = Callable[[str, str], tuple[str, ...] | None]
"""Name and kind of record: what they say, nothing if there is none, None if nobody could be asked."""


def names(domains: tuple[str, ...], host: str, ask: Ask) -> Iterator[Finding]:
    """Everything about the office's domains and the name its doors greet with."""
    public = [domain for domain in domains if domain.rpartition(".")[2].lower() not in NOBODYS]
    if not public:
        return
    if any(ask(domain, "MX") is None for domain in public):
        yield wrong("dns", "No name server answers: mail that goes by MX waits.", "resolvectl status")
        return
    told = [finding for domain in public for finding in _of(domain, host, ask)]
    if all(ask(host, kind) == () for kind in ("A", "AAAA")):
        told.append(wrong("dns", f"{host}, the name the doors greet with, has no address.", f"dig +short A {host}"))
    yield from told or [fine("dns", f"Mail for {', '.join(public)} comes here, and says who may send it.")]


def _of(domain: str, host: str, ask: Ask) -> Iterator[Finding]:
    exchangers = [one.split()[-1].rstrip(".").lower() for one in ask(domain, "MX") or ()]
    if not exchangers:
        sentence = f"{domain} has no MX record, so nobody outside knows where its mail goes."
        yield wrong("dns", sentence, f"dig +short MX {domain}  # publish: {domain}. MX 10 {host}.")
    elif host.lower() not in exchangers:
        sentence = f"Mail for {domain} goes to {', '.join(exchangers)}, not straight to {host}."
        yield note("dns", sentence, f"dig +short MX {domain}")
    policies, forged = _policies(ask(domain, "TXT"), "v=spf1"), _policies(ask(f"_dmarc.{domain}", "TXT"), "v=dmarc1")
    if policies is not None and not policies:
        sentence = f"{domain} does not say who may send in its name (SPF); others may take its mail for forged."
        yield wrong("dns", sentence, f'dig +short TXT {domain}  # publish: {domain}. TXT "v=spf1 mx -all"')
    elif policies and len(policies) > 1:  # RFC 7208 §4.5: more than one is an error, so none counts
        yield wrong("dns", f"{domain} has {len(policies)} SPF records, so none counts.", f"dig +short TXT {domain}")
    if forged is not None and not forged:
        sentence = f"{domain} does not say what becomes of mail that is forged in its name (DMARC)."
        publish = f'_dmarc.{domain}. TXT "v=DMARC1; p=quarantine"'
        yield note("dns", sentence, f"dig +short TXT _dmarc.{domain}  # publish: {publish}")


def _policies(said: tuple[str, ...] | None, begins: str) -> list[str] | None:
    """Records of one policy; None if nobody could be asked. Long ones come in quoted pieces that belong together."""
    if said is None:
        return None
    whole = ("".join(one.strip('"').split('" "')) for one in said)
    return [one for one in whole if one.lower().split(";")[0].split(" ")[0].strip() == begins]
