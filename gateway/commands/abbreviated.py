"""The one transfer that somebody means by the first letters of its id."""

from __future__ import annotations

from gateway.commands.office import Office
from gateway.errors import Misconfigured
from gateway.transfer import TransferId

MOST = 100_000
SHORTEST = 6
"""Letters of an abbreviated transfer id."""


def whole_id(office: Office, untrusted: str) -> TransferId:
    """The one transfer whose id begins like this. Raises `Misconfigured` if there is none, or more than one."""
    wanted = untrusted.upper() if untrusted.upper().startswith("T-") else "T-" + untrusted.upper()
    if len(wanted) == 28:
        return TransferId(wanted)
    if len(wanted) < SHORTEST:
        raise Misconfigured(f"{untrusted} is too short for a transfer: give at least {SHORTEST} letters")
    found = [stream for stream in office.records.find([], limit=MOST) if stream.startswith(wanted)]
    if len(found) != 1:
        raise Misconfigured(f"there {'is no transfer' if not found else 'are several transfers'} {untrusted}…")
    return TransferId(found[0])
