"""A witness at work: compares a head with what it saw last, remembers the new one, and only then signs.

Two requests for one log never interleave. It holds nothing but heads, so it learns of another office how much it sends
and no more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from gateway.engine.clock import Clock
from gateway.errors import Tampering, Unreadable
from gateway.keep.witnessed import Witnessed
from gateway.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note, parse_vkey
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.succession import Standing, follow
from gateway.ledger.witnessing import Verdict, judge, noted


@dataclass(slots=True)
class Witness:
    """Vouches for logs. Any thread may call."""

    kept: Witnessed
    clock: Clock
    cosigner: Cosigner = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.cosigner = Cosigner(self.kept.name, self.kept.seed)

    def add_checkpoint(self, untrusted: bytes) -> tuple[Verdict, str]:
        """The verdict on a request and, if it is good, the line that vouches for the head. Blocks."""
        with self._lock:
            logs = keys_by_origin(self.kept)
            held = {origin: head for origin in logs if (head := self._held(origin))}
            verdict = judge(untrusted, logs=logs, held=held)
            if verdict.status is not HTTPStatus.OK or verdict.head is None:
                return verdict, ""
            line = self.cosigner.line(verdict.text, self.clock.now_ms() // 1000)
            note = noted(untrusted, tuple(logs[verdict.head.origin]), line)
            self.kept.remember(verdict.head.origin, note)  # durable before anybody hears of it
            return verdict, line

    def head_called(self, name: str) -> str | None:
        """The last checkpoint of a log by the hex hash of its origin, cosigned; None if there is none. Blocks."""
        return self.kept.head_called(name)

    def _held(self, origin: str) -> Checkpoint | None:
        note = self.kept.head(origin)
        if note is None:
            return None
        try:
            head = parse_checkpoint(parse_note(note).text)
        except Unreadable as why:  # ours alone, replaced whole: it does not break by itself
            raise Tampering(f"what this witness remembers of {origin} cannot be read") from why
        if head.origin != origin:
            raise Tampering(f"what this witness remembers of {origin} is another log's")
        return head


def keys_by_origin(kept: Witnessed) -> dict[str, Standing]:
    """The keys of each log, given and learned. Raises `Tampering` if what was learned is not what it was."""
    given: dict[str, list[str]] = {}
    for vkey in kept.logs():
        given.setdefault(parse_vkey(vkey).name, []).append(vkey)  # a log's key bears its origin as its name
    return {origin: _standing(origin, tuple(keys), kept.succession(origin)) for origin, keys in given.items()}


@lru_cache(maxsize=64)
def _standing(origin: str, keys: tuple[str, ...], learned: bytes | None) -> Standing:
    try:
        return follow(keys, learned)
    except Unreadable as why:
        raise Tampering(f"what this witness learned about the keys of {origin} cannot be read") from why
