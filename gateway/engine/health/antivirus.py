"""Is the virus scanner well? What it said goes in as values; out come findings, each with the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from gateway.engine.health.checkup import Finding, fine, wrong
from gateway.engine.scanning.answer import Answer, Found, Unscanned

OLD_DAYS = 7
"""ClamAV's signatures change daily; a week without any means that nobody fetches them."""
RESTART, FETCH = "systemctl restart clamav-daemon", "systemctl restart clamav-freshclam"


def scanner(place: str, version: str | Unscanned, trial: Answer, now: datetime) -> Iterator[Finding]:
    """Whether it answers, finds what every scanner finds, and knows what is new."""
    if isinstance(version, Unscanned) or isinstance(trial, Unscanned):
        sentence = f"The virus scanner at {place} does not answer: all that comes and goes waits for it."
        yield wrong("antivirus", sentence, RESTART)
    elif not isinstance(trial, Found):
        sentence = (
            f"The virus scanner at {place} misses the harmless file that scanners are tried with: it finds nothing."
        )
        yield wrong("antivirus", sentence, FETCH)
    elif (days := _age_days(version, now)) is not None and days > OLD_DAYS:
        yield wrong("antivirus", f"What the virus scanner knows is {days} days old ({version}).", FETCH)
    else:
        yield fine("antivirus", f"{version} answers, and finds the harmless file that scanners are tried with.")


def _age_days(version: str, now: datetime) -> int | None:
    """How old its signatures are; None if they are its owner's own and it does not say."""
    _, _, made = version.rpartition("/")
    with suppress(ValueError):
        return (now - datetime.strptime(made, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)).days
    return None
