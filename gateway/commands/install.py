"""`sealgate install`: place the systemd units, the user and the alerts where Debian looks for them.

It writes text files and nothing else; what makes them count (a new user, `daemon-reload`, `enable`) it prints, so that
whoever runs it reads it first. A file that somebody changed is kept beside the new one. Own settings belong into
drop-ins, `systemctl edit sealgate`, which are never touched.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.rulefolder import read_folder
from gateway.commands.setting import Setting
from gateway.errors import Misconfigured
from gateway.judge.rulebook import Rulebook

_PACKAGE = Path(__file__).resolve().parents[1]
OFFICE = Path("/var/lib/sealgate")
COMMAND = "/usr/bin/sealgate"
"""As the units we ship have them."""
UNITS, USERS, ALERTS = "etc/systemd/system", "etc/sysusers.d", "etc/prometheus/rules"
DOORS = "sealgate.socket"
PARTS = ("sealgate-scribe.socket", "sealgate-workshop.socket")
"""Where the gateway finds its scribe and its workshop, each a unit of its own."""
HIDDEN = ("/home/", "/root/", "/tmp/")
"""From every unit: `ProtectHome`, `PrivateTmp`."""
_LISTEN = "ListenStream="


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    place: str
    was: str
    """`absent`, `same` or `other`."""


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """What was placed, or would be."""

    is_done: bool
    files: tuple[Placed, ...]
    next: tuple[str, ...]
    """Commands, in their order."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be placed where; write nothing.")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path("/"),
              help="Below this folder instead of /, to look at it first or to build a package.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def install(setting: Setting, dry_run: bool, root: Path, as_json: bool) -> None:
    """Place the systemd units, the system user and the Prometheus alerts.

    The sockets are those of the rules of /var/lib/sealgate, or of --office DIR; run it again when the doors change.
    """
    rulebook = _rulebook(setting, root)
    texts = dict(_texts(rulebook))
    files = tuple(Placed(place=str(root / place), was=_state(root / place, text)) for place, text in texts.items())
    command = _command()
    if command.startswith(HIDDEN):
        click.echo(f"sealgate: the units cannot see {command}: install Sealgate under /opt or /usr first", err=True)
    if not dry_run:
        for place, text in texts.items():
            _write(root / place, text)
    said = Installed(is_done=not dry_run, files=files, next=_next(root, rulebook))
    click.echo(msgspec.json.encode(said) if as_json else "\n".join(_lines(said)))


def shipped() -> Path:
    """The folder of the units, as installed or in a checkout. Raises `Misconfigured`."""
    for folder in (_PACKAGE / "sample" / "systemd", _PACKAGE.parent / "systemd"):
        if (folder / "sealgate.service").is_file():
            return folder
    raise Misconfigured("the systemd units are missing from this installation: install sealgate again")


def _rulebook(setting: Setting, root: Path) -> Rulebook | None:
    """The rules the doors are taken from; None where there is no office yet. Raises `Misconfigured`."""
    for folder in (setting.rules, root / OFFICE.relative_to("/") / "rules"):
        if (folder / "gateway.toml").is_file():
            found = read_folder(folder)
            if isinstance(found, Rulebook):
                return found
            raise Misconfigured(f"{folder} does not load, so nobody knows the doors; see: sealgate rules check")
    return None


def _texts(rulebook: Rulebook | None) -> Iterator[tuple[str, str]]:
    """Where each file goes, below the root, and what it says."""
    command = _command()
    for path in sorted(shipped().iterdir()):
        text = path.read_text("utf-8")
        if path.suffix in (".service", ".timer", ".socket"):
            text = text.replace(COMMAND, command)
            yield f"{UNITS}/{path.name}", _with_doors(text, rulebook) if path.name == DOORS else text
        elif path.name == "sealgate.sysusers.conf":
            yield f"{USERS}/sealgate.conf", text
        elif path.name == "sealgate.rules.yml":
            yield f"{ALERTS}/{path.name}", text


def _command() -> str:
    """Where the command is that runs now, as a service can run it; as shipped if it was not installed."""
    found = shutil.which("sealgate") or sys.argv[0]
    return str(Path(found).absolute()) if Path(found).name == "sealgate" and os.access(found, os.X_OK) else COMMAND


def _with_doors(text: str, rulebook: Rulebook | None) -> str:
    """The socket unit with the places of these rules."""
    if rulebook is None:
        return text
    door = rulebook.gateway.door
    listed = [place for table in (door.submission, door.inbound, door.sftp) if table for place in table.listen]
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(_LISTEN))
    rest = [line for line in lines if not line.startswith(_LISTEN)]
    return "\n".join([*rest[:first], *(f"{_LISTEN}{place}" for place in listed), *rest[first:]]) + "\n"


def _state(place: Path, text: str) -> str:
    try:
        return "same" if place.read_text("utf-8") == text else "other"
    except (OSError, UnicodeDecodeError):
        return "other" if place.exists() else "absent"


def _write(place: Path, text: str) -> None:
    """Whole or not at all; what stood there and said something else stays beside it."""
    try:
        if _state(place, text) == "same":
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            shutil.copy2(place, place.with_name(place.name + ".before"))
        draft = place.with_name(place.name + ".new")
        draft.write_text(text, "utf-8")
        draft.chmod(0o644)  # whatever the umask: systemd reads it as nobody in particular
        draft.replace(place)
    except OSError as why:
        raise Misconfigured(f"{place} cannot be written: {why.strerror}; run it as root, or below --root DIR") from why


def _next(root: Path, rulebook: Rulebook | None) -> tuple[str, ...]:
    below = "" if root == Path("/") else f" --root={root}"
    own = f"sudo -u sealgate sealgate init {OFFICE}"
    return (
        f"systemd-sysusers{below}",
        *(() if rulebook else (f"install -d -o sealgate -g sealgate -m 700 {OFFICE}", own)),
        "systemctl daemon-reload",
        f"systemctl enable --now {' '.join(_started())}",
        f"sudo -u sealgate sealgate --office {OFFICE} doctor",
    )


def _started() -> tuple[str, ...]:
    """What is enabled: sockets first, then the gateway, then every timer there is."""
    timers = sorted(path.name for path in shipped().glob("*.timer"))
    return (DOORS, *PARTS, "sealgate.service", *timers)


def _lines(said: Installed) -> Iterator[str]:
    words = {"absent": "new", "same": "stays", "other": "changes"} if not said.is_done else _DONE
    for one in said.files:
        yield f"{words[one.was]:<10} {one.place}"
    yield ""
    yield "Then:" if said.is_done else "Nothing was written. After installing:"
    yield from (f"  {command}" for command in said.next)


_DONE = {"absent": "placed", "same": "stays", "other": "replaced"}
