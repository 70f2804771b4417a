"""Runs GnuPG: fixed argument lists, fingerprints and paths only, never a user's text (B79). Blocks: call in a thread.

Every run is told the time (`--faked-system-time`), so that one decision rests on one clock reading. No agent, no
network, no configuration file, no key server.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Misconfigured, Ours

PATIENCE_S = 30
_FINGERPRINT = re.compile(r"[0-9A-F]{40}!?", re.ASCII)
_ALWAYS = (
    "--no-options", "--batch", "--no-tty", "--quiet", "--no-autostart", "--disable-dirmngr", "--no-auto-key-locate",
    "--no-auto-key-retrieve", "--no-random-seed-file", "--no-auto-check-trustdb", "--trust-model", "always",
    "--display-charset", "utf-8",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a run said on standard output, and whether it reported success."""

    is_success: bool
    text: bytes


def arguments(home: Path, *verb: str, now_ms: int | None = None, program: str = "gpg") -> list[str]:
    """The whole argument list for one verb."""
    frozen = ("--faked-system-time", f"{now_ms // 1000}!") if now_ms is not None else ()
    return [program, "--homedir", str(home), *_ALWAYS, *frozen, *verb]


def environment(home: Path) -> dict[str, str]:
    """The environment of a run: where programs are, where home is, and nothing else of ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "GNUPGHOME": str(home), "LC_ALL": "C.UTF-8"}


def run(home: Path, *verb: str, now_ms: int, stdin: bytes = b"", program: str = "gpg") -> Output:
    """Run to the end. Raises `Misconfigured` if there is no GnuPG, `Ours` if it hangs."""
    try:
        done = subprocess.run(
            arguments(home, *verb, now_ms=now_ms, program=program),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(home),
            timeout=PATIENCE_S,
            check=False,
        )
    except FileNotFoundError:
        raise Misconfigured("GnuPG is not installed: no program named gpg") from None
    except subprocess.TimeoutExpired:
        raise Ours("GnuPG did not answer in time") from None
    return Output(is_success=done.returncode == 0, text=done.stdout)


def fingerprint(text: str) -> str:
    """`text` if it is a fingerprint that may stand on a command line; raises `ValueError` otherwise."""
    if not _FINGERPRINT.fullmatch(text):
        raise ValueError("not a fingerprint")
    return text
