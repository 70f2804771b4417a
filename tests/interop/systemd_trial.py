"""What is tried inside the guest of `systemd_guest.sh`, by its root; what was found goes to /run/shared/found.json."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

SHARED = Path("/run/shared")
UNIT = "sealgate.service"


def systemctl(*words: str) -> int:
    result = subprocess.run(["systemctl", *words], capture_output=True, text=True, timeout=100, check=False)
    print(f"{time.monotonic():.1f}", "systemctl", *words, result.returncode, result.stderr, flush=True)
    return result.returncode


def shown(unit: str, *names: str) -> dict[str, str]:
    command = ["systemctl", "show", unit, "-p", ",".join(names)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if line)


def connected(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.settimeout(60)
    return sock


def greeting(port: int) -> str:
    with connected(port) as sock:
        return sock.recv(200).decode()


def eventually(is_so: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.1)
    return False


def children(of: int) -> dict[int, str]:
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = place.joinpath("stat").read_text().rpartition(") ")[2].split()[1]
            if int(parent) == of:
                found[int(place.name)] = place.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def main() -> None:
    found: dict[str, object] = {}
    found["start"] = systemctl("start", "sealgate.socket", UNIT)
    found["running"] = shown(UNIT, "ActiveState", "SubState", "StatusText", "WatchdogUSec", "NRestarts")
    found["greetings"] = {port: greeting(port) for port in (25, 587, 22)}
    found["held_by_systemd"] = shown("sealgate.socket", "SubState")["SubState"]

    with connected(25) as talking:
        talking.recv(200)
        found["reload"] = systemctl("reload", UNIT)
        talking.sendall(b"NOOP\r\n")
        found["after_reload"] = talking.recv(200).decode()
        talking.sendall(b"QUIT\r\n")

    found["verify"] = systemctl("start", "sealgate-verify.service")
    found["doctor"] = systemctl("start", "sealgate-doctor.service")
    found["doctor_says"] = SHARED.joinpath("sealgate-doctor.log").read_text()

    # Nobody is refused while it restarts: systemd holds the socket, the new process answers.
    systemctl("restart", "--no-block", UNIT)
    found["during_restart"] = greeting(25)

    # A scribe that hangs: no word to the watchdog, and systemd starts all of it again.
    eventually(lambda: shown(UNIT, "SubState")["SubState"] == "running", 30)
    before = int(shown(UNIT, "MainPID")["MainPID"])
    scribe = next(pid for pid, command in children(before).items() if "gateway.commands.scribe" in command)
    os.kill(scribe, signal.SIGSTOP)
    found["is_watched"] = eventually(lambda: shown(UNIT, "NRestarts")["NRestarts"] != "0", 60)
    found["after_watchdog"] = greeting(25)

    found["stop"] = systemctl("stop", UNIT, "sealgate.socket")
    found["stopped"] = shown(UNIT, "Result", "ExecMainStatus")
    SHARED.joinpath("found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
