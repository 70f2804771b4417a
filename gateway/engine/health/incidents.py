"""What is stopped, and at what nobody has looked: findings for `doctor`, each with the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.engine.alarms.alarm import Alarms
from gateway.engine.containment.contained import Containments, What
from gateway.engine.health.checkup import DAY_MS, Finding, fine, note, wrong

FORGOTTEN_DAYS = 7
"""What is contained for longer than this somebody has probably forgotten."""


def contained(containments: Containments, now_ms: int) -> Iterator[Finding]:
    """Everything that is stopped by a person's order."""
    found = [one for one in containments.open if one.order.what is not What.PAUSE]
    for one in found:
        days = (now_ms - one.order.at_ms) // DAY_MS
        say = wrong if days >= FORGOTTEN_DAYS else note
        since = f"for {days} days" if days > 1 else "since yesterday" if days else "today"
        sentence = f"The {one.order.what.value} {one.order.who} is contained, {since}: {one.order.because}"
        yield say("contained", sentence, f"sealgate contain lift {one.order.id} --because '...' --as YOU")
    if not found:
        yield fine("contained", "Nothing is contained.")


def alarms(sounded: Alarms) -> Iterator[Finding]:
    """Every alarm at which nobody has looked."""
    for one in sounded.open:
        alarm = one.alarm
        paused = "; what they hand in waits" if alarm.pause else ""
        sentence = f"Nobody has looked at the alarm about {alarm.who} ({alarm.kind.value}, {alarm.count}){paused}."
        yield wrong("alarms", sentence, f"sealgate contain looked {alarm.id} --because '...' --as YOU")
    if not sounded.open:
        yield fine("alarms", "No alarm is open.")
