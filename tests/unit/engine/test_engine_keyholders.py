"""Whose word stands behind which key."""

from __future__ import annotations

from gateway.engine.keyholders import Keyholders
from gateway.facts import Admitted, Consulted, Standing
from tests.unit.engine.engine_world import to_address


def admitted(address: str, fingerprint: str, standing: Standing = Standing.VERIFIED) -> Admitted:
    return Admitted(address=address, fingerprint=fingerprint, standing=standing, by="per@town.test", how="by phone")


def test_keyholders_are_the_fold_of_admissions() -> None:
    """Every word counts in order, any case of the address finds it, and other facts are none."""
    first, second = admitted("A@court.test", "1" * 40), admitted("a@court.test", "2" * 40)
    holders = Keyholders([first, Consulted(by="per", question="?", why="", size=0)])
    holders.add(second)

    assert (first, second) == holders.admitted(to_address("a@COURT.test"))
    assert () == holders.admitted(to_address("b@court.test"))


def test_the_latest_word_counts() -> None:
    """A key that was revoked is no longer by its fingerprint; one for two addresses stays for the other."""
    print_ = "1" * 40
    holders = Keyholders([admitted("a@court.test", print_), admitted("b@court.test", print_)])
    holders.add(admitted("a@court.test", print_, Standing.REVOKED))

    assert ["b@court.test"] == [fact.address for fact in holders.by_fingerprint(print_)]
    assert [Standing.REVOKED, Standing.VERIFIED] == [fact.standing for fact in holders.standings()]
