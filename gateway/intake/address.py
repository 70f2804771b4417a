"""RFC 5321 §4.1.2 (and RFC 6531 §3.3) mailboxes: refused, or kept byte for byte.

Narrower than the standard on purpose. Log, ledger, notes and the next hop inherit what passes here, so nothing passes
that a shell, an old router or a header parser reads differently: no source routes, `%` or `!` hops, comments, address
literals, quoted local parts, names without a dot.
"""

from __future__ import annotations

import re
import unicodedata

import idna

from gateway.intake.fault import Fault
from gateway.transfer import Address

MAX_LOCAL = 64  # RFC 5321 §4.5.3.1.1
MAX_DOMAIN = 255  # RFC 5321 §4.5.3.1.2
MAX_MAILBOX = 254  # RFC 5321 §4.5.3.1.3: a path is at most 256 octets, brackets included

# What is left of RFC 5322 `atext` without what a shell or an old mail router acts upon: ! $ % & * ? ^ ` { | }
# It never begins with "-" (an option), "/" or "~" (a file) when it reaches a program.
_LOCAL = re.compile(rb"[A-Za-z0-9#'+=_][A-Za-z0-9#'+/=_~-]*(?:\.[A-Za-z0-9#'+/=_~-]+)*")
_DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SHELL = re.compile(rb"[!$%&*?^`{|};<>\\]")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


def mailbox(untrusted: bytes, utf8: bool = False) -> Address | Fault:
    """The address these bytes are, without angle brackets. `utf8`: RFC 6531 was asked for and is offered."""
    if len(untrusted) > MAX_MAILBOX:
        return _no("longer than 254 bytes")
    local, _, domain = untrusted.rpartition(b"@")
    if _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and len(local) <= MAX_LOCAL:
        return Address(local=local.decode("ascii"), domain=domain.decode("ascii"))
    if untrusted.isascii():
        return _why(untrusted, local, domain)
    if not utf8:
        return Fault(code="address-not-ascii", sentence="This gateway takes ASCII addresses only.")
    return _international(untrusted)


def _why(untrusted: bytes, local: bytes, domain: bytes) -> Fault:
    """The one clearest reason; the order is from what a person notices to what only a grammar does."""
    rules = (
        (not untrusted, "it is empty"),
        (_CONTROL.search(untrusted), "it holds a control character"),
        (b"@" not in untrusted, "it has no @ sign"),
        (b'"' in untrusted, "quoted names are not taken here"),
        (b"(" in untrusted or b")" in untrusted, "comments are not taken here"),
        (untrusted[:1] == b"@" and b":" in untrusted, "source routes are not taken here"),
        (untrusted.count(b"@") > 1, "two @ signs"),
        (not local, "nothing stands before the @ sign"),
        (not domain, "nothing stands behind the @ sign"),
        (len(local) > MAX_LOCAL, "more than 64 characters stand before the @ sign"),
        (domain.startswith(b"["), "a domain name is needed, not a network address"),
        (b"%" in local or b"!" in local, "routing with % or ! is not taken here"),
        (_SHELL.search(untrusted), "it holds a character that is not safe in an address"),
        (b" " in untrusted, "it holds a space"),
        (not _LOCAL.fullmatch(local), "what stands before the @ sign is not a name"),
        (b"." not in domain, "the domain has no dot"),
    )
    return _no(next((why for failed, why in rules if failed), "the domain is not a name"))


def _international(untrusted: bytes) -> Address | Fault:
    """RFC 6531: UTF-8 in normal form, letters, marks and digits beside the ASCII we take; the domain as IDNA 2008."""
    try:
        text = untrusted.decode("utf-8")
    except UnicodeDecodeError:
        return _no("it is not valid UTF-8")
    if unicodedata.normalize("NFC", text) != text:
        return _no("its letters are not in their normal form")  # two byte forms of one address: two readings
    local, _, domain = text.rpartition("@")
    plain = "".join("x" if ord(c) > 0x7F and unicodedata.category(c)[0] in "LMN" else c for c in local)
    if len(local.encode()) > MAX_LOCAL or not plain.isascii() or not _LOCAL.fullmatch(plain.encode("ascii")):
        return _no("what stands before the @ sign is not a name")
    try:
        ascii_domain = idna.encode(domain, strict=True)
    except (idna.IDNAError, UnicodeError):
        return _no("the domain is not a name")
    # U+3002 and its kin are dots to some readers: IDNA 2008 splits on them, so the count of plain dots must agree.
    if ascii_domain.count(b".") != domain.count(".") or not _DOMAIN.fullmatch(ascii_domain):
        return _no("the domain is not a name")
    return Address(local=local, domain=domain)


def _no(why: str) -> Fault:
    return Fault(code="address", sentence=f"This address cannot exist: {why}.")
