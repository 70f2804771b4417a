"""The play, from the first scene to the last or to the first that went wrong, and its outcome."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gateway.commands.demo.cast import NotAsItShould
from gateway.commands.demo.programme import Outcome, Programme, Step
from gateway.commands.demo.scenes import SCENES, Scene
from gateway.commands.demo.stage import Stage, stage


def play(*, is_quiet: bool, scenes: Sequence[Scene] = SCENES) -> Outcome:
    """Play the scenes and tell them. When this returns the stage is clear: no process, no folder."""
    programme, began = Programme(is_quiet=is_quiet), time.monotonic()
    programme.opens("Sealgate on loopback: a throw-away office, a mail server outside, gpg at the receivers.")
    steps: list[Step] = []
    with stage() as here:
        for number, scene in enumerate(scenes, 1):
            steps.append(_played(scene, here))
            programme.tells(number, steps[-1])
            if not steps[-1].ok:
                break
    is_fine = all(step.ok for step in steps)
    outcome = Outcome(ok=is_fine, seconds=round(time.monotonic() - began, 1), steps=tuple(steps))
    programme.ends(outcome, unplayed=len(scenes) - len(steps))
    return outcome


def _played(scene: Scene, here: Stage) -> Step:
    """One scene. Whatever goes wrong in it, with the mail server or gpg too, is its evidence."""
    evidence: list[str] = []
    try:
        evidence.extend(scene.play(here))
    except (NotAsItShould, OSError, ValueError, LookupError) as why:
        return Step(title=scene.title, ok=False, evidence=(*evidence, str(why) or type(why).__name__))
    return Step(title=scene.title, ok=True, evidence=tuple(evidence))
