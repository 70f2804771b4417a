"""systemd's own judgement of the units we ship; and those units run, by a real systemd in a guest of our making."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.soundings import unit_scores
from gateway.engine.health import checkup
from gateway.engine.health.checkup import Grade

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
GUEST = Path(__file__).with_name("systemd_guest.sh")
SYSTEMD = Path("/lib/systemd/systemd")
MOST = {"sealgate.service": 12, "sealgate-doctor.service": 12}
"""Of 100; every other unit 4: it has no network."""
SEEN = {"read_records": "done", "write_beside": "done"}
"""What a gateway that was taken over can do of what is tried."""

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"),
]


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_the_exposure_of_each_unit_is_within_its_gate(unit: str) -> None:
    """The gateway scores at most 1.2 of 10, what has no network 0.4; a hardening line that goes missing shows here."""
    threshold = f"--threshold={MOST.get(unit, 4)}"

    result = analyze("security", "--offline=true", "--no-pager", threshold, str(UNITS / unit))

    assert 0 == result.returncode, result.stdout[-600:]


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("sealgate*.[stm]*[ert]")))
def test_every_line_of_each_unit_is_understood(unit: str) -> None:
    """systemd knows every setting; the only thing missing here may be the installed command."""
    complaints = [line for line in analyze("verify", str(UNITS / unit)).stderr.splitlines() if "sealgate" in line]

    assert [] == [line for line in complaints if "is not executable" not in line]


def test_a_doctor_reads_the_same_scores() -> None:
    """What `sealgate doctor` would say of these units, were they installed, is that they are as tight as shipped."""
    scores = unit_scores(UNITS)

    assert {path.name for path in UNITS.glob("*.service")} == set(scores)
    assert [Grade.FINE] == [one.grade for one in checkup.units(scores)]


# ── run by a real systemd ────────────────────────────────────────────────────────────────────────────────────────────


def why_not() -> str:
    """Why no guest can be made here; empty if one can."""
    if os.geteuid() != 0 or not SYSTEMD.exists() or shutil.which("unshare") is None:
        return "a guest needs root, systemd and unshare"
    mounts = "mount --make-rprivate / && mount -t tmpfs t /mnt && mount -t cgroup2 c /mnt"
    command = ["unshare", "--pid", "--fork", "--mount", "--cgroup", "--net", "sh", "-c", mounts]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return "" if tried.returncode == 0 else f"this machine makes no guest: {tried.stderr.strip()[-80:]}"


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `systemd_trial` found."""
    if why := why_not():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("guest")
    shared = folder / "shared"
    shared.mkdir()
    unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--uts", "--net", "--ipc"]
    places = [str(folder), sys.base_prefix, sysconfig.get_path("purelib"), str(ROOT)]
    with (folder / "console").open("wb") as console:
        ended = subprocess.run(
            [*unshare, "bash", str(GUEST), *places], stdout=console, stderr=console, timeout=320, check=False
        )
    found = shared / "found.json"
    logs = "".join(f"\n== {path.name}\n{path.read_text()[-1500:]}" for path in sorted(shared.glob("*.log")))
    assert found.exists(), f"ended with {ended.returncode}: {(folder / 'console').read_text()[-1500:]}{logs}"
    return dict(json.loads(found.read_text()))


@pytest.mark.slow
def test_the_gateway_gets_ready_within_its_restrictions(guest: dict[str, Any]) -> None:
    """Started by systemd with every restriction of its unit it says that it is ready, and with which rules."""
    assert 0 == guest["start"]
    assert ("active", "running") == (guest["running"]["ActiveState"], guest["running"]["SubState"])
    assert guest["running"]["StatusText"].startswith("serving under rules ")
    assert "0" == guest["running"]["NRestarts"]


@pytest.mark.slow
def test_the_doors_answer_on_sockets_that_systemd_holds(guest: dict[str, Any]) -> None:
    """Ports 25, 587 and 22 are answered by a process that may open none of them."""
    greetings = {port: said.split()[0] for port, said in guest["greetings"].items()}

    assert {"25": "220", "587": "220", "22": "SSH-2.0-Sealgate"} == greetings
    assert "running" == guest["held_by_systemd"]


@pytest.mark.slow
def test_a_reload_drops_no_connection(guest: dict[str, Any]) -> None:
    """A mail program in the middle of a session does not notice `systemctl reload`."""
    assert 0 == guest["reload"]
    assert guest["after_reload"].startswith("250 ")


@pytest.mark.slow
def test_a_restart_refuses_nobody(guest: dict[str, Any]) -> None:
    """Who connects while the gateway restarts waits for the next process, and is greeted."""
    assert guest["during_restart"].startswith("220 ")


@pytest.mark.slow
def test_a_scribe_that_hangs_is_noticed(guest: dict[str, Any]) -> None:
    """The watchdog hears nothing while the scribe does not answer, so systemd starts all of it again."""
    assert guest["is_watched"]
    assert guest["after_watchdog"].startswith("220 ")


@pytest.mark.slow
def test_a_gateway_that_is_taken_over_can_neither_change_nor_sign_the_ledger(guest: dict[str, Any]) -> None:
    """It reads the records and keeps things beside them; writing, replacing or locking them, reading or replacing the
    key, seeing the scribe, or changing any of this are refused by the kernel."""
    said = guest["taken_says"]

    assert SEEN == {attempt: came for attempt, came in said.items() if came == "done"}
    assert 13 == len(said)


@pytest.mark.slow
def test_the_workshop_goes_and_comes_and_the_gateway_stays(guest: dict[str, Any]) -> None:
    """Without it a message is refused for now; with its socket back the next one is taken in, by the same gateway."""
    assert (250, 451) == (guest["mail"], guest["mail_without_workshop"])
    assert guest["mail_is_taken_again"]
    assert guest["gateway_stayed"]


@pytest.mark.slow
def test_a_scribe_that_is_restarted_refuses_nobody(guest: dict[str, Any]) -> None:
    """The gateway ends with it, and starts again; who connects meanwhile is greeted."""
    assert guest["greeting_without_scribe"].startswith("220 ")
    assert guest["mail_after_scribe"]


@pytest.mark.slow
def test_the_signing_key_may_be_an_encrypted_credential(guest: dict[str, Any]) -> None:
    """The file is gone; the scribe's unit alone has the key, signs with it, and the ledger verifies without it."""
    assert 0 == guest["sealed_key"]
    assert guest["mail_with_credential"]
    assert 0 == guest["verify_with_credential"]


@pytest.mark.slow
def test_the_workshops_walls_hold_within_the_unit(guest: dict[str, Any]) -> None:
    """Inside the unit's own restrictions a confined process still gets Landlock and seccomp, and can do nothing."""
    line = next(line for line in guest["doctor_says"].splitlines() if " workshop " in line)

    assert line.startswith("ok ")
    assert "landlock" in line
    assert "seccomp" in line


@pytest.mark.slow
def test_the_ledger_is_verified_without_a_network(guest: dict[str, Any]) -> None:
    """The nightly unit recomputes the ledger, and the doctor's unit fails aloud where something is wrong."""
    assert 0 == guest["verify"]
    assert "The whole ledger was recomputed 0 hours ago." in guest["doctor_says"]
    assert 0 != guest["doctor"]  # the development certificate on a public door


@pytest.mark.slow
def test_it_stops_when_told(guest: dict[str, Any]) -> None:
    """`systemctl stop` ends it with success."""
    assert (0, "success", "0") == (guest["stop"], guest["stopped"]["Result"], guest["stopped"]["ExecMainStatus"])
