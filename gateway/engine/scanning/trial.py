"""Does the scanner find anything at all? It is tried with the file that is there for that, which harms nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gateway.engine.scanning.answer import Answer, Unscanned, Why
from gateway.engine.scanning.examination import Scanner

PATIENCE_S = 20.0

# In two halves, or every scanner that sees this file of ours would take it for what it tries scanners with.
HARMLESS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What EICAR made for it: sixty-eight letters that do nothing."""


async def tried(scanner: Scanner) -> tuple[str | Unscanned, Answer]:
    """Who it is, and what it says of the file."""
    version = await scanner.version()
    if isinstance(version, Unscanned):
        return version, version
    try:
        async with asyncio.timeout(PATIENCE_S):
            return version, await scanner.scan(_harmless())
    except TimeoutError:
        return version, Unscanned(Why.SLOW)


async def _harmless() -> AsyncIterator[bytes]:
    yield HARMLESS
