"""What of an office is neither records nor content: rules, certificates, accounts, rings, what outsiders said.

Packed into one JSON text, so that it can be read without us. Two packs are made of an office and no file is in both by
chance: what only custodians may have (`SECRET`) goes into the escrow, everything else into the backup. A pack is ours,
sealed and signed; what it names is bounded all the same before a file is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from gateway.errors import Misconfigured, Tampering
from gateway.keep.private import create_file, sync, sync_folder

PLACES = ("rules", "certs", "var", "tombi.toml")
PUBLIC_CERTIFICATES = (".pem", ".pub")
LARGEST_FILE = 64 * 1024 * 1024

_SECRET = ("var/keys", "var/credentials", "certs")
# GAP: stores that `ledger recover --new-origin` set aside (var/before-…) are history that no longer changes, and may be
# large: they are not in a backup. Keep a copy of them yourself.
_LEFT_OUT = (
    "var/keys", "var/credentials", "var/ledger/tile", "var/ledger/checkpoint", "var/staging", "var/backup", "var/marks",
    "var/lock", "var/restored", "var/drills", "var/gnupg/private-keys-v1.d",
    "var/anchors", "var/ledger/witnessed",  # what outsiders said is asked for anew
)  # fmt: skip
_PASSING = (".sock", ".lock", ".new", "~")


class Filed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file."""

    path: str
    mode: int
    content: bytes


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Files of an office, and whose they are."""

    what: str
    origin: str
    at_ms: int
    files: tuple[Filed, ...]

    def file(self, path: str) -> bytes:
        """What one of them holds. Raises `Tampering` if there is none."""
        for one in self.files:
            if one.path == path:
                return one.content
        raise Tampering(f"{path} is missing from this {self.what}")


def belongings(folder: Path, leave_out: tuple[str, ...]) -> tuple[Filed, ...]:
    """What goes into a backup beside records and content; `leave_out` names where those lie, from the folder."""
    out = (*_LEFT_OUT, *leave_out)

    def is_wanted(path: str) -> bool:
        if path.startswith("certs/"):
            return path.endswith(PUBLIC_CERTIFICATES)
        return not any(path == one or path.startswith((f"{one}/", f"{one}-")) for one in out) and not (
            path.startswith("var/before-") or path.endswith(_PASSING) or "/S.gpg-agent" in path
        )

    return tuple(_files(folder, is_wanted))


def secrets(folder: Path) -> tuple[Filed, ...]:
    """What goes into the escrow: the keys, what partners gave us, and every certificate with its own."""
    return tuple(_files(folder, lambda path: path.startswith(tuple(f"{one}/" for one in _SECRET))))


def keys_within_reach(folder: Path) -> tuple[Filed, ...]:
    """The office's keys, but for those that this process may not read, or that are not kept as files."""
    found: list[Filed] = []
    for path in sorted((folder / "var/keys").iterdir()):
        try:
            found.append(Filed(path=f"var/keys/{path.name}", mode=0o600, content=path.read_bytes()))
        except PermissionError:
            continue
    return tuple(found)


def unpack(files: tuple[Filed, ...], into: Path) -> None:
    """Write the files, durably, over nothing or over an earlier pack's. Raises `Tampering` for a path of no office."""
    for one in files:
        pure = PurePosixPath(one.path)
        if pure.is_absolute() or ".." in pure.parts or pure.parts[:1] not in {(place,) for place in PLACES}:
            raise Tampering(f"{one.path!r} is no file of an office")
        path = into / pure
        _make_folders(path.parent, into)
        path.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            create_file(folder, path.name, one.content)
            path.chmod(one.mode & 0o755)
            sync(folder, str(path.parent))
        finally:
            os.close(folder)


def _make_folders(folder: Path, into: Path) -> None:
    """Those of `var/` are for this user alone."""
    if folder.is_dir():
        return
    _make_folders(folder.parent, into)
    folder.mkdir(mode=0o700 if folder.relative_to(into).parts[0] == "var" else 0o755)
    sync_folder(folder.parent)


def _files(folder: Path, is_wanted: Callable[[str], bool]) -> Iterator[Filed]:
    for place in PLACES:
        start = folder / place
        for path in sorted(start.rglob("*")) if start.is_dir() else (start,):
            name = path.relative_to(folder).as_posix()
            try:
                if path.is_symlink() or not path.is_file() or not is_wanted(name):
                    continue
                if path.stat().st_size > LARGEST_FILE:
                    raise Misconfigured(f"{path} is too large for a file of an office; move it elsewhere")
                yield Filed(path=name, mode=path.stat().st_mode & 0o777, content=path.read_bytes())
            except FileNotFoundError:  # it went while we looked: a proposal that was signed, say
                continue
