"""What can go wrong, and whose fault it is.

    Failure
    ├── Ours                    this machine, this office
    │   ├── StoreAway           records or blobs cannot be written now: nothing is acknowledged, the peer may retry
    │   ├── StoreBroken         an fsync failed or a commit's fate is unknown: the process stops, recovery decides
    │   ├── Conflict            a stream has moved on since it was read: read again, decide again
    │   └── Misconfigured       rules, certificates, permissions or settings: the gateway does not start
    │       ├── InUse           another process has the office
    │       └── RulesInvalid    the rule folder does not load
    ├── Theirs                  the peer's machine, the peer's bytes
    │   ├── PeerTemporary       try again later
    │   └── PeerPermanent       do not try again
    ├── Unreadable              bytes that cannot be read in exactly one way: hold or refuse, never guess
    └── Tampering               something that only we write has changed: stop
        └── RolledBack          the ledger is older than what it signed: recovery, no signing

Refusing is a value and never raised; see `gateway.judge`. An exception that is none of these is a bug and may crash.
"""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):
    """Something could not be done.

    `cause` is for the record and the operator. A peer sees `public`, which never holds anything but fixed words;
    `str(exc)` never leaves the process.
    """

    public: ClassVar[str] = "Something went wrong here. Nothing was sent."

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Ours(Failure):
    """The fault is in this machine or this office."""


class StoreAway(Ours):
    """Records or blobs cannot be written now; nothing was acknowledged."""

    public = "The gateway cannot keep mail right now. Try again in a few minutes."


class StoreBroken(Ours):
    """Durability is no longer certain. The process must stop; the next start recovers."""

    public = "The gateway cannot keep mail right now. Try again in a few minutes."


class Conflict(Ours):
    """The stream has facts the writer had not read."""

    def __init__(self, streams: tuple[str, ...]) -> None:
        super().__init__("moved on since it was read: " + ", ".join(streams))
        self.streams = streams


class Misconfigured(Ours):
    """Rules, certificates, permissions or settings are not right; `cause` is one clear sentence for the admin."""


class InUse(Misconfigured):
    """Another process has what only one may have. It may end soon."""


class RulesInvalid(Misconfigured):
    """The rule folder does not load; `cause` has every problem, a line each."""


class Theirs(Failure):
    """The fault is the peer's."""


class PeerTemporary(Theirs):
    """The peer cannot now; trying later may help."""


class PeerPermanent(Theirs):
    """The peer will not; trying again does not help."""


class Unreadable(Failure):
    """Bytes that cannot be read in exactly one way."""

    public = "This message can be read in more than one way."


class Tampering(Failure):
    """Something only we write has changed under us. Sending stops until a person has looked."""


class RolledBack(Tampering):
    """The ledger does not contain what is anchored elsewhere. Nothing is signed until it was recovered."""
