"""The one table that says whose eyes see what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.ledger.leaf import CLASSES
from gateway.ledger.views import EVERYTHING, NOTHING, POWERS, SIGHTS, Role, Viewer, view_of

TODAY = date(2026, 11, 21)
JO, ALENA = "jo@town.test", "alena@town.test"


def viewer(*powers: str, until: date = date(2027, 12, 31), unit: tuple[str, ...] = ()) -> Viewer:
    return Viewer(address="Jo@town.test", powers=powers, until=until, unit=unit)


@pytest.mark.parametrize(
    ("powers", "role", "opens"),
    [
        (("audit",), Role.AUDITOR, CLASSES),
        (("audit", "supervise", "inspect"), Role.AUDITOR, CLASSES),
        (("supervise",), Role.SUPERVISOR, ("op", "snd", "rcp", "obj", "sec")),
        (("publish", "vouch", "break-glass"), Role.SUBJECT, ("op", "snd", "rcp", "obj")),
        ((), Role.SUBJECT, ("op", "snd", "rcp", "obj")),
    ],
)
def test_powers_make_the_view(powers: tuple[str, ...], role: Role, opens: tuple[str, ...]) -> None:
    """The first line of the table whose power somebody has is theirs; other powers open nothing."""
    view = view_of(viewer(*powers), TODAY)

    assert (role, frozenset(opens)) == (view.role, view.opens)


def test_whoever_has_not_signed_in_sees_no_private_value() -> None:
    """The machine's own user is an operator, and every class is closed."""
    assert NOTHING == view_of(None, TODAY)
    assert CLASSES == NOTHING.closed(CLASSES)


def test_an_account_that_has_ended_opens_nothing() -> None:
    """The last day counts; the day after it there is no power left."""
    until = viewer("audit", until=TODAY)

    assert [Role.AUDITOR, Role.OPERATOR] == [view_of(until, on).role for on in (TODAY, TODAY + timedelta(days=1))]


@pytest.mark.parametrize(("days", "role"), [(92, Role.REGULATOR), (93, Role.SUBJECT)])
def test_a_regulator_is_let_in_for_a_visit(days: int, role: Role) -> None:
    """An account that goes on for longer is no visit, and the power to inspect counts for nothing."""
    assert role is view_of(viewer("inspect", until=TODAY + timedelta(days=days)), TODAY).role


def test_a_supervisor_sees_the_own_unit_alone() -> None:
    """An entry is open when somebody of the unit had a part in it, in any spelling."""
    view = view_of(viewer("supervise", unit=(JO, ALENA)), TODAY)

    assert [view.opens, view.opens, frozenset()] == [
        view.of(involved) for involved in (["ALENA@town.test", "x@y.test"], [JO], ["ruth@town.test", "x@y.test"])
    ]


def test_a_supervisor_without_a_unit_sees_nothing_of_others() -> None:
    """No unit is nobody's unit, not everybody's."""
    assert frozenset() == view_of(viewer("supervise"), TODAY).of([ALENA])


def test_a_subject_sees_the_own() -> None:
    """Whoever has no power sees what they sent or got themselves."""
    view = view_of(viewer(), TODAY)

    assert (view.opens, frozenset()) == (view.of([JO, "x@y.test"]), view.of([ALENA]))


def test_the_gateway_itself_sees_everything() -> None:
    """Nothing is closed to the engine, whoever an entry is about."""
    assert frozenset(CLASSES) == EVERYTHING.of([])


def test_every_power_of_the_table_can_be_written_in_a_rule_file() -> None:
    """The vocabulary of people.toml has each of them."""
    from gateway.judge import checks

    known = checks._vocabularies({})["power"]

    assert set() == POWERS - known
    assert [] == [sight for sight in SIGHTS if sight.power and sight.power not in known]
