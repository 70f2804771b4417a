"""A disk that can be filled without harm: a small one in memory, mounted for this rehearsal.

Mounting needs root. Who is not root gets it in a user namespace of their own, if the kernel lets them: then the whole
command is run again inside one, where they may mount what nobody else sees.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SIZE_MIB = 64
NO_SUID_NO_DEVICES, MNT_DETACH = 2 | 4, 2
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_INSIDE = "SEALGATE_REHEARSAL_INSIDE"


@dataclass(slots=True)
class SmallDisk:
    """One, on a folder."""

    folder: Path
    is_mounted: bool = False

    def mounts(self) -> bool:
        """True if it is there now."""
        self.folder.mkdir(exist_ok=True)
        libc, place, kind = ctypes.CDLL(None), str(self.folder).encode(), b"tmpfs"
        done: int = libc.mount(kind, place, kind, NO_SUID_NO_DEVICES, f"size={SIZE_MIB}m,mode=0700".encode())
        self.is_mounted = done == 0
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)  # the office's processes need none of it
        return self.is_mounted

    def fills(self) -> int:
        """Not a byte is left; how many it took."""
        filler, block = self._filler, bytes(64 * 1024)
        with filler.open("wb", buffering=0) as file:
            while block:
                try:
                    file.write(block)
                except OSError:
                    block = block[: len(block) // 2]
        return filler.stat().st_size

    def empties(self) -> None:
        """Room again. Harmless when repeated."""
        self._filler.unlink(missing_ok=True)

    def leaves(self) -> None:
        """Unmount. Harmless when repeated."""
        if self.is_mounted:
            self.is_mounted = ctypes.CDLL(None).umount2(str(self.folder).encode(), MNT_DETACH) != 0

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


def again_where_one_may_mount() -> None:
    """Run this very command again in a user namespace, unless we are root, or there already, or may have none."""
    if os.geteuid() == 0 or _INSIDE in os.environ or shutil.which("unshare") is None:
        return
    inside = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "--"]
    if _is_done([*inside, "true"]):
        again = [*inside, sys.executable, "-P", "-m", "gateway.commands.main", *sys.argv[1:]]
        path = os.pathsep.join((str(Path(__file__).parents[4]), os.environ.get("PYTHONPATH", "")))
        os.execvpe(inside[0], again, {**os.environ, _INSIDE: "1", "PYTHONPATH": path})


def _is_done(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
