"""A gateway that serves, as its supervisor and Prometheus see it."""

from __future__ import annotations

import json
import shutil
import smtplib
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.house import JO, House
from tests.world import eventually, letter

REGISTRY = "registry@court.test"

HEALTH = 9464

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def watched() -> Iterator[House]:
    """The sample office with its health door open."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.changes("gateway.toml", "# health = ", "health = ")
            house.publishes()
            house.opens()
            yield house
        finally:
            house.ends()


def get(house: House, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{house.base + HEALTH}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def gauges(house: House) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, by name and labels, as Prometheus' own parser reads it."""
    families = text_string_to_metric_families(get(house, "/metrics")[1])
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_it_lives_and_is_ready(watched: House) -> None:
    """Rules, scribe, disk and certificate: all asked, all well."""
    assert (200, "live\n") == get(watched, "/live")
    assert (200, "ready\n") == get(watched, "/ready")


def test_the_ledger_is_well_once_it_was_recomputed(watched: House) -> None:
    """`ledger fsck`, run beside the gateway, is what the health door waits for."""
    assert 503 == get(watched, "/ledger-ok")[0]

    watched.asks("ledger", "fsck")

    assert (200, "verified\n") == get(watched, "/ledger-ok")


def test_a_refusal_is_counted_by_door_and_code(watched: House) -> None:
    """Mail for somebody else's domain is refused, and the next scrape says so; nobody is named."""
    with smtplib.SMTP("127.0.0.1", watched.base + 25, timeout=20) as client:
        client.ehlo()
        client.mail("someone@elsewhere.test")
        code, _ = client.rcpt("nobody@elsewhere.test")

    labels = (("code", str(code)), ("door", "inbound"))
    assert 1.0 == gauges(watched)["sealgate_door_refusals_total", labels]
    assert "@" not in get(watched, "/metrics")[1]


def test_a_verdict_is_timed_and_tells_how_old_its_facts_are(watched: House) -> None:
    """A message is judged: how long the judge took, and since when it is known what it needed to know."""
    watched.outside().start()
    watched.meets(REGISTRY)
    watched.staff(JO).sends(letter(JO, REGISTRY, "[case] Papers"), [REGISTRY])
    watched.outside().awaits(REGISTRY)

    found = gauges(watched)

    assert found["sealgate_decision_seconds_count", ()] >= 3
    assert 0 <= found["sealgate_fact_age_seconds", (("fact", "agreement-current"),)] < 90_000


def test_what_it_measures_is_so(watched: House) -> None:
    """The digest in force, the ledger's size, the room on the disk, the served certificate's end."""
    said = json.loads(watched.asks("rules", "status", "--json"))
    assert eventually(lambda: ("sealgate_rules_info", (("digest", said["in_force"]),)) in gauges(watched), 20)

    found = {name: value for (name, labels), value in gauges(watched).items() if not labels}

    assert found["sealgate_ledger_size"] >= 3
    assert found["sealgate_disk_free_bytes"] > 0
    assert found["sealgate_certificate_expiry_timestamp_seconds"] > 1_700_000_000
    assert 0 == found["sealgate_rules_rejected"]
    assert 0 == found["sealgate_backup_last_timestamp_seconds"]


def test_the_doctor_sees_the_certificate_that_is_shown(watched: House) -> None:
    """It asks the door, not the file."""
    found = json.loads(watched.asks("doctor", "--json", may_fail=True))
    (said,) = (one for one in found["findings"] if one["check"] == "certificate")

    assert "fine" == said["grade"]
    assert said["sentence"].endswith("and the doors show it.")


def test_a_health_door_for_strangers_does_not_load(watched: House) -> None:
    """The rules refuse any address but this machine's own."""
    path = watched.folder / "rules" / "gateway.toml"
    before = path.read_text()
    try:
        mine, everybodys = f"127.0.0.1:{watched.base + HEALTH}", "0.0.0.0:9464"
        path.write_text(before.replace(mine, everybodys))
        said = watched.asks("rules", "check", may_fail=True)
    finally:
        path.write_text(before)

    assert "the health door is for this machine alone" in said


def test_a_renewed_pair_is_shown_without_anybodys_word(watched: House) -> None:
    """Both files replaced, one after the other; soon the doors show the new one, and a door stays open meanwhile."""
    certs = watched.folder / "certs"
    with smtplib.SMTP("127.0.0.1", watched.base + 25, timeout=60) as client:
        client.ehlo()
        for half in ("gateway.pem", "gateway.key"):
            shutil.copy(certs / half.replace("gateway", "outside"), certs / half)

        renewed = (certs / "outside.pem").read_text()
        place = ("127.0.0.1", watched.base + 465)
        assert eventually(lambda: ssl.get_server_certificate(place, timeout=10).strip() in renewed, 40)
        assert 250 == client.noop()[0]
