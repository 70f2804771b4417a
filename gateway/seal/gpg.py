"""GnuPG's ring, through python-gnupg: fixed options, fingerprints and paths only, never a user's text (B79).

Blocks: call in a thread; calls may overlap. Every run is told the time (`--faked-system-time`), so that one decision
rests on one clock reading. No agent, no network, no configuration file, no key server. What GnuPG prints for people,
and python-gnupg's exceptions and log, stay in here.
"""

from __future__ import annotations

import copy
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import gnupg  # type: ignore[import-untyped]  # it ships no types; no other module imports it

from gateway.errors import Failure, Misconfigured, Ours

PATIENCE_S = 30.0
_FINGERPRINT = re.compile(r"[0-9A-F]{40}!?", re.ASCII)
_ALWAYS = (
    "--no-options", "--batch", "--no-tty", "--quiet", "--no-autostart", "--disable-dirmngr", "--no-auto-key-locate",
    "--no-auto-key-retrieve", "--no-random-seed-file", "--no-auto-check-trustdb", "--trust-model", "always",
    "--display-charset", "utf-8",
)  # fmt: skip
_RING = (
    *_ALWAYS, "--import-options", "self-sigs-only", "--export-filter", "drop-subkey=expired -t || revoked -t",
)  # fmt: skip
# python-gnupg cuts what it hears into lines as text. In Latin-1, its default, the second byte of "Å" ends a line, and a
# user id could go on with a status of its own. Here each byte is a character, and none above 0x7F ends anything.
_ENCODING = "cp437"


class Ring:
    """The certificates in one home directory."""

    def __init__(self, home: Path, *, program: str = "gpg") -> None:
        logging.getLogger("gnupg").setLevel(logging.CRITICAL + 1)  # it logs command lines, errors and keys
        self._home = home
        self._program = program
        self._lock = threading.Lock()
        self._opened: gnupg.GPG | None = None

    def take_in(self, material: bytes, now_ms: int) -> tuple[str, ...]:
        """Merge certificates into the ring; the fingerprints of those GnuPG took."""
        taken: list[str] = []
        self._run(now_ms, lambda program: taken.extend(program.import_keys(material).fingerprints))
        return tuple(taken)

    def listing(self, fingerprints: tuple[str, ...], now_ms: int) -> bytes:
        """The colon listing of those named; of all, if none is."""
        names = [fingerprint(name) for name in fingerprints]
        return self._run(now_ms, lambda program: program.list_keys(keys=names))

    def certificate(self, named: str, now_ms: int) -> bytes:
        """A minimal export: what is expired or revoked at that time is left out. Empty if there is none."""
        name = fingerprint(named)
        return self._run(now_ms, lambda program: program.export_keys(name, armor=False, minimal=True))

    def drop(self, named: str, now_ms: int) -> None:
        """Take a certificate out of the ring; harmless if it is not there."""
        name = fingerprint(named)
        self._run(now_ms, lambda program: program.delete_keys(name))

    def _run(self, now_ms: int, verb: Callable[[gnupg.GPG], object]) -> bytes:
        """What a run wrote. Raises `Misconfigured` if there is no GnuPG, `Ours` if it hangs or python-gnupg fails."""
        heard: list[bytes] = []
        faults: list[Failure] = []

        def keep(piece: bytes) -> bool:
            heard.append(piece)
            return False  # keep it from python-gnupg's own reader of listings: hostile text is read once, by `keyring`

        def work() -> None:
            try:
                program = self._at(now_ms)
                program.on_data = keep
                verb(program)
            except Failure as failure:
                faults.append(failure)
            except Exception as error:
                faults.append(Ours(f"GnuPG could not be run: {type(error).__name__}"))

        # GAP: python-gnupg waits without end and hands out no process to kill; one that hangs is left behind.
        worker = threading.Thread(target=work, name="seal-gnupg", daemon=True)
        worker.start()
        worker.join(PATIENCE_S)
        if worker.is_alive():
            raise Ours("GnuPG did not answer in time")
        if faults:
            raise faults[0]
        return b"".join(heard)

    def _at(self, now_ms: int) -> gnupg.GPG:
        """python-gnupg, told the time. Making one runs GnuPG to learn its version: made once, then copied."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
        program = copy.copy(self._opened)
        program.options = [*_RING, "--faked-system-time", f"{now_ms // 1000}!"]
        return program

    def _open(self) -> gnupg.GPG:
        if shutil.which(self._program) is None:
            raise Misconfigured("GnuPG is not installed: no program named gpg")
        try:
            return gnupg.GPG(
                gpgbinary=self._program,
                gnupghome=str(self._home),
                options=[*_RING],
                env=environment(self._home),
                encoding=_ENCODING,
            )
        except (OSError, ValueError):
            raise Misconfigured("GnuPG is installed but does not start") from None


def fingerprint(text: str) -> str:
    """`text` if it is a fingerprint that may stand on a command line; raises `ValueError` otherwise."""
    if not _FINGERPRINT.fullmatch(text):
        raise ValueError("not a fingerprint")
    return text


def arguments(home: Path, *verb: str, program: str = "gpg") -> list[str]:
    """The whole argument list of a run that is not python-gnupg's; see `gpgpen`."""
    return [program, "--homedir", str(home), *_ALWAYS, *verb]


def environment(home: Path) -> dict[str, str]:
    """The environment of a run: where programs are, where home is, and nothing else of ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "GNUPGHOME": str(home), "LC_ALL": "C.UTF-8"}
