"""A real virus scanner for the stage: ClamAV's daemon, which knows one thing, the file scanners are tried with.

It needs no root, no download and no second: its database is one signature, written when it starts.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gateway.commands.demo.cast import NotAsItShould, eventually, undisturbed
from gateway.engine.scanning.trial import HARMLESS

SIGNATURE = "Sealgate.Test.Harmless"
_FOUND_AS = f"{SIGNATURE}.UNOFFICIAL"
STREAM_LIMIT = 4 * 1024 * 1024


@dataclass(slots=True)
class Scanner:
    """One daemon in one folder, on a socket of its own."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @staticmethod
    def is_installed() -> bool:
        """Debian: apt install clamav-daemon."""
        return program() is not None

    @property
    def socket(self) -> Path:
        """For `scan = { clamd = … }`."""
        return self.folder / "clamd.ctl"

    @property
    def finds(self) -> str:
        """What it calls the harmless file."""
        return _FOUND_AS

    def starts(self) -> None:
        """Start, and answer. Raises `NotAsItShould`."""
        clamd = program()
        if clamd is None:
            raise NotAsItShould("clamd is not installed (Debian: apt install clamav-daemon)")
        database = self.folder / "database"
        database.mkdir(parents=True, exist_ok=True)
        (database / "harmless.ndb").write_text(f"{SIGNATURE}:0:*:{HARMLESS.hex()}\n", "ascii")
        settings = self.folder / "clamd.conf"
        settings.write_text(
            f"DatabaseDirectory {database}\nLocalSocket {self.socket}\nFixStaleSocket yes\nForeground yes\n"
            f"LogFile {self.folder / 'clamd.log'}\nStreamMaxLength {STREAM_LIMIT}\nAlertExceedsMax yes\nSelfCheck 0\n"
        )
        with undisturbed(), (self.folder / "clamd.out").open("ab") as out:
            self._process = subprocess.Popen(
                [clamd, "--config-file", str(settings)], stdout=out, stderr=out, start_new_session=True
            )
        if not eventually(self.socket.exists):
            raise NotAsItShould(f"clamd did not start: {(self.folder / 'clamd.out').read_text('utf-8', 'replace')}")

    def is_told_to_ignore_it(self) -> None:
        """Its owner says that what it finds is nothing; it is started again, as a daemon must be to hear that."""
        self.stops()
        (self.folder / "database" / "ours.ign2").write_text(f"{SIGNATURE}\n", "ascii")
        self.starts()

    def hangs(self) -> None:
        """It takes connections and answers nobody."""
        self._signal(signal.SIGSTOP)

    def goes_on(self) -> None:
        """It answers again."""
        self._signal(signal.SIGCONT)

    def stops(self) -> None:
        """Killed; nothing of it is left but files. Harmless when repeated."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)


def program() -> str | None:
    """Where clamd is: Debian keeps it where only root looks by default."""
    return shutil.which("clamd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
