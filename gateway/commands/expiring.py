"""Everything of an office that ends by itself: what the rules say, recipients' keys, the doors' certificates, and the
quarter in which somebody has to go through everybody's rights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from gateway.commands.office import Office
from gateway.engine.clock import day
from gateway.engine.keyholders import STREAM, Keyholders
from gateway.engine.orders import REVIEWERS, REVIEWS, RIGHTS
from gateway.facts import Consulted, Standing
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
    return in_order([*found, *_review(office, rulebook, today)])


def quarter(on: date) -> str:
    """`2026-Q4`"""
    return f"{on.year}-Q{(on.month + 2) // 3}"


def last_of_quarter(on: date) -> date:
    """The last day of the quarter a day is in."""
    months = on.year * 12 + (on.month + 2) // 3 * 3
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


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


def _review(office: Office, rulebook: Rulebook, today: date) -> Iterator[Expiry]:
    """The quarter, until its table of rights is signed off."""
    story, now = office.archive.story(REVIEWS), quarter(today)
    signed = f"review of {RIGHTS} {now},"
    if any(isinstance(fact, Consulted) and fact.question.startswith(signed) for fact in (story.facts if story else ())):
        return
    yield Expiry(
        last=last_of_quarter(today),
        kind="review",
        what=now,
        owners=tuple(dict.fromkeys(one for power in REVIEWERS for one in with_power(rulebook, power, today))),
        mend="sealgate review access; sealgate review sign-off --as YOU --why WHAT-YOU-FOUND",
    )


def _not_after(path: Path) -> date | None:
    """None where there is none to read: `serve` says so itself."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.date()
    except (OSError, ValueError, UnsupportedAlgorithm):
        return None
