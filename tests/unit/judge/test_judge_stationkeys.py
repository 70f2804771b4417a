"""Which keys of the other stations' files need two people: ▲ that grow, ▼ that shrink, ◆ that change (rules.md §3)."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.judge.difference import difference
from tests.edited import PARTNERS, Edit, book

ON = date(2026, 11, 23)


def told(old: tuple[Edit, ...], new: tuple[Edit, ...]) -> list[tuple[str, bool]]:
    return [(one.sentence, one.is_wider) for one in difference(book(*old), book(*new), on=ON).altered]


BOTH_WAYS = [
    pytest.param(
        ("metadata.toml", 'to = ["law-firms"]', 'to = ["law-firms", "courts"]'),
        "Any paper to County Court may now go out with changes.",
        "Any paper to County Court may no longer go out with changes.",
        id="metadata kept for more",
    ),
    pytest.param(
        ("protection.toml", 'confidential = "encrypt-to-recipient"', 'confidential = "verified-transport"'),
        "The least protection of Confidential papers is verified-transport, not encrypt-to-recipient.",
        "The least protection of Confidential papers is encrypt-to-recipient, not verified-transport.",
        id="a lower floor",
    ),
    pytest.param(
        ("protection.toml", 'ways = ["', 'transport = "encrypt"\nways = ["'),
        "Servers of County Court must prove the level encrypt, not best.",
        "Servers of County Court must prove the level best, not encrypt.",
        id="a lower level of transport",
    ),
    pytest.param(
        ("protection.toml", 'ways = ["', 'pickup = { tries = 50 }\nways = ["'),
        "What is picked up waits 26w; a code may be tried 50 times.",
        "What is picked up waits 26w; a code may be tried 5 times.",
        id="more tries",
    ),
    pytest.param(
        ("routes.toml", 'give-up = "5d"', 'give-up = "5d", park-from = "sealed"'),
        "A delivery in doubt waits for a person from sealed up, not confidential.",
        "A delivery in doubt waits for a person from confidential up, not sealed.",
        id="fewer deliveries parked",
    ),
    pytest.param(
        ("retention.toml", 'for = "30d"', 'for = "10d"'),
        '"content" of Public, Office, Confidential and Sealed papers is kept for a shorter time.',
        '"content" of Public, Office, Confidential and Sealed papers is kept for a longer time.',
        id="kept for less long",
    ),
    pytest.param(
        ("gateway.toml", "[door]", 'workshop = { level = "C" }\n[door]'),
        "Documents are opened under confinement C or better, not B.",
        "Documents are opened under confinement B or better, not C.",
        id="weaker confinement",
    ),
    pytest.param(
        ("gateway.toml", "[door]", "limits = { recipients = 2000 }\n[door]"),
        "The limit recipients is 2,000, not 1,000.",
        "The limit recipients is 1,000, not 2,000.",
        id="a higher limit",
    ),
]
SCAN = ("gateway.toml", "[door]", 'scan = { clamd = "/run/clamav/clamd.ctl" }\n[door]')
OTHER_SCAN = ("gateway.toml", "[door]", 'scan = { clamd = "127.0.0.1:3310" }\n[door]')


def test_no_longer_scanning_takes_two() -> None:
    """Beginning to scan for viruses is one person's word; scanning otherwise, or no longer, is two people's."""
    assert ("Viruses are scanned for, by /run/clamav/clamd.ctl.", False) in told((), (SCAN,))
    assert ("Nothing is scanned for viruses any more.", True) in told((SCAN,), ())
    assert ("Viruses are scanned for in another way, by 127.0.0.1:3310.", True) in told((SCAN,), (OTHER_SCAN,))


@pytest.mark.parametrize(("edit", "wider", "narrower"), BOTH_WAYS)
def test_one_way_takes_two_and_the_other_one(edit: Edit, wider: str, narrower: str) -> None:
    """What grows, or shrinks, the wrong way needs a second person; the way back does not."""
    assert (wider, True) in told((), (edit,))
    back = told((edit,), ())
    assert (narrower, False) in back
    assert not any(is_wider for _, is_wider in back)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(("routes.toml", 'via = "mx"', 'via = "relay.test:25"'), id="where mail goes"),
        pytest.param(("routes.toml", 'user = "town"', 'user = "clerk"'), id="a route"),
        pytest.param(("protection.toml", '"openpgp", "smime", "pickup"', '"openpgp", "smime"'), id="ways to seal"),
        pytest.param(
            ("gateway.toml", 'domains = ["town.test"]', 'domains = ["town.test", "town.example"]'), id="domains"
        ),
        pytest.param(("gateway.toml", "files:var/blobs", "files:var/more"), id="storage"),
        pytest.param(("gateway.toml", 'zone = "Europe/London"', 'zone = "Europe/Prague"'), id="the time zone"),
    ],
)
def test_some_keys_need_two_whatever_they_become(edit: Edit) -> None:
    """◆: there and back."""
    assert any(is_wider for _, is_wider in told((), (edit,)))
    assert any(is_wider for _, is_wider in told((edit,), ()))


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(("gateway.toml", 'name = "Town of Example"', 'name = "Town of Sample"'), id="the office's name"),
        pytest.param(("routes.toml", 'give-up = "5d"', 'give-up = "6d"'), id="how long it is tried"),
        pytest.param(("gateway.toml", "0.0.0.0:25", "0.0.0.0:2525"), id="where a door listens"),
    ],
)
def test_other_keys_are_told_and_need_one(edit: Edit) -> None:
    """A key that nobody marked."""
    assert [False] == [is_wider for _, is_wider in told((), (edit,))]


def test_a_partner_who_changes_groups_takes_the_metadata_rules_along() -> None:
    """No word of metadata.toml is touched, and yet more stays in what the court gets."""
    joined: Edit = (PARTNERS, 'groups = ["courts"]\ndomains', 'groups = ["courts", "law-firms"]\ndomains')

    assert ("Any paper to County Court may now go out with changes.", True) in told((), (joined,))


def test_a_strip_lets_go_what_waited_and_wins_over_a_keep() -> None:
    """Of two tables that speak of one kind the stricter counts; what would wait is let go without it."""
    strip: Edit = ("metadata.toml", "[[allow]]\nid", '[[strip]]\nid = "no-notes"\nbecause = "x"\nwhat = ["notes"]\n\n'
                   "[[allow]]\nid")  # fmt: skip
    keep: Edit = ("metadata.toml", 'keep = ["tracked-changes"]', 'keep = ["tracked-changes", "notes"]')

    assert ("Any paper to Smith & Day may now go out with notes.", True) in told((), (keep,))
    assert not [line for line, _ in told((strip,), (strip, keep)) if "with notes" in line]
    assert [True] == [is_wider for line, is_wider in told((), (strip,)) if "without notes rather than wait" in line]


def test_a_legal_hold_is_lifted_by_two() -> None:
    """Set by one, lifted or shortened by two."""
    text = '[[hold]]\nid = "inquiry"\nbecause = "x"\nowner = "ruth@town.test"\nuntil = {}\n\n[[keep]]\nid = "content"'
    first, longer = ("retention.toml", '[[keep]]\nid = "content"', text.format("2027-06-30")), "2027-12-31"
    later: Edit = (*first[:2], text.format(longer))

    assert [("The legal hold inquiry is new.", False)] == told((), (first,))
    assert [("The legal hold inquiry is changed.", False)] == told((first,), (later,))
    assert [("The legal hold inquiry is changed.", True)] == told((later,), (first,))
    assert [("The legal hold inquiry is lifted.", True)] == told((first,), ())
