"""The conditions of a rehearsal: they reach the processes of the rehearsed office, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.exception
import dns.resolver
import pytest

from gateway.commands.demo.cast import free_base
from gateway.commands.demo.unplug.conditions import RELAY, Conditions, NameServer
from gateway.engine.clock import SystemClock

NOW = "from gateway.engine.clock import SystemClock; print(SystemClock().now_ms())"
WHOM = "import dns.asyncresolver; one = dns.asyncresolver.Resolver(); print(one.nameservers, one.port)"


@pytest.fixture
def names() -> Iterator[NameServer]:
    server = NameServer(free_base() + 5353)
    yield server
    server.stops()


@pytest.fixture
def conditions(tmp_path: Path, names: NameServer) -> Conditions:
    return Conditions(tmp_path / "weather", names)


def said(code: str, environment: Mapping[str, str]) -> str:
    """What a Python of the office prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, env={**os.environ, **environment}, check=True
    )
    return done.stdout.decode().strip()


def asked(names: NameServer, name: str, kind: str) -> list[str]:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], names.port
    return [record.to_text() for record in resolver.resolve(name, kind, lifetime=0.5)]


def test_the_clock_of_the_office_jumps_and_ours_does_not(conditions: Conditions) -> None:
    """Ahead and back, in whichever process of the office looks, the next time it looks."""
    environment = conditions.begin()
    hour = 3_600_000

    conditions.passes(600)
    ahead = int(said(NOW, environment)) - SystemClock().now_ms()
    conditions.clock_jumps(-20 * hour)
    behind = int(said(NOW, environment)) - SystemClock().now_ms()

    assert abs(ahead - 10 * hour) < hour
    assert abs(behind + 10 * hour) < hour


def test_the_office_asks_the_name_server_of_the_rehearsal(conditions: Conditions, names: NameServer) -> None:
    """Nothing is asked of the machine's own; and outside the rehearsal nothing of ours."""
    environment = conditions.begin()

    assert f"['127.0.0.1'] {names.port}" == said(WHOM, environment)
    assert str(names.port) not in said(WHOM, {})


def test_the_name_server_knows_one_name(names: NameServer) -> None:
    """Its address, no other kind of record, and no other name."""
    names.starts()

    assert ["127.0.0.1"] == asked(names, RELAY, "A")
    with pytest.raises(dns.resolver.NoAnswer):
        asked(names, RELAY, "AAAA")
    with pytest.raises(dns.resolver.NXDOMAIN):
        asked(names, "other.test", "A")


def test_silent_it_answers_nobody_until_it_does_again(names: NameServer) -> None:
    """A question is taken and never answered, which is not the same as refused."""
    names.starts()
    names.falls_silent()
    with pytest.raises(dns.exception.Timeout):
        asked(names, RELAY, "A")

    names.stops()
    names.starts()

    assert ["127.0.0.1"] == asked(names, RELAY, "A")
