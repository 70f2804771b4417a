"""What the audience reads: a line for each scene and its evidence, in colour on a terminal, plain anywhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from rich.console import Console
from rich.text import Text


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one scene."""

    title: str
    ok: bool
    evidence: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the play."""

    ok: bool
    seconds: float
    steps: tuple[Step, ...]


class Ended(Protocol):
    """What a play came to; told whole as JSON."""

    @property
    def ok(self) -> bool:
        """Everything was as it should be."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...


@dataclass(slots=True)
class Programme:
    """Tells the play as it goes; says nothing in between when it is told at the end as JSON."""

    is_quiet: bool
    _console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def opens(self, text: str) -> None:
        """Before the first scene."""
        self._say(f"{text}\n", "bold")

    def tells(self, number: int, step: Step) -> None:
        """After a scene."""
        mark, style = (self._sign("✓", "ok"), "green") if step.ok else (self._sign("✗", "NOT OK"), "bold red")
        self._say(f"{mark} {number:>2}  {step.title}", style)
        for line in step.evidence:
            self._say(f"       {line}", "" if step.ok else "red")

    def ends(self, outcome: Ended, *, unplayed: int) -> None:
        """After the last scene, when the stage is clear again."""
        if self.is_quiet:
            self._console.out(msgspec.json.encode(outcome).decode())
        elif outcome.ok:
            took = f"{outcome.seconds:.1f} s"
            self._say(f"\nEverything was as it should be, in {took}. Nothing is left behind.", "bold green")
        else:
            self._say(f"\nThis was not as it should be. {unplayed} scenes were not played.", "bold red")

    def _say(self, text: str, style: str) -> None:
        if not self.is_quiet:
            self._console.print(Text(text, style))

    def _sign(self, sign: str, plain: str) -> str:
        return plain if self._console.options.ascii_only else sign
