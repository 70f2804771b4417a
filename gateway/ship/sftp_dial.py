"""From a route to a server that has proved itself by its host key: connect, key exchange, sign-in, SFTP.

Nothing is believed on first sight and nothing of this machine is asked: no known_hosts, no OpenSSH configuration, no
agent, no default keys. Whoever sits before the proof learns our name and that we speak SSH; every failure up to the
open session is *not now*, so that nobody can turn a file away by forging one.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
from dataclasses import dataclass

import asyncssh

from gateway.errors import Misconfigured
from gateway.facts import Hop, Reason
from gateway.ship import NotNow
from gateway.ship.sftp_route import SftpRoute

# files.md §5: what is not here cannot be chosen.
KEX = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org")
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes128-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
_ECDSA = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
FAMILIES: tuple[tuple[str, ...], ...] = (("ssh-ed25519",), _ECDSA, ("rsa-sha2-512", "rsa-sha2-256"))
"""A server has one host key of each family at most. Certificates are not asked for: the key itself is pinned."""
NOTHING_KNOWN: tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]] = ([], [], [])
REKEY_BYTES = 1 << 30
REKEY_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server may take, each step for itself."""

    connect_s: float = 30
    sign_in_s: float = 60
    """For key exchange, proof and sign-in together."""
    reply_s: float = 60
    block_s: float = 180
    """For the answer to one piece of content, with the others that are on their way before it."""
    sync_s: float = 300
    content_s: float = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A signed-in session whose server holds a pinned key."""

    connection: asyncssh.SSHClientConnection
    sftp: asyncssh.SFTPClient
    hop: Hop


class _Witness(asyncssh.SSHClient):
    """Compares the host key, which proved itself in the key exchange, with the pins; remembers what it saw."""

    def __init__(self, pinned: frozenset[str]) -> None:
        self._pinned = pinned
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """True for a pinned key and no other."""
        self.shown = key
        return key.get_fingerprint() in self._pinned


async def dial(route: SftpRoute, *, today: datetime.date, name: str, patience: Patience) -> Proved | NotNow:
    """A proved session on `route`, or why there is none. `name` is what we call ourselves.

    A fingerprint does not say of which family its key is. So all are asked for at first; if the server then shows a
    key that is not pinned, those that come after it are, once more and alone.
    """
    pinned = frozenset(pin.fingerprint for pin in route.pins if pin.counts_on(today))
    if not pinned:
        return _not_now(route, "no-pin-today", "4.7.5", ("day", today.isoformat()))
    if not route.addresses:
        return _not_now(route, "no-public-address", "4.4.4")
    keys = [_key(route)] if route.login.secret_key else None
    shown: list[str] = []
    first = 0
    while first < len(FAMILIES):
        found = await _dial_any(route, keys, FAMILIES[first:], _Witness(pinned), name=name, patience=patience)
        if isinstance(found, Proved):
            return found
        if isinstance(found, NotNow):
            if not shown or found.reason.code not in ("handshake-failed", "connection-lost"):
                return found
            break  # it has no key of those families; some servers say so by closing
        shown.append(found.get_fingerprint())
        first = max(first, _family(found)) + 1  # always onward, whatever a server shows
    both = (("shown", " ".join(shown)), ("pinned", " ".join(sorted(pinned))))
    return _not_now(route, "host-key-changed", "4.7.5", *both)


async def _dial_any(
    route: SftpRoute,
    keys: list[asyncssh.SSHKey] | None,
    families: tuple[tuple[str, ...], ...],
    witness: _Witness,
    *,
    name: str,
    patience: Patience,
) -> Proved | NotNow | asyncssh.SSHKey:
    """A session with the first address that answers at all; or the key it showed, where that is not pinned."""
    found = _not_now(route, "unreachable", "4.4.1")
    for address in route.addresses:
        try:
            async with asyncio.timeout(patience.connect_s + patience.sign_in_s):
                connection = await _connect(route, address, keys, families, witness, name, patience)
        except (asyncssh.ConnectionLost, ConnectionResetError, BrokenPipeError):
            return _not_now(route, "connection-lost" if witness.shown is None else "sign-in-refused", "4.4.2")
        except (OSError, TimeoutError) as error:
            found = _not_now(route, "unreachable", "4.4.1", ("detail", type(error).__name__))
            continue
        except asyncssh.HostKeyNotVerifiable:
            return witness.shown or _not_now(route, "handshake-failed", "4.7.5")
        except asyncssh.PermissionDenied:
            return _not_now(route, "sign-in-refused", "4.7.8", ("user", route.login.user))
        except Exception as error:  # asyncssh hands on whatever its parsers raise over hostile bytes
            return _not_now(route, "handshake-failed", "4.7.5", ("detail", type(error).__name__))
        return await _session(route, address, connection, witness, patience)
    return found


async def _connect(
    route: SftpRoute,
    address: str,
    keys: list[asyncssh.SSHKey] | None,
    families: tuple[tuple[str, ...], ...],
    witness: _Witness,
    name: str,
    patience: Patience,
) -> asyncssh.SSHClientConnection:
    login = route.login
    return await asyncssh.connect(
        address,
        route.target.port,
        config=[],
        client_factory=lambda: witness,
        client_version=name,
        known_hosts=NOTHING_KNOWN,
        x509_trusted_certs=None,
        x509_trusted_cert_paths=[],
        server_host_key_algs=[algorithm for family in families for algorithm in family],
        kex_algs=list(KEX),
        encryption_algs=list(CIPHERS),
        mac_algs=list(MACS),
        compression_algs=["none"],
        signature_algs=[algorithm for family in FAMILIES for algorithm in family],
        username=login.user,
        client_username=name,
        client_keys=keys,
        client_certs=[],
        password=login.secret_password or None,
        public_key_auth=bool(login.secret_key),
        password_auth=bool(login.secret_password),
        kbdint_auth=bool(login.secret_password),
        host_based_auth=False,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        agent_path=None,
        agent_forwarding=False,
        pkcs11_provider=None,
        x11_forwarding=False,
        send_env=[],
        connect_timeout=patience.connect_s,
        login_timeout=patience.sign_in_s,
        rekey_bytes=REKEY_BYTES,
        rekey_seconds=REKEY_S,
        keepalive_interval=patience.reply_s,
    )


async def _session(
    route: SftpRoute, address: str, connection: asyncssh.SSHClientConnection, witness: _Witness, patience: Patience
) -> Proved | NotNow:
    try:
        async with asyncio.timeout(patience.reply_s):
            sftp = await connection.start_sftp_client()
    except Exception as error:  # as above
        connection.abort()
        return _not_now(route, "sftp-refused", "4.3.2", ("detail", type(error).__name__))
    except BaseException:
        connection.abort()
        raise
    assert witness.shown is not None
    fingerprint = witness.shown.get_fingerprint()
    hop = Hop(
        level="pin",
        host=route.target.host,
        port=route.target.port,
        address=address,
        tls_version="SSH-2.0",
        cipher=str(connection.get_extra_info("send_cipher")),
        leaf_sha256="",
        spki_sha256=base64.b64decode(fingerprint.removeprefix("SHA256:") + "=").hex(),
        matched_name=fingerprint,
        verdict="key-pinned",
    )
    return Proved(connection=connection, sftp=sftp, hop=hop)


def _key(route: SftpRoute) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(route.login.secret_key)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        raise Misconfigured(f"the key for the route {route.id} cannot be read") from None


def _family(key: asyncssh.SSHKey) -> int:
    """Its place in `FAMILIES`; behind the last for a key that was not asked for."""
    kinds = ("ssh-ed25519", "ecdsa-sha2-", "ssh-rsa")
    return next((at for at, kind in enumerate(kinds) if key.get_algorithm().startswith(kind)), len(kinds))


def _not_now(route: SftpRoute, code: str, status: str, *about: tuple[str, str]) -> NotNow:
    known = (("host", route.target.host), ("route", route.id), ("status", status))
    return NotNow(reason=Reason(code=code, about=(*known, *about)))
