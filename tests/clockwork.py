"""`sealgate` with a clock that a story can put forward: the same command, and some minutes from a file on top.

Every process of a story reads the same file, so that the gateway, its scribe, its orders and `fsck` agree what time it
is. TLS and the kernel do not: they keep the machine's time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gateway.commands import scribe
from gateway.commands.main import main
from gateway.engine.clock import SystemClock

VARIABLE = "SEALGATE_STORY_CLOCK"

_machine_ms = SystemClock.now_ms


def _story_ms(clock: SystemClock) -> int:
    return _machine_ms(clock) + 60_000 * int(Path(os.environ[VARIABLE]).read_text())


if __name__ == "__main__":
    SystemClock.now_ms = _story_ms  # type: ignore[method-assign]
    scribe.COMMAND = (sys.executable, "-m", "tests.clockwork", "--scribe")
    if sys.argv[1:2] == ["--scribe"]:
        scribe.main(Path(sys.argv[2]))
    else:
        main()
