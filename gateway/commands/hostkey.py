"""The file door's host key: made once, and the same for as long as partners and clients pin it.

Ed25519, in OpenSSH's own format, so that `ssh-keygen -lf` shows what clients will ask about. Who has old partners may
put an RSA key in its place.
"""

from __future__ import annotations

from pathlib import Path

import asyncssh
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey as RSAKey

from gateway.commands.authority import write_new
from gateway.errors import Misconfigured

LEAST_RSA_BITS = 3072


def make_host_key(path: Path) -> asyncssh.SSHKey:
    """A new key at `path`, and its public half beside it. Raises `FileExistsError` rather than replace one."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment="sealgate")
    write_new(path, key.export_private_key("openssh"), mode=0o600)
    write_new(path.with_name(path.name + ".pub"), key.export_public_key("openssh"), mode=0o644)
    return key


def host_key_at(path: Path) -> asyncssh.SSHKey:
    """The key at `path`. Raises `Misconfigured` in one clear sentence."""
    if not path.is_file():
        raise Misconfigured(f"{path} is missing, and the file door needs it; make one with: sealgate people host-key")
    if path.stat().st_mode & 0o077:
        raise Misconfigured(f"{path} can be read by others; take that away with: chmod 600 {path}")
    try:
        key = asyncssh.read_private_key(path)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as why:
        raise Misconfigured(f"{path} is not an SSH private key without a passphrase") from why
    except OSError as why:
        raise Misconfigured(f"{path} cannot be read: {why.strerror}") from why
    if not _is_strong(key):
        raise Misconfigured(f"{path} must be an Ed25519 key, or an RSA key of at least {LEAST_RSA_BITS} bits")
    return key


def _is_strong(key: asyncssh.SSHKey) -> bool:
    private = key.pyca_key
    return key.get_algorithm() == "ssh-ed25519" or (isinstance(private, RSAKey) and private.key_size >= LEAST_RSA_BITS)
