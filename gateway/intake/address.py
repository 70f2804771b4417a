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
        return _no("long")
    local, _, domain = untrusted.rpartition(b"@")
    if _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and len(local) <= MAX_LOCAL:
        return Address(local=local.decode("ascii"), domain=domain.decode("ascii"))
    if untrusted.isascii():
        return _why(untrusted, local, domain)
    if not utf8:
        return Fault.of("address-not-ascii")
    return _international(untrusted)


def _why(untrusted: bytes, local: bytes, domain: bytes) -> Fault:
    """The one clearest reason; the order is from what a person notices to what only a grammar does."""
    rules = (
        (not untrusted, "empty"),
        (_CONTROL.search(untrusted), "control"),
        (b"@" not in untrusted, "no-at"),
        (b'"' in untrusted, "quoted"),
        (b"(" in untrusted or b")" in untrusted, "comment"),
        (untrusted[:1] == b"@" and b":" in untrusted, "route"),
        (untrusted.count(b"@") > 1, "two-at"),
        (not local, "no-local"),
        (not domain, "no-domain"),
        (len(local) > MAX_LOCAL, "local-long"),
        (domain.startswith(b"["), "literal"),
        (b"%" in local or b"!" in local, "routing"),
        (_SHELL.search(untrusted), "unsafe"),
        (b" " in untrusted, "space"),
        (not _LOCAL.fullmatch(local), "local"),
        (b"." not in domain, "no-dot"),
    )
    return _no(next((why for failed, why in rules if failed), "domain"))


def _international(untrusted: bytes) -> Address | Fault:
    """RFC 6531: UTF-8 in normal form, letters, marks and digits beside the ASCII we take; the domain as IDNA 2008."""
    try:
        text = untrusted.decode("utf-8")
    except UnicodeDecodeError:
        return _no("utf8")
    if unicodedata.normalize("NFC", text) != text:
        return _no("normal-form")  # two byte forms of one address: two readings
    local, _, domain = text.rpartition("@")
    plain = "".join("x" if ord(c) > 0x7F and unicodedata.category(c)[0] in "LMN" else c for c in local)
    if len(local.encode()) > MAX_LOCAL or not plain.isascii() or not _LOCAL.fullmatch(plain.encode("ascii")):
        return _no("local")
    try:
        ascii_domain = idna.encode(domain, strict=True)
    except (idna.IDNAError, UnicodeError):
        return _no("domain")
    # U+3002 and its kin are dots to some readers: IDNA 2008 splits on them, so the count of plain dots must agree.
    if ascii_domain.count(b".") != domain.count(".") or not _DOMAIN.fullmatch(ascii_domain):
        return _no("domain")
    return Address(local=local, domain=domain)


def _no(why: str) -> Fault:
    return Fault.of("address", f"address.{why}")
