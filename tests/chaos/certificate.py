"""`docs/crash-certificate.md`: what the full chaos runs counted; written only when `SEALGATE_CERTIFICATE=1` asks.

Each run replaces its own row between the marks; the words around them are written by hand.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from gateway.engine.clock import SystemClock, moment

PLACE = Path(__file__).parents[2] / "docs" / "crash-certificate.md"
BEGIN, END = "<!-- counted: begin -->", "<!-- counted: end -->"


def enter(name: str, counted: str) -> None:
    """Put a row into the certificate, or leave it alone if nobody asked."""
    if os.environ.get("SEALGATE_CERTIFICATE") != "1":
        return
    text = PLACE.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    body, _, tail = rest.partition(END)
    rows = {row[1]: row[0] for row in re.findall(r"(\| ([^|]+?) \|.*\|)", body) if row[1] not in ("Run", "---")}
    machine = (
        f"Python {platform.python_version()}, Linux {platform.release().partition('-')[0]}, {os.cpu_count()} cores"
    )
    rows[name] = f"| {name} | {counted} | {moment(SystemClock().now_ms()).date().isoformat()}, {machine} |"
    table = "\n".join(["| Run | Counted | When, where |", "|---|---|---|", *(rows[key] for key in sorted(rows))])
    PLACE.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", "utf-8")
