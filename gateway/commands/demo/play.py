"""`sealgate demo`: the play from the first scene to the last, and its outcome."""

from __future__ import annotations

import time

import click

from gateway.commands.demo.cast import NotAsItShould
from gateway.commands.demo.programme import Outcome, Programme, Step
from gateway.commands.demo.scenes import SCENES, Scene
from gateway.commands.demo.stage import Stage, stage

FINDING = 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the steps, and whether each was as promised.")
@click.pass_context
def demo(context: click.Context, as_json: bool) -> None:
    """Show it work on loopback, with real programs on both sides; leave nothing behind."""
    programme, began = Programme(is_quiet=as_json), time.monotonic()
    programme.opens()
    steps: list[Step] = []
    with stage() as here:
        for number, scene in enumerate(SCENES, 1):
            steps.append(_played(scene, here))
            programme.tells(number, steps[-1])
            if not steps[-1].ok:
                break
    is_fine = all(step.ok for step in steps)
    outcome = Outcome(ok=is_fine, seconds=round(time.monotonic() - began, 1), steps=tuple(steps))
    programme.ends(outcome, [scene.title for scene in SCENES[len(steps) :]])
    context.exit(0 if is_fine else FINDING)


def _played(scene: Scene, here: Stage) -> Step:
    """One scene. Whatever goes wrong in it, the outside world's errors included, is its evidence."""
    evidence: list[str] = []
    try:
        evidence.extend(scene.play(here))
    except (NotAsItShould, OSError, ValueError, LookupError) as why:
        return Step(title=scene.title, ok=False, evidence=(*evidence, f"{why}"))
    return Step(title=scene.title, ok=True, evidence=tuple(evidence))
