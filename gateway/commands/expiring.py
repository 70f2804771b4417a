"""Everything of an office that ends by itself: what the rules say, recipients' keys, and the doors' certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from gateway.commands.office import Office
from gateway.engine.clock import day
from gateway.engine.keyholders import STREAM, Keyholders
from gateway.facts import Standing
from gateway.judge.expiries import PUBLISH, VOUCH, Expiry, expiries, in_order, with_power
from gateway.judge.rulebook import Rulebook
from gateway.seal.floor import Vouched
from gateway.seal.registrar import Registrar
from gateway.transfer import Address

CERTIFICATES = ("gateway.pem", "ca.pem")
RENEW = "put the new pair into certs/ and send SIGHUP to serve"


def expiring(office: Office, rulebook: Rulebook) -> tuple[Expiry, ...]:
    """All of it, the soonest first. Runs GnuPG, so it blocks. Raises `Misconfigured`."""
    today = day(office.clock.now_ms(), office.zone)
    found = [*expiries(rulebook, today), *_keys(office, rulebook, today), *_certificates(office, rulebook, today)]
    return in_order(found)


def _keys(office: Office, rulebook: Rulebook, today: date) -> Iterator[Expiry]:
    """The key each recipient is sealed to now: the day it expires, mail to them waits."""
    story, now_ms = office.archive.story(STREAM), office.clock.now_ms()
    holders = Keyholders(story.facts if story else ())
    registrar = Registrar(office.setting.var / "gnupg")
    owners = with_power(rulebook, VOUCH, today)
    seen: set[str] = set()
    for fact in holders.standings():
        address = Address.of(fact.address)
        if fact.standing is not Standing.VERIFIED or address.key in seen:
            continue
        seen.add(address.key)
        vouched = registrar.vouch(address, now_ms, holders.admitted(address))
        if isinstance(vouched, Vouched) and vouched.until_ms is not None:
            yield Expiry(
                last=day(vouched.until_ms, office.zone),
                kind="key",
                what=f"{fact.address} {vouched.fingerprint[-16:]}",
                owners=owners,
                mend="sealgate keys import FILE --verified HOW --as YOU",
            )


def _certificates(office: Office, rulebook: Rulebook, today: date) -> Iterator[Expiry]:
    owners = with_power(rulebook, PUBLISH, today)
    for name in CERTIFICATES:
        path = office.setting.certs / name
        ends = _not_after(path)
        if ends is not None:
            yield Expiry(last=ends, kind="certificate", what=f"certs/{name}", owners=owners, mend=RENEW)


def _not_after(path: Path) -> date | None:
    """None where there is none to read: `serve` says so itself."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.date()
    except (OSError, ValueError, UnsupportedAlgorithm):
        return None
