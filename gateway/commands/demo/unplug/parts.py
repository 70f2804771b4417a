"""What can be broken, and what is promised then, in words. A run shows that each is so, and writes the words down.

The README's table is these words, as the last run confirmed them; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One row of "if this breaks, that happens"."""

    breaks: str
    """What is broken, and how."""
    happens: str
    """What the office does."""
    mended: str
    """What happens when it works again."""


PARTS: Mapping[str, Part] = {
    "antivirus": Part(
        breaks="the virus scanner is killed, or hangs",
        happens="what was handed in is kept and waits; not a byte leaves unscanned",
        mended="it goes by itself within seconds of the scanner's first answer",
    ),
    "dns": Part(
        breaks="the name server does not answer",
        happens="the message waits, sealed; no connection is opened anywhere",
        mended="the next try delivers it",
    ),
    "remote": Part(
        breaks="the other mail server refuses for now, hangs up, never says a word, or breaks off before its answer",
        happens="the message waits after each try, its text unseen; what may have arrived waits for a person's word",
        mended="the next try, or that word, delivers it, once",
    ),
    "disk": Part(
        breaks="the disk is full",
        happens="nothing new is acknowledged (4xx), so mail programs keep it; what was acknowledged is still there",
        mended="the next message is taken as always, without a restart",
    ),
    "keystore": Part(
        breaks="the ring of recipients' keys is unreadable",
        happens="what must be encrypted waits; it does not go in clear",
        mended="it goes by itself at the next look",
    ),
    "clock": Part(
        breaks="the clock jumps five months ahead, and back again",
        happens="the rules have ended by then, so messages are refused at the door with that reason",
        mended="messages are taken and go; the ledger's time never runs backwards, and it says for how long it waited",
    ),
}
"""In the order in which they are broken: what touches the clock comes last."""
