"""What is tried inside the guest of `systemd_guest.sh`, by its root; what was found goes to /run/shared/found.json."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

SHARED = Path("/run/shared")
UNIT, SCRIBE, WORKSHOP = "sealgate.service", "sealgate-scribe.service", "sealgate-workshop.service"
JO, COURT = "jo@town.test", "registry@court.test"


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


def sent() -> int:
    """A message of Jo's to the court: the reply to it; 0 where the gateway went away meanwhile."""
    day = json.loads(SHARED.joinpath("day.json").read_text())
    password = next(one["password"] for one in day["accounts"] if one["address"] == JO)
    message = f"From: {JO}\r\nTo: {COURT}\r\nSubject: [case] 2026-114\r\n\r\nThe exhibits follow.\r\n"
    try:
        with smtplib.SMTP("127.0.0.1", 587, timeout=60) as client:
            client.starttls(context=ssl._create_unverified_context())
            client.login(JO, password)
            client.sendmail(JO, [COURT], message)
    except smtplib.SMTPRecipientsRefused as why:
        return why.recipients[COURT][0]
    except smtplib.SMTPResponseException as why:
        return why.smtp_code
    except (smtplib.SMTPException, OSError):
        return 0
    return 250


def seal_the_key() -> int:
    seed, sealed = Path("/var/lib/sealgate/var/keys/ledger.seed"), Path("/etc/credstore.encrypted/ledger.seed")
    sealed.parent.mkdir(exist_ok=True)
    command = ["systemd-creds", "encrypt", "--with-key=host", "--name=ledger.seed", str(seed), str(sealed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    print(*command, done.returncode, done.stderr, flush=True)
    dropin = Path(f"/etc/systemd/system/{SCRIBE}.d/key.conf")
    dropin.write_text(f"[Service]\nLoadCredentialEncrypted=ledger.seed:{sealed}\n")
    seed.unlink()
    return done.returncode or systemctl("daemon-reload")


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

    found["taken"] = systemctl("start", "taken.service")
    found["taken_says"] = json.loads(SHARED.joinpath("taken.log").read_text())

    # Each part restarts alone. Without the workshop nothing is lost, for nothing is taken in.
    eventually(lambda: shown(UNIT, "SubState")["SubState"] == "running", 30)
    gateway = shown(UNIT, "MainPID")["MainPID"]
    found["mail"] = sent()
    systemctl("stop", "sealgate-workshop.socket", WORKSHOP)
    found["mail_without_workshop"] = sent()
    systemctl("start", "sealgate-workshop.socket")
    found["mail_is_taken_again"] = eventually(lambda: sent() == 250, 90)
    found["gateway_stayed"] = shown(UNIT, "MainPID")["MainPID"] == gateway
    systemctl("restart", SCRIBE)
    found["greeting_without_scribe"] = greeting(25)
    found["mail_after_scribe"] = eventually(lambda: sent() == 250, 90)

    # The signing key as an encrypted credential of the scribe's alone: no file, and the ledger goes on.
    found["sealed_key"] = seal_the_key()
    systemctl("restart", UNIT)
    found["mail_with_credential"] = eventually(lambda: sent() == 250, 90)
    found["verify_with_credential"] = systemctl("start", "sealgate-verify.service")

    # A scribe that hangs: no word to the watchdog, and systemd starts all of it again.
    eventually(lambda: shown(UNIT, "SubState")["SubState"] == "running", 30)
    os.kill(int(shown(SCRIBE, "MainPID")["MainPID"]), signal.SIGSTOP)
    found["is_watched"] = eventually(lambda: shown(UNIT, "NRestarts")["NRestarts"] != "0", 60)
    found["after_watchdog"] = greeting(25)

    found["stop"] = systemctl("stop", UNIT, "sealgate.socket")
    found["stopped"] = shown(UNIT, "Result", "ExecMainStatus")
    SHARED.joinpath("found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
