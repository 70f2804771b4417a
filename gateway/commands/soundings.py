"""What `sealgate doctor` looks at: the machine, the certificates, the walls. `engine/health/checkup` says what of it.

Looking changes nothing, but for one small file in `var/` that is made durable and removed.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dns.resolver
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gateway.commands.assembly import host_of
from gateway.commands.credentials import Credentials
from gateway.commands.setting import Setting
from gateway.engine.health.checkup import Certificate, Disk, Loose
from gateway.engine.workshop.benches import Benches
from gateway.engine.workshop.hall import Reach
from gateway.errors import Failure, Misconfigured
from gateway.judge.rulebook import Rulebook
from gateway.keep.private import CREATE, sync, write_all
from gateway.ship.resolve import FAILURES
from gateway.skeleton import Limits

PATIENCE_S = 5.0
UNITS = Path("/etc/systemd/system")
_EXPOSURE = re.compile(r"Overall exposure level for \S+: (\d+\.\d+)")
_LOCAL = ("127.0.0.1:", "localhost:", "[::1]:")
_TIME_ERROR = 5
_TIMEX_BYTES = 512
"""More than any kernel's `struct timex`."""


# ── certificates and credentials ─────────────────────────────────────────────────────────────────────────────────────


def certificate(setting: Setting, rulebook: Rulebook) -> Certificate:
    """The doors' certificate. Raises `Misconfigured` if it cannot be read."""
    place = setting.certs / "gateway.pem"
    try:
        leaf = x509.load_pem_x509_certificate(place.read_bytes())
    except (OSError, ValueError) as why:
        raise Misconfigured(f"{place} cannot be read as a certificate") from why
    door = rulebook.gateway.door
    listed = [one for table in (door.submission, door.inbound) if table for one in table.listen]
    return Certificate(
        place=str(place),
        names=_names(leaf),
        host=host_of(rulebook),
        is_own_authority=_is_issued_by(leaf, setting.certs / "ca.pem"),
        is_public=any(not one.startswith(_LOCAL) for one in listed),
        is_served=_is_served(leaf, door.submission.listen[0]) if door.submission else None,
    )


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def _is_issued_by(leaf: x509.Certificate, authority: Path) -> bool:
    try:
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_served(leaf: x509.Certificate, place: str) -> bool | None:
    """Whether the door that speaks TLS from the first byte shows this very certificate; None if none answers."""
    host, _, port = place.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))
    try:
        shown = ssl.get_server_certificate((host, int(port)), timeout=PATIENCE_S)
    except (OSError, ValueError):
        return None
    return x509.load_pem_x509_certificate(shown.encode("ascii")) == leaf


def missing_credentials(setting: Setting, rulebook: Rulebook) -> dict[str, str]:
    """Partners whose route has no secret that can be read, and why."""
    credentials = Credentials.beside(setting.var)
    missing: dict[str, str] = {}
    for route in rulebook.routes.route:
        if route.credential:
            try:
                credentials.read(route.credential)
            except Misconfigured as why:
                missing[route.partner] = why.cause
    return missing


# ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────


