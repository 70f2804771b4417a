"""The conditions of a rehearsal, inside each process of the rehearsed office: its clock, and whom it asks for names.

The product knows nothing of this: no switch of its own makes its clock jump. Python imports this module at its start
because `demo --break` put this folder on the path of the processes it started, and of nobody else's.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "SEALGATE_REHEARSAL"
"""The folder of the rehearsal: `clock` holds the milliseconds the clock is ahead, `names` a port on 127.0.0.1."""


def rehearse(folder: Path) -> None:
    """From now on this process lives under the conditions in `folder`."""
    import dns.resolver

    from gateway.engine.clock import SystemClock

    clock, machine_ms, port = folder / "clock", SystemClock.now_ms, int((folder / "names").read_text("ascii"))

    def now_ms(self: SystemClock) -> int:
        return machine_ms(self) + int(clock.read_text("ascii"))

    def ask_ours(self: dns.resolver.BaseResolver, f: object) -> None:
        self.nameservers, self.port = ["127.0.0.1"], port

    SystemClock.now_ms = now_ms  # type: ignore[method-assign]
    dns.resolver.BaseResolver.read_resolv_conf = ask_ours  # type: ignore[method-assign]


if VARIABLE in os.environ:
    rehearse(Path(os.environ[VARIABLE]))
