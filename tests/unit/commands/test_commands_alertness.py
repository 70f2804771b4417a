"""The moment somebody is contained, every door is told whom to show out."""

from __future__ import annotations

from collections.abc import Callable

from gateway.commands.alertness import show_out_of
from gateway.engine.containment.contained import Containment, Containments, What

SSH = "SHA256:" + "a" * 43


class OneDoor:
    """Remembers who was inside when it was told."""

    def __init__(self, *inside: tuple[str, str]) -> None:
        self.inside, self.left = inside, list[tuple[str, str]]()

    def show_out(self, is_barred: Callable[[str, str], bool]) -> None:
        self.left += [one for one in self.inside if is_barred(*one)]


def stop(what: What, who: str) -> Containment:
    return Containment(id=f"c-{what}", what=what, who=who, at_ms=1, because="x")


def test_whoever_is_contained_is_shown_out_of_every_door() -> None:
    """By person or by the key they came in with; nobody else."""
    mail = OneDoor(("Alena@town.test", ""), ("jo@town.test", ""))
    files = OneDoor(("jo@town.test", SSH), ("partner:court", ""), ("per@town.test", "certificate 7"))
    containments = Containments()
    show_out_of([mail, files], containments)

    containments.add(stop(What.PERSON, "alena@town.test").ordered("ruth@town.test"))
    assert ([("Alena@town.test", "")], []) == (mail.left, files.left)
    containments.add(stop(What.KEY, SSH).ordered("ruth@town.test"))
    assert [("jo@town.test", SSH)] == files.left


def test_a_pause_shows_nobody_out() -> None:
    """What they hand in waits; they may go on."""
    door, containments = OneDoor(("jo@town.test", "")), Containments()
    show_out_of([door], containments)

    containments.add(stop(What.PAUSE, "jo@town.test").ordered(""))

    assert [] == door.left
