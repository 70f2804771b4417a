"""Looks at everything that waits as soon as the scanner answers again. A chore of the caretaker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gateway.engine.scanning.examination import Examination

log = logging.getLogger(__name__)

EVERY_S = 3.0


@dataclass(slots=True, kw_only=True)
class Awaiting:
    """Satisfies `caretaker.Chore`."""

    examination: Examination
    look: Callable[[], None]
    """Wakes whoever judges again what waits."""
    every_s: float = EVERY_S
    _is_said: bool = False

    async def turn(self) -> None:
        """See `Chore.turn`."""
        if not self.examination.is_away:
            return
        if not self._is_said:
            self._is_said = True
            log.error("the virus scanner does not answer; what is to leave waits")
        if await self.examination.is_back():
            self._is_said = False
            log.info("the virus scanner answers again")
            self.look()