def is_synchronised() -> bool | None:
    """What the kernel says of its clock (adjtimex(2), which asks and sets nothing); None where it does not say."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def disk(folder: Path, *, needed_bytes: int) -> Disk:
    """The file system under a folder."""
    room = os.statvfs(folder)
    return Disk(
        place=str(folder),
        kind=_kind(folder),
        free_bytes=room.f_bavail * room.f_frsize,
        total_bytes=room.f_blocks * room.f_frsize,
        needed_bytes=needed_bytes,
        sync_ms=_sync_ms(folder),
    )


def _kind(folder: Path) -> str:
    """Of the mount the folder is on; empty where the kernel does not tell."""
    whole, found = f"{folder.resolve()}/", ("", "")
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in mounts:
        _, place, kind, *_ = line.split(" ")
        if whole.startswith(place.rstrip("/") + "/") and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _sync_ms(folder: Path) -> float | None:
    probe = folder / "doctor.probe"
    try:
        probe.unlink(missing_ok=True)
        file = os.open(probe, CREATE, 0o600)
        try:
            write_all(file, b"durable?", 0)
            began = time.monotonic()
            sync(file, probe.name)
            return (time.monotonic() - began) * 1000
        finally:
            os.close(file)
            probe.unlink()
    except (OSError, Failure):
        return None


def loose(setting: Setting) -> tuple[Loose, ...]:
    """What of the office others could read, change or own. `var/` closed shuts all in it; keys are looked at anyway."""
    return tuple(one for one in _looked_at(setting) if not one.is_ours or one.mode & ~one.should_be)


def _looked_at(setting: Setting) -> Iterator[Loose]:
    us = setting.var.lstat().st_uid
    owner = _name_of(us)
    secret = [setting.var, setting.keys, *_files(setting.keys), *_files(setting.var / "credentials"), setting.accounts]
    secret += [*setting.certs.glob("*.key"), setting.host_key]
    public = [setting.rules, *_files(setting.rules), setting.certs, *setting.certs.glob("*.pem")]
    for paths, should_be in ((secret, 0o700), (public, 0o755)):
        for path in paths:
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            if not found.st_mode & 0o777:  # what `InaccessiblePaths=` puts in a file's place
                continue
            is_ours = found.st_uid == us or (should_be == 0o755 and found.st_uid == 0)
            yield Loose(place=str(path), mode=found.st_mode & 0o7777, should_be=should_be, owner=owner, is_ours=is_ours)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def require_our_user(setting: Setting) -> None:
    """Whoever looks must be able to see. Raises `Misconfigured`."""
    try:
        owner = setting.var.lstat().st_uid
    except OSError as why:
        raise Misconfigured(f"{setting.folder} is no office (no var/ in it); name one with --office DIR") from why
    if owner != os.geteuid():
        raise Misconfigured(
            f"{setting.var} belongs to {_name_of(owner)}, and only they can see what there is to see; "
            f"run: sudo -u {_name_of(owner)} sealgate --office {setting.folder} doctor"
        )


def unit_scores(place: Path = UNITS) -> dict[str, float]:
    """How exposed systemd finds the units that are installed; nothing where there are none, or no systemd."""
    return {unit.name: score for unit in sorted(place.glob("sealgate*.service")) if (score := _score(unit)) is not None}


def shut_to_gateway(place: Path = UNITS) -> tuple[str, ...] | None:
    """What the unit of the gateway lets it read and not write; None where none is installed."""
    try:
        lines = (place / "sealgate.service").read_text("utf-8").splitlines()
    except OSError:
        return None
    listed = [line.partition("=")[2] for line in lines if line.startswith("ReadOnlyPaths=")]
    return tuple(one.lstrip("-") for line in listed for one in line.split())


def _score(unit: Path) -> float | None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=6 * PATIENCE_S, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _EXPOSURE.search(said)
    return float(found.group(1)) if found else None


def ask_dns(name: str, kind: str) -> tuple[str, ...] | None:
    """What this machine's name servers say; nothing if there is no such record, None if none of them answers."""
    try:
        return tuple(record.to_text() for record in dns.resolver.resolve(name, kind, lifetime=PATIENCE_S, search=False))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except FAILURES:
        return None


# ── the workshop ─────────────────────────────────────────────────────────────────────────────────────────────────────


def walls(limits: Limits, reach: Reach) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Have processes of a workshop try their walls: what got through, and what held. Raises `Failure`, `OSError`."""

    async def probed() -> tuple[tuple[str, ...], tuple[str, ...]]:
        benches = Benches(limits=limits, workers=1, reach=reach)
        await benches.start()
        try:
            return benches.breaches, benches.mechanisms
        finally:
            await benches.close()

    return asyncio.run(probed())
