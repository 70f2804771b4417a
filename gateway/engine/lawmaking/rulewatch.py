"""Does the rule folder still say what is in force? Looked at every few seconds while the gateway runs, and only that.

Only a published set is in force. A hand edit raises a banner and waits; what cannot be read raises another, and never
replaces what works. A look costs the names and times of a few files; they are read only when one of those has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.engine.incident import place_of
from gateway.engine.policy import InForce
from gateway.judge.problems import Problem
from gateway.judge.rulebook import Rulebook

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3.0

Read = Callable[[], Rulebook | tuple[Problem, ...]]
"""Reads the folder whole, or says what is wrong with it. Blocks."""
Glance = Callable[[], object]
"""What changes whenever a file of the folder does: names, sizes, times. Blocks, briefly."""


class Standing(StrEnum):
    """How the folder stands to what is in force."""

    PUBLISHED = "published"
    EDITED = "edited"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """What is in force, and what the folder says."""

    in_force: str
    """Digest."""
    folder: str
    """Digest; empty if it does not load."""
    problems: tuple[Problem, ...] = ()

    @property
    def standing(self) -> Standing:
        """The two against each other."""
        if self.problems:
            return Standing.BROKEN
        return Standing.PUBLISHED if self.folder == self.in_force else Standing.EDITED

    @property
    def banner(self) -> str:
        """One sentence for whoever looks after the gateway; empty when all is as it should be. Names nobody."""
        match self.standing:
            case Standing.EDITED:
                return (
                    "rules/ differs from the rules in force and has no effect; see: sealgate rules diff; "
                    "bring it into force with: sealgate rules publish"
                )
            case Standing.BROKEN:
                return (
                    f"rules/ does not load ({len(self.problems)} to mend) and has no effect; the rules in force stay; "
                    "see: sealgate rules check"
                )
            case _:
                return ""


def folder_state(in_force: str, found: Rulebook | Sequence[Problem]) -> FolderState:
    """How a folder, as read, stands to the set of that digest."""
    if isinstance(found, Rulebook):
        return FolderState(in_force=in_force, folder=found.digest)
    return FolderState(in_force=in_force, folder="", problems=tuple(found))


@dataclass(slots=True, kw_only=True)
class RuleWatch:
    """Looks until it is cancelled. `state` is for whoever is asked how the gateway is."""

    rules: InForce
    read: Read
    glance: Glance
    state: FolderState | None = None
    _seen: object = field(default=None, init=False)
    _read: Rulebook | tuple[Problem, ...] | None = field(default=None, init=False)
    _said: str = field(default="", init=False)

    def begin(self, mark: object, found: Rulebook | tuple[Problem, ...]) -> None:
        """What has been read already, and the glance from just before: the first look need not read it again."""
        self._seen, self._read = mark, found

    async def run(self) -> None:
        """Look every few seconds. A look is over before the next begins."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await asyncio.to_thread(self.look)
            except Exception as bug:  # whatever the folder holds, what works goes on working
                log.error("rules/ could not be looked at %s", place_of(bug))

    def look(self) -> FolderState:
        """One look. Says in the log what has changed, once. Blocks; one thread at a time."""
        seen = self.glance()
        if self._read is None or seen != self._seen:
            self._read, self._seen = self.read(), seen
        self.state = folder_state(self.rules.rulebook.digest, self._read)
        if self.state.banner != self._said:
            self._said = self.state.banner
            if self._said:
                log.warning("%s", self._said)
            else:
                log.info("rules/ is what is in force digest=%s", self.state.in_force[:12])
        return self.state
