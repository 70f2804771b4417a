"""An office moved to 127.0.0.1: the doors and the outside, and nothing else."""

from __future__ import annotations

import tomllib

import pytest

from gateway.commands.loopback import on_loopback
from gateway.errors import Misconfigured

MOVED = {"user": "clerk", "host_key": "SHA256:c"}
RULES = {
    "gateway.toml": (
        "# the office\n"
        'office = { name = "Town", domains = ["town.test"] }  # stays\n'
        'ledger = { origin = "town.test/ledger" }\n'
        "[door]\n"
        'submission = { listen = ["0.0.0.0:465", "[::]:587"] }  # staff\n'
        'pickup = { listen = ["0.0.0.0:443"], url = "https://pickup.town.test/get" }\n'
    ),
    "routes.toml": (
        '# the way out\nmail = { give-up = "5d", via = "mx" }\n[[route]]\nid = "box"\nat = "b.test:22"  # ours\n'
        'user = "town"\nhost-keys = ["SHA256:a", { key = "SHA256:b" }]\nfolder = "in"\n'
    ),
    "people.toml": "# untouched\n",
}


def test_every_door_listens_on_loopback_above_the_base() -> None:
    """Each listener is on 127.0.0.1 at BASE + its own port, and links lead there too."""
    door = tomllib.loads(on_loopback(RULES, 20000, **MOVED)["gateway.toml"])["door"]

    assert ["127.0.0.1:20465", "127.0.0.1:20587"] == door["submission"]["listen"]
    assert {"listen": ["127.0.0.1:20443"], "url": "https://localhost:20443/get"} == door["pickup"]


def test_the_outside_is_on_loopback_too() -> None:
    """Mail goes to BASE + 2525, files to BASE + 2222, to somebody who can be there; what else was said stays."""
    routes = tomllib.loads(on_loopback(RULES, 20000, **MOVED)["routes.toml"])

    assert {"give-up": "5d", "via": "127.0.0.1:22525"} == routes["mail"]
    box = {"id": "box", "at": "127.0.0.1:22222", "user": "clerk", "host-keys": ["SHA256:c"], "folder": "in"}
    assert [box] == routes["route"]


def test_comments_and_other_files_stay() -> None:
    """Only the values move: an admin finds every comment where it was."""
    moved = on_loopback(RULES, 20000, **MOVED)

    assert RULES["people.toml"] == moved["people.toml"]
    assert ["# the office", "  # stays", "  # staff"] == [
        mark for mark in ("# the office", "  # stays", "  # staff") if mark in moved["gateway.toml"]
    ]
    assert moved["routes.toml"].startswith("# the way out\n")


def test_a_route_that_cannot_be_moved_stops_everything() -> None:
    """An office on loopback whose mail would still leave the machine is not made."""
    with pytest.raises(Misconfigured, match=r"routes\.toml"):
        on_loopback({**RULES, "routes.toml": '[mail]\nvia = "mx"\n'}, 20000, **MOVED)


def test_a_box_that_cannot_be_moved_stops_everything() -> None:
    """An office on loopback whose files would still leave the machine is not made."""
    elsewhere = RULES["routes.toml"].replace('at = "b', 'at="b')

    with pytest.raises(Misconfigured, match=r"routes\.toml"):
        on_loopback({**RULES, "routes.toml": elsewhere}, 20000, **MOVED)


def test_a_door_that_cannot_be_moved_stops_everything() -> None:
    """An office on loopback with a door open to the world is not made."""
    elsewhere = RULES["gateway.toml"].replace("listen = [", "listen=[")

    with pytest.raises(Misconfigured, match=r"gateway\.toml"):
        on_loopback({**RULES, "gateway.toml": elsewhere}, 20000, **MOVED)
