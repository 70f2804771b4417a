"""The health door over HTTP, on an office with a past."""

from __future__ import annotations

import asyncio
import re
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.doors.health import HealthDoor
from gateway.engine.health.gauges import Gauges
from gateway.engine.health.marks import Duty, Mark, Marks
from gateway.engine.health.vitals import Vitals
from gateway.errors import StoreAway
from tests.audited import Past, laid_out, writing
from tests.house import free_base
from tests.playbook import attempted, shipped

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "systemd" / "sealgate.rules.yml"
HANDBOOK = {
    "sealgate_transfers_total", "sealgate_judgements_total", "sealgate_commit_seconds", "sealgate_held_legs",
    "sealgate_decision_seconds", "sealgate_fact_age_seconds",
    "sealgate_queue_legs", "sealgate_queue_oldest_seconds", "sealgate_rules_info", "sealgate_rules_rejected",
    "sealgate_ledger_size", "sealgate_ledger_last_verified_timestamp_seconds",
    "sealgate_witness_last_cosigned_timestamp_seconds", "sealgate_backup_last_timestamp_seconds",
    "sealgate_drill_last_timestamp_seconds", "sealgate_certificate_expiry_timestamp_seconds",
    "sealgate_key_expiry_timestamp_seconds", "sealgate_workshop_runs_total", "sealgate_disk_free_bytes",
    "sealgate_door_refusals_total",
}  # fmt: skip


@pytest.fixture(scope="module")
def past_once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("measured") / "office")


@dataclass
class Measured:
    """A door, and what its probes say."""

    office: Office
    port: int
    vitals: Vitals
    marks: Marks
    said: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> tuple[int, str]:
        return await asyncio.to_thread(_get, f"http://127.0.0.1:{self.port}{path}")


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


@asynccontextmanager
async def measured(past: Past, folder: Path) -> AsyncIterator[Measured]:
    said: dict[str, str] = {}

    async def probe() -> str:
        if said.get("disk") == "raise":
            raise StoreAway("no room")
        return said.get("disk", "")

    with opened(Setting(folder=past.folder)) as office:
        marks = Marks(folder / "marks")
        vitals = Vitals(
            records=office.records,
            archive=office.archive,
            clock=office.clock,
            gauges=Gauges(),
            marks=marks,
            ready={"disk": probe},
            sample=lambda: None,
        )
        door, port = HealthDoor(vitals), free_base()
        await door.listen("127.0.0.1", port)
        try:
            yield Measured(office, port, vitals, marks, said)
        finally:
            await door.close()


def on(past: Past, folder: Path, trial: Callable[[Measured], Awaitable[None]]) -> None:
    async def run() -> None:
        async with measured(past, folder) as house:
            await trial(house)

    asyncio.run(run())


def test_it_is_ready_while_every_probe_is_content(past_once: Past, tmp_path: Path) -> None:
    """One that complains, or fails, makes it 503 with its sentence; it lives all the same."""

    async def trial(house: Measured) -> None:
        assert (200, "ready\n") == await house.get("/ready")
        house.said["disk"] = "it is full"
        assert (503, "disk: it is full\n") == await house.get("/health/ready")
        house.said["disk"] = "raise"
        assert (503, "disk: no room\n") == await house.get("/ready")
        assert (200, "live\n") == await house.get("/live")

    on(past_once, tmp_path, trial)


def test_the_ledger_is_well_for_26_hours(past_once: Past, tmp_path: Path) -> None:
    """After a verification, and not a day later."""

    async def trial(house: Measured) -> None:
        now_ms = house.office.clock.now_ms()
        assert 503 == (await house.get("/ledger-ok"))[0]
        house.marks.make(Duty.VERIFIED, Mark(at_ms=now_ms - 25 * 3_600_000))
        assert (200, "verified\n") == await house.get("/ledger-ok")
        house.marks.make(Duty.VERIFIED, Mark(at_ms=now_ms - 26 * 3_600_000))
        assert 503 == (await house.get("/health/ledger"))[0]

    on(past_once, tmp_path, trial)


def test_the_gauges_count_what_the_ledger_says(past_once: Past, tmp_path: Path) -> None:
    """After a restart open legs are found again; what ended before it is not counted twice."""

    async def trial(house: Measured) -> None:
        await house.vitals.turn()
        _, text = await house.get("/metrics")
        assert 'sealgate_held_legs{cause="' in text
        assert "sealgate_queue_legs 1.0\n" in text
        assert "sealgate_transfers_total{" not in text

    on(past_once, tmp_path, trial)


def test_what_ends_while_it_looks_is_counted_once(tmp_path: Path) -> None:
    """Way, outcome and label; however often it looks."""
    past = laid_out(tmp_path / "office")

    async def trial(house: Measured) -> None:
        await house.vitals.turn()
        await asyncio.to_thread(_one_goes, past)
        await house.vitals.turn()
        await house.vitals.turn()
        _, text = await house.get("/metrics")
        assert 'sealgate_transfers_total{label="confidential",outcome="shipped",way="mail"} 1.0\n' in text

    on(past, tmp_path, trial)


def _one_goes(past: Past) -> None:
    """What was deferred is tried again, and arrives."""
    with writing(past.folder) as pen:
        story = pen.office.archive.story(past.deferred)
        assert story is not None
        pen.then(story.journey, attempted(0), shipped(0))


def test_no_label_names_anybody(past_once: Past, tmp_path: Path) -> None:
    """No address, person, partner or file name stands in the text, whatever happened in the office."""

    async def trial(house: Measured) -> None:
        await house.vitals.turn()
        _, text = await house.get("/metrics")
        assert "@" not in text
        assert not re.search(r"jo|alena|ruth|court|claim|\.test", text, re.IGNORECASE)

    on(past_once, tmp_path, trial)


def test_the_names_are_the_handbooks(past_once: Past, tmp_path: Path) -> None:
    """Every name stands there from the first scrape, and every name an alert uses is one of them."""

    async def trial(house: Measured) -> None:
        await house.vitals.turn()
        _, text = await house.get("/metrics")
        names = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
        assert set() == HANDBOOK - names
        used = set(re.findall(r"sealgate_\w+", "".join(re.findall(r"expr: (.*)", ALERTS.read_text()))))
        assert set() == used - names

    on(past_once, tmp_path, trial)


def test_nothing_else_can_be_asked(past_once: Past, tmp_path: Path) -> None:
    """No other path, and nothing that changes anything."""

    async def trial(house: Measured) -> None:
        assert 404 == (await house.get("/"))[0]
        assert 404 == (await house.get("/metrics/../ledger"))[0]

    on(past_once, tmp_path, trial)
