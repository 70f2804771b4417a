"""Which view the rules in force give somebody, and whose entries it opens."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.commands.sample import sample_rules
from gateway.engine.viewing import involved, view_for
from gateway.facts import Admitted, Consulted, Published, Received, Standing
from gateway.journey import begin
from gateway.judge.rulebook import Rulebook, read
from gateway.ledger.views import Role
from tests.playbook import mail

ON = date(2026, 11, 23)
UNITS = (
    ('powers = ["publish", "break-glass"]', 'powers = ["publish", "break-glass", "supervise"]'),
    ('"ruth@town.test" = { name = "Ruth Okafor",', '"ruth@town.test" = { unit = "housing", name = "Ruth Okafor",'),
    (
        '"alena@town.test" = { name = "Alena Novak",',
        '"alena@town.test" = { unit = "housing", also = ["a.novak@town.test"], name = "Alena Novak",',
    ),
)  # fmt: skip


def rulebook(*changes: tuple[str, str]) -> Rulebook:
    """The sample's rules, with people changed."""
    files = sample_rules()
    for old, new in changes:
        assert old in files["people.toml"]
        files["people.toml"] = files["people.toml"].replace(old, new)
    found = read(files)
    assert isinstance(found, Rulebook), found
    return found


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("per@town.test", Role.AUDITOR),
        ("PER@town.test", Role.AUDITOR),
        ("jo@town.test", Role.SUBJECT),
        ("stranger@else.test", Role.OPERATOR),
        ("operator:root", Role.OPERATOR),
        ("", Role.OPERATOR),
    ],
)
def test_the_sample_office(who: str, role: Role) -> None:
    """Its registrar audits, its staff see their own, and nobody else sees anything."""
    assert role is view_for(rulebook(), who, ON).role


def test_a_supervisor_sees_what_the_unit_sent() -> None:
    """By every address its people have; other units stay closed."""
    view = view_for(rulebook(*UNITS), "ruth@town.test", ON)

    assert Role.SUPERVISOR is view.role
    assert [True, True, True, False] == [
        bool(view.of([one])) for one in ("alena@town.test", "A.Novak@town.test", "ruth@town.test", "jo@town.test")
    ]


def test_who_had_a_part_in_an_entry() -> None:
    """The sender and this leg's recipient, or all where it is about no leg; of the office's facts, who acted."""
    received = Received(transfer=mail(to=2))
    journey = begin(received)
    office = (
        Published(digest="", files=(), signers=("ruth@town.test", "per@town.test"), why=""),
        Admitted(address="a@b.test", fingerprint="", standing=Standing.VERIFIED, by="per@town.test", how=""),
        Consulted(by="operator:root", question="", why="", size=1),
    )

    assert ("alena@town.test", "clerk1@court.test") == tuple(involved(journey, received, 1))
    assert ("alena@town.test", "clerk0@court.test", "clerk1@court.test") == tuple(involved(journey, received, None))
    assert [("ruth@town.test", "per@town.test"), ("per@town.test",), ("operator:root",)] == [
        tuple(involved(None, fact, None)) for fact in office
    ]
