"""How each part is broken and mended, act by act. What an act says it saw is its evidence.

An act sends real messages through the office, breaks the part itself (no act tells the gateway that something is
broken), and looks at what the outside has received: every byte of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from gateway.commands.demo.cast import NotAsItShould
from gateway.commands.demo.unplug.office import PER, Rehearsal

MONTHS_MS = 150 * 86_400_000
"""Past the last day of every rule that lets this mail go."""
RETRY_MIN, LOOK_MIN = 60, 16
"""Past the next try of a delivery; past the next look at what waits."""

Act = Callable[[Rehearsal], Iterator[str]]


def antivirus(here: Rehearsal) -> Iterator[str]:
    """Killed, then hanging, then well; and a virus at last."""
    here.scanner.stops()
    first = here.sends()
    yield f"killed: 250, then {here.is_held(first, 'unscanned')}"
    here.scanner.starts()
    began = time.monotonic()
    here.is_delivered(first)
    yield f"back: delivered {time.monotonic() - began:.0f} s later, by itself"
    here.scanner.hangs()
    second = here.sends()
    yield f"hanging: 250, then {here.is_held(second, 'unscanned')}"
    here.scanner.goes_on()
    here.is_delivered(second)
    yield "goes on: delivered by itself"
    harmful = here.sends(is_harmful=True)
    yield f"with a virus: 250, then {here.is_held(harmful, 'virus')}"


def dns(here: Rehearsal) -> Iterator[str]:
    """Questions arrive, and nobody answers."""
    here.conditions.names.falls_silent()
    message = here.sends()
    here.is_put_off(message, 1)
    yield "silent: 250, then put off; nothing was connected to"
    here.conditions.names.stops()
    here.conditions.names.starts()
    here.conditions.passes(RETRY_MIN)
    here.is_delivered(message)
    yield "it answers: delivered at the next try"


def remote(here: Rehearsal) -> Iterator[str]:
    """The same message against four bad servers, then the good one."""
    here.outside.is_refusing = True
    message = here.sends()
    here.is_put_off(message, 1)
    yield "refuses for now (451): put off"
    here.outside.is_refusing = False
    for tries, (hangs_up, said) in enumerate(((True, "hangs up"), (False, "never says a word, and is then gone")), 2):
        other = here.instead(hangs_up=hangs_up)
        here.conditions.passes(RETRY_MIN)
        here.is_called(other)
        other.stops()
        here.is_put_off(message, tries)
        yield f"{said}: put off; {len(other.seen)} bytes were said to it"
    here.outside.returns()
    here.outside.is_breaking_off = True
    here.conditions.passes(RETRY_MIN)
    yield f"breaks off before its answer: {here.is_held(message, 'reply-lost')}"
    here.outside.is_breaking_off = False
    here.stage.office.does("held", "release", message.transfer, "--why", "They rang: nothing has come.", by=PER)
    here.is_delivered(message)
    yield "well again, and a person has asked: delivered once"


def disk(here: Rehearsal) -> Iterator[str]:
    """Full to the last byte while a message waits in it."""
    here.outside.is_refusing = True
    waiting = here.sends()
    here.is_put_off(waiting, 1)
    took = here.disk.fills()
    told = here.is_not_taken()
    if not told.startswith("4"):
        raise NotAsItShould(f"not a refusal for now: {told}")
    yield f"full ({took:,} bytes): {told.splitlines()[0]}"
    here.disk.empties()
    here.outside.is_refusing = False
    here.conditions.passes(RETRY_MIN)
    here.is_delivered(waiting)
    yield "room again: what was acknowledged before is delivered"
    here.is_delivered(here.sends())
    yield "and the next message is taken and delivered; nothing was restarted"


def keystore(here: Rehearsal) -> Iterator[str]:
    """The ring's file is something else."""
    ring = here.stage.office.folder / "var" / "gnupg" / "pubring.kbx"
    whole = ring.read_bytes()
    here.conditions.passes(LOOK_MIN)  # what was vouched for is remembered for a minute
    ring.write_bytes(b"This is not a ring of keys.")
    message = here.sends()
    yield f"unreadable: 250, then {here.is_held(message, 'key-not-held')}"
    ring.write_bytes(whole)
    here.conditions.passes(LOOK_MIN)
    here.is_delivered(message)
    yield "readable: delivered by itself at the next look"


def clock(here: Rehearsal) -> Iterator[str]:
    """Five months ahead, and back."""
    here.conditions.clock_jumps(MONTHS_MS)
    told = here.is_not_taken()
    yield f"five months ahead: {told.splitlines()[0]}"
    here.conditions.clock_jumps(-MONTHS_MS)
    message = here.sends()
    here.is_delivered(message)
    yield "back: taken and delivered"
    yield here.ledger_says_that_it_waited()
    found = here.stage.office.does("ledger", "fsck").splitlines()
    yield "sealgate ledger fsck: " + next((line for line in found if line.startswith("The ledger")), found[0])


ACTS: Mapping[str, Act] = {
    "antivirus": antivirus,
    "dns": dns,
    "remote": remote,
    "disk": disk,
    "keystore": keystore,
    "clock": clock,
}
