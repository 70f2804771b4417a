"""Who may be here without a name."""

from __future__ import annotations

from gateway.doors.sftp.settings import Penalties, Startups
from gateway.doors.sftp.strangers import Stranger, Strangers


class Scene:
    """Strangers, a clock, and dice that always fall alike."""

    def __init__(self, chance: float = 0.0) -> None:
        self.now = 1000.0
        self.out: list[str] = []
        self.strangers = Strangers(Startups(), Penalties(), now=lambda: self.now, chance=lambda: chance)

    def arrive(self, address: str, name: str = "", progress: int = 0) -> Stranger | None:
        return self.strangers.arrive(address, lambda: self.out.append(name or address), lambda: progress)


def test_the_eleventh_may_cost_the_first_its_place() -> None:
    """From `start` on, room is made by showing out who has waited longest, not who comes."""
    scene = Scene()
    for i in range(10):
        scene.arrive("192.0.2.1", f"idle {i}")
    assert [] == scene.out

    assert scene.arrive("198.51.100.7") is not None
    assert ["idle 0"] == scene.out


def test_below_certainty_the_dice_decide_and_at_full_they_do_not() -> None:
    """With lucky dice a hundred may be here, never more."""
    scene = Scene(chance=0.999)
    for i in range(100):
        scene.arrive("192.0.2.1", f"idle {i}")
    assert [] == scene.out

    scene.arrive("192.0.2.1")
    assert (["idle 0"], 100) == (scene.out, len(scene.strangers))


def test_a_crowd_from_one_source_makes_room_before_a_single_visitor() -> None:
    """A lone stranger who came first stays; the crowd's oldest goes."""
    scene = Scene()
    scene.arrive("198.51.100.7", "lone")
    for i in range(10):
        scene.arrive("192.0.2.1", f"idle {i}")

    assert ["idle 0"] == scene.out


def test_a_stream_of_newcomers_does_not_push_out_who_is_signing_in() -> None:
    """Of those who have only just come, each from a place of its own, whoever has got least far goes."""
    scene = Scene()
    scene.arrive("198.51.100.7", "signing in", progress=2)
    for i in range(30):
        scene.arrive(f"192.0.2.{i}", f"new {i}")

    assert [f"new {i}" for i in range(21)] == scene.out


def test_who_has_got_far_and_stays_there_keeps_nobody_out() -> None:
    """After two seconds a claim is over: those who exchanged keys and then say nothing go first."""
    scene = Scene()
    for i in range(10):
        scene.arrive(f"192.0.2.{i}", f"idle {i}", progress=2)
    scene.now += 2.0

    scene.arrive("198.51.100.7", "comes")
    scene.arrive("198.51.100.8", "comes too")

    assert ["idle 0", "idle 1"] == scene.out


def test_a_source_that_owes_enough_waits_and_is_forgiven_in_time() -> None:
    """5 s for a wrong try are not enforced; above 15 s they are; a /64 is one source; no debt is over ten minutes."""
    scene = Scene()
    for _ in range(3):
        scene.strangers.punish("2001:db8::1", 5)
    assert scene.arrive("2001:db8::2") is not None
    scene.strangers.punish("2001:db8::1", 5)

    assert scene.arrive("2001:db8::2") is None
    scene.now += 6
    assert scene.arrive("2001:db8::2") is not None
    scene.strangers.punish("2001:db8::1", 10**9)
    assert 600 == scene.strangers.owes("2001:db8::1")


def test_the_table_of_debts_is_bounded() -> None:
    """The one who misbehaved longest ago is forgotten."""
    strangers = Strangers(Startups(), Penalties(sources=3), now=lambda: 0.0, chance=lambda: 0.0)
    for i in range(5):
        strangers.punish(f"192.0.2.{i}", 100)

    assert [0, 0, 100, 100, 100] == [strangers.owes(f"192.0.2.{i}") for i in range(5)]
