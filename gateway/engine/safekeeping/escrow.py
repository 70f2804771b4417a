"""The office's keys, apart from everything they open, for people who keep them elsewhere.

Each custodian gets an OpenPGP message that their own key alone opens, with `gpg --decrypt` and nothing of ours: JSON,
with every key file in it. One of them and a backup make an office again; a backup alone, or with the disk it lies on,
is ciphertext. Nobody here can open an escrow: that one can be is only known once a custodian has, in a drill.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.engine.clock import Clock
from gateway.engine.keyholders import Keyholders
from gateway.engine.safekeeping.belongings import Filed, Pack, secrets
from gateway.errors import Misconfigured, Tampering
from gateway.keep.keyring import FILES, PUBLIC, Keyring
from gateway.keep.successor import RETIRED, halves
from gateway.ledger.checkpoint import Signer, Vkey
from gateway.seal import gpgpen
from gateway.seal.floor import Vouched
from gateway.seal.registrar import Registrar
from gateway.transfer import Address

WHAT = "sealgate-escrow/v1"
PATIENCE_S = 300.0
"""A custodian may have to look for their passphrase."""
LARGEST = 16 * 1024 * 1024
_ARMOUR = b"-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One custodian's copy."""

    custodian: str
    fingerprint: str
    armoured: bytes

    @property
    def name(self) -> str:
        """What the file is called: no user's text reaches a path."""
        return f"escrow-{self.fingerprint}.asc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Custodians:
    """Those the rules name, and the office's own means to seal to them."""

    addresses: tuple[str, ...]
    registrar: Registrar
    keyholders: Keyholders
    clock: Clock

    def vouched(self) -> dict[str, Vouched]:
        """Each with a key that somebody verified. Raises `Misconfigured` for one without. Blocks."""
        found: dict[str, Vouched] = {}
        for one in self.addresses:
            local, _, domain = one.partition("@")
            address = Address(local=local, domain=domain)
            key = self.registrar.vouch(address, self.clock.now_ms(), self.keyholders.admitted(address))
            if not isinstance(key, Vouched):
                raise Misconfigured(
                    f"there is no verified key of the custodian {one}; "
                    "take it in with: sealgate keys import FILE --verified HOW --as YOU"
                )
            found[one] = key
        return found

    def seal(self, plain: bytes) -> tuple[Sealed, ...]:
        """The same for each, to their own key alone. Raises `Misconfigured`. Blocks."""
        return tuple(
            Sealed(
                custodian=address,
                fingerprint=key.fingerprint,
                armoured=b"".join(gpgpen.encrypt_stream([plain], key.certificate)),
            )
            for address, key in self.vouched().items()
        )


def packed(folder: Path, origin: str, at_ms: int) -> bytes:
    """The escrow of an office, in clear: only ever in memory."""
    return msgspec.json.encode(Pack(what=WHAT, origin=origin, at_ms=at_ms, files=secrets(folder)))


def contents_of(files: Iterable[Filed], index_key: bytes) -> str:
    """What an escrow holds, as a word that says nothing of it: other keys, another word.

    Certificates and their keys are left out: they change by themselves, and a new one can be had. So is what is public.
    """
    digest = hmac.new(index_key, b"sealgate/escrow/v1\x00", hashlib.sha256)
    for one in files:
        if not one.path.startswith("certs/") and not one.path.endswith(PUBLIC):
            digest.update(f"{one.path}\x00{len(one.content)}\x00".encode() + one.content)
    return digest.hexdigest()


def contents_now(folder: Path, index_key: bytes) -> str:
    """What an escrow would hold if it were written now."""
    return contents_of(secrets(folder), index_key)


def opened_escrow(path: Path) -> Pack:
    """An escrow, as a custodian has it: sealed to their key, or opened already. Raises `Misconfigured`, `Tampering`.

    To open a sealed one it runs their own `gpg`, with their own keys, agent and passphrase; what it says stays here.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as why:
        raise Misconfigured(f"{path} cannot be read: {why.strerror}") from why
    if content.lstrip().startswith(_ARMOUR):
        content = _decrypted(content)
    try:
        pack = msgspec.json.decode(content, type=Pack)
    except msgspec.MsgspecError as why:
        raise Tampering(f"{path} is no escrow, or was changed") from why
    if pack.what != WHAT:
        raise Tampering(f"{path} is no escrow of ours, but a {pack.what[:40]!r}")
    return pack


def keyring_of(pack: Pack) -> Keyring:
    """The office's keys out of an escrow. Raises `Tampering`."""
    office, index, seed = (pack.file(f"var/keys/{name}") for name in FILES)
    return Keyring(office_key=office, index_key=index, ledger_seed=seed, entropy=os.urandom)


def vkey_of(pack: Pack) -> str:
    """The ledger's public key."""
    return Signer(pack.origin, keyring_of(pack).ledger_seed).vkey


def earlier_of(pack: Pack) -> tuple[str, ...]:
    """The ledger's public keys before that one."""
    found = [one.content for one in pack.files if one.path == f"var/keys/{RETIRED}"]
    return tuple(str(Vkey(pack.origin, public)) for content in found for public in halves(content))


def _decrypted(sealed: bytes) -> bytes:
    command = ["gpg", "--quiet", "--decrypt"]
    try:
        done = subprocess.run(command, input=sealed, capture_output=True, timeout=PATIENCE_S, check=False)
    except FileNotFoundError:
        raise Misconfigured("GnuPG is not installed: no program named gpg") from None
    except subprocess.TimeoutExpired:
        raise Misconfigured("gpg did not open the escrow in time") from None
    if done.returncode != 0:
        raise Misconfigured("gpg did not open the escrow: is the custodian's own key on this machine, in this account?")
    return done.stdout
