"""What a key listing says, and whether a key may be used: GnuPG's colon format read into nouns, then the gate.

The gate of one candidate, each failing step a reason with a code:

1. the office holds it                        key-not-held
2. a person has verified it                   key-unverified, key-withdrawn
3. it is live                                 key-revoked, key-expired, key-disabled, key-invalid, key-from-the-future
4. a live user id is exactly the address      key-other-address
5. its algorithms are above the floor         key-weak
6. it has a live encryption key               key-cannot-encrypt
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from gateway.facts import Reason, Standing

STRONG_CURVES = frozenset(
    {"ed25519", "cv25519", "ed448", "cv448", "nistp256", "nistp384", "nistp521", "brainpoolP256r1", "brainpoolP384r1",
     "brainpoolP512r1"}
)  # fmt: skip
_RSA = frozenset({"1", "2", "3"})
_CURVED = frozenset({"18", "19", "22"})  # ECDH, ECDSA, EdDSA; DSA and ElGamal are below the floor at any size
_RSA_BITS = 2048
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")
_ANGLED = re.compile(r"[^<>]*<([^<>\s]+@[^<>\s]+)>", re.ASCII)
_BARE = re.compile(r"[^<>\s]+@[^<>\s]+", re.ASCII)
_STATES = {"r": "key-revoked", "e": "key-expired", "d": "key-disabled", "i": "key-invalid", "n": "key-invalid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a certificate: the primary or a subkey. `state` is empty while it is live."""

    fingerprint: str
    state: str
    created_ms: int
    expires_ms: int | None
    is_strong: bool
    can_encrypt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One certificate of the ring. `addresses` are those of its live user ids, in lower case."""

    primary: Key
    addresses: tuple[str, ...]
    subkeys: tuple[Key, ...]

    def encryption_key(self, now_ms: int) -> Key | None:
        """The newest live, strong key mail can be encrypted to; a subkey before the primary."""
        usable = [key for key in self.subkeys if key.can_encrypt and key.is_strong and _is_live(key, now_ms)]
        newest = max(usable, key=lambda key: (key.created_ms, key.fingerprint), default=None)
        return newest or (self.primary if self.primary.can_encrypt else None)


def read_listing(untrusted: bytes) -> tuple[Entry, ...]:
    """The certificates in the output of `--with-colons --list-keys`."""
    entries: list[Entry] = []
    for block in re.split(rb"(?m)^(?=pub:)", untrusted)[1:]:
        rows = [row.split(b":") for row in block.splitlines() if row.count(b":") >= 9]
        keys: list[Key] = []
        for row, following in pairwise(rows):
            if row[0] in (b"pub", b"sub") and following[0] == b"fpr":
                keys.append(_key(row, following[9]))
        addresses = tuple(_address(row[9]) for row in rows if row[0] == b"uid" and _state(row) == "")
        if keys:
            live = tuple(address for address in addresses if address)
            entries.append(Entry(primary=keys[0], addresses=live, subkeys=tuple(keys[1:])))
    return tuple(entries)


def gate(fingerprint: str, entry: Entry | None, *, address: str, standing: Standing, now_ms: int) -> tuple[Reason, ...]:
    """Why this candidate may not be used for `address` (in lower case) at this instant; empty if it may."""
    if entry is None:  # 1
        return (_no("key-not-held", fingerprint),)
    reasons: list[Reason] = []
    if standing is not Standing.VERIFIED:  # 2
        code = "key-withdrawn" if standing is Standing.REVOKED else "key-unverified"
        reasons.append(_no(code, fingerprint))
    primary = entry.primary
    if primary.state or not _is_live(primary, now_ms):  # 3
        reasons.append(_no(_why_dead(primary, now_ms), fingerprint))
        return tuple(reasons)  # all else about a dead key follows from its death
    if address not in entry.addresses:  # 4
        reasons.append(_no("key-other-address", fingerprint))
    if not primary.is_strong:  # 5
        reasons.append(_no("key-weak", fingerprint))
    if entry.encryption_key(now_ms) is None:  # 6
        able = [key for key in entry.subkeys if key.can_encrypt]
        why = (able[-1].state or ("key-weak" if not able[-1].is_strong else "key-expired")) if able else "sign-only"
        reasons.append(_no("key-cannot-encrypt", fingerprint, why))
    return tuple(reasons)


def _no(code: str, fingerprint: str, why: str = "") -> Reason:
    about = (("fingerprint", fingerprint),)
    return Reason(code=code, about=(*about, ("why", why)) if why else about)


def _is_live(key: Key, now_ms: int) -> bool:
    return not key.state and key.created_ms <= now_ms and (key.expires_ms is None or now_ms < key.expires_ms)


def _why_dead(key: Key, now_ms: int) -> str:
    """GnuPG calls a key from the future invalid; a wrong clock is worth its own word."""
    return "key-from-the-future" if key.created_ms > now_ms else key.state or "key-expired"


def _key(row: list[bytes], fingerprint: bytes) -> Key:
    row = [*row, *[b""] * (17 - len(row))]
    capabilities = row[11].decode("ascii", "replace")
    is_disabled = "D" in capabilities
    expires = int(row[6]) * 1000 if row[6].isdigit() else None
    return Key(
        fingerprint=fingerprint.decode("ascii", "replace"),
        state="key-disabled" if is_disabled else _state(row),
        created_ms=int(row[5]) * 1000 if row[5].isdigit() else 0,
        expires_ms=expires,
        is_strong=_is_strong(row),
        can_encrypt="e" in capabilities,
    )


def _state(row: list[bytes]) -> str:
    return _STATES.get(row[1].decode("ascii", "replace")[:1], "")


def _is_strong(row: list[bytes]) -> bool:
    algorithm = row[3].decode("ascii", "replace")
    if algorithm in _RSA:
        return row[2].isdigit() and int(row[2]) >= _RSA_BITS
    return algorithm in _CURVED and row[16].decode("ascii", "replace") in STRONG_CURVES


def _address(escaped: bytes) -> str:
    """The mail address of a user id in lower case; empty if it does not read as exactly one."""
    text = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), escaped).decode("utf-8", "replace")
    found = _ANGLED.fullmatch(text)
    if found:
        return found[1].lower()
    return text.lower() if _BARE.fullmatch(text) else ""
