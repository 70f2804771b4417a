"""The registrar: holds the office's ring of recipients' certificates; vouches for one, at one instant, or says why not.

Runs GnuPG in a home of its own, so the engine calls it in a thread; calls may overlap. It holds no secret key and
takes none in. Every decision rests on the clock reading it is handed.

A run costs some 10 ms, so what was vouched for is remembered for a minute at most, never past the earliest expiry, and
not at all once the ring or any candidate's standing has changed.
"""

from __future__ import annotations

import threading
from pathlib import Path

from gateway.errors import Misconfigured, Unreadable
from gateway.facts import Admitted, Reason, Standing
from gateway.seal import gpg, packets
from gateway.seal.floor import Unvouched, Vouched
from gateway.seal.keyring import Entry, Key, gate, read_listing
from gateway.transfer import Address

LARGEST = 1024 * 1024
REMEMBERED_MS = 60_000
_REMEMBERED = 4096
_Case = tuple[str, tuple[tuple[str, Standing], ...]]


class Registrar:
    """One ring in one home directory."""

    def __init__(self, home: Path, *, program: str = "gpg") -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if home.stat().st_mode & 0o077:
            raise Misconfigured("the key ring's directory is open to others; it must be 0700")
        self._ring = gpg.Ring(home, program=program)
        self._lock = threading.Lock()
        self._generation = 0
        self._vouched: dict[_Case, tuple[int, int, Vouched]] = {}

    def take_in(self, untrusted: bytes, now_ms: int) -> Entry | Unvouched:
        """Add one certificate, armoured or not, to the ring, or merge news (a revocation, a new subkey) into it.

        Being in the ring makes it no more than a candidate: only a person's `Admitted` makes it usable.
        """
        if len(untrusted) > LARGEST:
            return Unvouched(reasons=(Reason(code="key-too-large", about=(("limit", str(LARGEST)),)),))
        try:
            binary = packets.dearmor(untrusted)
            fingerprint = packets.check_certificate(binary)
        except Unreadable as error:
            return Unvouched(reasons=(Reason(code="key-unreadable", about=(("why", error.cause),)),))
        taken = self._ring.take_in(binary, now_ms)
        with self._lock:
            self._generation += 1
            self._vouched.clear()
        entries = self.entries(now_ms, (fingerprint,)) if taken == (fingerprint,) else ()
        if len(entries) != 1:
            return Unvouched(reasons=(Reason(code="key-unreadable", about=(("why", "GnuPG refused it"),)),))
        return entries[0]

    def drop(self, fingerprint: str, now_ms: int) -> None:
        """Take a certificate out: whoever it names is to be forgotten. Harmless if it is not there."""
        self._ring.drop(fingerprint, now_ms)
        with self._lock:
            self._generation += 1
            self._vouched.clear()

    def entries(self, now_ms: int, fingerprints: tuple[str, ...] = ()) -> tuple[Entry, ...]:
        """The certificates held; only those named, if any are."""
        return read_listing(self._ring.listing(fingerprints, now_ms))

    def vouch(self, address: Address, now_ms: int, admitted: tuple[Admitted, ...]) -> Vouched | Unvouched:
        """The certificate to encrypt to for `address` now. `admitted` is the history of admissions, oldest first.

        1. All candidates the office ever admitted for this address, each with its latest standing.
        2. Each through the gate of `keyring`, under one clock reading.
        3. Of those left the newest; a new key that nobody has verified does not hinder an old one that serves.
        4. A minimal export, read back: one certificate, one live encryption key.
        """
        with self._lock:
            generation = self._generation
        known = self.remembered(address, now_ms, admitted)
        if known is not None:
            return known
        standings = _standings(address, admitted)  # 1
        found = self._decide(address, now_ms, standings, admitted)
        if isinstance(found, Vouched):
            with self._lock:
                if generation == self._generation:
                    while len(self._vouched) >= _REMEMBERED:
                        del self._vouched[next(iter(self._vouched))]
                    until_ms = min(now_ms + REMEMBERED_MS, found.until_ms)
                    self._vouched[_case(address, standings)] = (now_ms, until_ms, found)
        return found

    def remembered(self, address: Address, now_ms: int, admitted: tuple[Admitted, ...]) -> Vouched | None:
        """What `vouch` would say from memory; None if GnuPG must be asked. No I/O: may be called on an event loop."""
        case = _case(address, _standings(address, admitted))
        with self._lock:
            since_ms, until_ms, known = self._vouched.get(case, (0, 0, None))
        return known if since_ms <= now_ms < until_ms else None

    def _decide(
        self, address: Address, now_ms: int, standings: dict[str, Standing], admitted: tuple[Admitted, ...]
    ) -> Vouched | Unvouched:
        if not standings:
            return Unvouched()
        held = {entry.primary.fingerprint: entry for entry in self.entries(now_ms, tuple(standings))}
        reasons: list[Reason] = []
        usable: list[Entry] = []
        for fingerprint, standing in standings.items():  # 2
            entry = held.get(fingerprint)
            against = gate(fingerprint, entry, address=address.key, standing=standing, now_ms=now_ms)
            reasons += against
            if entry is not None and not against:
                usable.append(entry)
        usable.sort(key=lambda entry: (entry.primary.created_ms, entry.primary.fingerprint), reverse=True)  # 3
        for entry in usable:
            key = entry.encryption_key(now_ms)
            certificate = self._export(entry, key, now_ms) if key else None
            if key is None or certificate is None:
                reasons.append(Reason(code="key-unreadable", about=(("fingerprint", entry.primary.fingerprint),)))
                continue
            ends = [end for end in (entry.primary.expires_ms, key.expires_ms) if end is not None]
            return Vouched(
                fingerprint=entry.primary.fingerprint,
                certificate=certificate,
                key_id=key.fingerprint[-16:],
                trust=_how(entry.primary.fingerprint, address, admitted),
                until_ms=min(ends, default=now_ms + 10 * 365 * 86_400_000),
            )
        return Unvouched(reasons=tuple(reasons))

    def _export(self, entry: Entry, key: Key, now_ms: int) -> bytes | None:
        """Step 4; None if what comes out is not exactly what was asked for."""
        certificate = self._ring.certificate(key.fingerprint + "!", now_ms)
        try:
            is_that_one = packets.check_certificate(certificate) == entry.primary.fingerprint
            return certificate if is_that_one and packets.key_ids(certificate) == (key.fingerprint[-16:],) else None
        except Unreadable:
            return None


def _standings(address: Address, admitted: tuple[Admitted, ...]) -> dict[str, Standing]:
    """Each admitted fingerprint's latest standing, for this address only."""
    words = (word for word in admitted if word.address.lower() == address.key)
    return {gpg.fingerprint(word.fingerprint): word.standing for word in words}


def _case(address: Address, standings: dict[str, Standing]) -> _Case:
    return address.key, tuple(sorted(standings.items()))


def _how(fingerprint: str, address: Address, admitted: tuple[Admitted, ...]) -> str:
    words = [w.how for w in admitted if w.fingerprint == fingerprint and w.address.lower() == address.key]
    return words[-1] if words else ""
