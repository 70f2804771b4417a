"""Where a sender's answer about one transfer goes: an address at the gateway, which only its own people reach."""

from __future__ import annotations

from gateway.transfer import Address, TransferId

_PREFIX = "confirm+"
_LENGTH = 26
"""Letters of a transfer's id behind its `T-`."""


def answer_address(transfer: TransferId, host: str) -> str:
    """`confirm+<id>@<the gateway's name>`."""
    return f"{_PREFIX}{transfer.removeprefix('T-').lower()}@{host}"


def answered(address: Address, host: str) -> TransferId | None:
    """The transfer an answer to this address is about; None if it is any other address."""
    local = address.local.lower()
    if address.host != host.lower() or not local.startswith(_PREFIX) or len(local) != len(_PREFIX) + _LENGTH:
        return None
    return TransferId("T-" + local.removeprefix(_PREFIX).upper())
