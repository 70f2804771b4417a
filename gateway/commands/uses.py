"""How often each rule of an office was used, remembered between two looks so that only what is new is read.

What is remembered is counts, sealed with a code under the office's index key: a file that was changed, or is of another
ledger, another zone or an older release, is not believed, and everything is counted again.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from zoneinfo import ZoneInfo

import msgspec

from gateway.commands.office import Office
from gateway.engine.clock import day
from gateway.engine.lawmaking.decisions import Decisions
from gateway.engine.lawmaking.usage import DAYS, Progress, Tally, Usage
from gateway.judge.rulebook import Rulebook

_USES = b"sealgate-uses/v1\x00"
_CODE_BYTES = 32


def usage_of(office: Office, rulebook: Rulebook, *, days: int = DAYS, progress: Progress | None = None) -> Usage:
    """The use of every rule in the `days` that end today. Raises `Tampering` if the ledger cannot be read."""
    now_ms, zone = office.clock.now_ms(), rulebook.gateway.office.zone
    decisions = Decisions(office.records, office.archive)
    tally = _remembered(office, zone, decisions.size)
    was_at = tally.at
    tally.advance(decisions, rulebook, now_ms=now_ms, progress=progress)
    if tally.at != was_at:
        _remember(office, tally)
    return tally.usage(today=day(now_ms, ZoneInfo(zone)), days=days)


def _remembered(office: Office, zone: str, size: int) -> Tally:
    fresh = Tally(zone=zone)
    try:
        stored = (office.setting.var / "uses").read_bytes()
        code, body = stored[:_CODE_BYTES], stored[_CODE_BYTES:]
        if not hmac.compare_digest(code, _code(office, body)):
            return fresh
        tally = msgspec.msgpack.decode(body, type=Tally)
    except (OSError, msgspec.MsgspecError):
        return fresh
    return tally if tally.zone == zone and tally.at <= size else fresh


def _remember(office: Office, tally: Tally) -> None:
    """For the next time; whoever may only read the office counts anew then."""
    body = msgspec.msgpack.encode(tally)
    draft = office.setting.var / "uses.new"
    with suppress(OSError):
        draft.write_bytes(_code(office, body) + body)
        draft.replace(office.setting.var / "uses")


def _code(office: Office, body: bytes) -> bytes:
    return hmac.digest(office.keyring.index_key, _USES + body, "sha256")
