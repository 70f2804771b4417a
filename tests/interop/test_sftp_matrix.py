"""The matrix: each of other people's SFTP programs against the gateway as it is run, from `init` to a partner's inbox.

`pytest tests/interop/test_sftp_matrix.py --write-matrix` writes what was found to `docs/sftp-clients.md`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import paramiko
import pytest

from tests.boxes import FileClient
from tests.house import ALENA, House
from tests.interop.sftp_programs import PROGRAMS, SSHFS, Copy, Program, Refused, can_mount
from tests.world import eventually

pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("sftp") is None, reason="OpenSSH's sftp is not installed"),
]
OFFICE, INBOX = "/to/court/office/litigation", "/inbox"
PAGE = Path(__file__).parents[2] / "docs" / "sftp-clients.md"
ABILITIES = ("put", "get", "resume", "overwrite", "keeps the time", "rename", "shows why not")
SAID = 1_600_000_000
SENTENCE = "This goes only for litigation"
INTRODUCTION = """# SFTP programs, as tested

Each program against a gateway as `sealgate init` and `sealgate serve` make it, signed in with a key. What was put has
arrived in a partner's inbox byte for byte; what was resumed had been cut in the middle. The tests wrote this page:
`pytest tests/interop/test_sftp_matrix.py --write-matrix`.

"""


@dataclass
class Town:
    """The office, a clerk, and a partner that collects."""

    house: House
    alena: FileClient
    court: FileClient
    found: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """By program and ability."""

    def file(self, name: str, content: bytes) -> str:
        """A file at Alena's home."""
        (self.alena.home / name).write_bytes(content)
        os.utime(self.alena.home / name, (SAID, SAID))
        return name

    def arrived(self, name: str, content: bytes) -> bool:
        """Whether the court finds this content under that name, or a numbered one."""
        stem = name.removesuffix(".txt")

        def is_there() -> bool:
            names = [one for one in self.court.lists(INBOX) if one.startswith(stem)]
            return any(content == self.court.reads(f"{INBOX}/{one}") for one in names)

        return eventually(is_there, 30)

    def seen(self, path: str) -> paramiko.SFTPAttributes | None:
        """What Alena's folder says of a file."""
        with self._connected() as client, client.open_sftp() as sftp:
            try:
                return sftp.stat(path)
            except FileNotFoundError:
                return None

    def breaks_off(self, path: str, content: bytes) -> None:
        """Alena's line is cut while she sends this much of a file."""
        client = self._connected()
        sftp = client.open_sftp()
        with sftp.open(path, "wb") as file:
            file.write(content)
            file.flush()
            client.close()  # the end of the block asks for a CLOSE of nobody
        assert eventually(lambda: getattr(self.seen(path), "st_size", -1) == len(content), 30)

    def _connected(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.alena.home / "known_hosts"))
        key = str(self.alena.home / "key")
        client.connect("127.0.0.1", self.alena.port, ALENA, key_filename=key, allow_agent=False, look_for_keys=False)
        return client


@pytest.fixture(scope="module")
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.lets_the_court_collect()
            house.opens()
            town = Town(house, house.desk_of(ALENA), house.desk_at("court"))
            yield town
            house.is_whole()
            assert 0 == house.closes()
            if request.config.getoption("--write-matrix"):
                PAGE.write_text(_page(town.found))
        finally:
            house.ends()


def _having(ability: str) -> pytest.MarkDecorator:
    """The programs that have words for it, those that are not here skipped aloud."""
    having = [program for program in PROGRAMS if getattr(program, ability) is not None]
    return pytest.mark.parametrize("program", having, ids=[program.name for program in having])


@pytest.fixture
def copy(program: Program) -> Program:
    if not program.is_here:
        pytest.skip(f"{program.needs} is not installed")
    if program is SSHFS and not can_mount():
        pytest.skip("there is no FUSE here")
    return program


@_having("put")
def test_put(town: Town, program: Program, copy: Program) -> None:
    """What was put has arrived, byte for byte."""
    name, content = _named(program, "put"), b"put CANARY\r\n" * 100_000

    program.put(town.alena, town.file(name, content), f"{OFFICE}/{name}")

    assert town.arrived(name, content)
    town.found[program.name]["put"] = "yes"


@_having("get")
def test_get(town: Town, program: Program, copy: Program) -> None:
    """A partner gets what waits for it, byte for byte."""
    name, content = _named(program, "get"), b"get CANARY\r\n" * 100_000
    assert town.alena.hands_in(content, f"{OFFICE}/{name}").was_taken
    path = town.court.awaits(INBOX, name)

    program.get(town.court, path, "got.txt")

    assert content == (town.court.home / "got.txt").read_bytes()
    (town.court.home / "got.txt").unlink()
    town.found[program.name]["get"] = "yes"


@_having("resume")
def test_resume(town: Town, program: Program, copy: Program) -> None:
    """After a cut line it goes on where it was cut, and the whole arrives."""
    name, content = _named(program, "resume"), b"resumed CANARY\r\n" * 60_000
    town.breaks_off(f"{OFFICE}/{name}", content[:300_000])

    _words(program.resume)(town.alena, town.file(name, content), f"{OFFICE}/{name}")

    assert town.arrived(name, content)
    town.found[program.name]["resume"] = "yes"


@_having("put")
def test_overwrite(town: Town, program: Program, copy: Program) -> None:
    """Put once more under the same name, the new version arrives too."""
    name, first, second = _named(program, "overwrite"), b"first CANARY, longer\r\n", b"second CANARY\r\n"
    program.put(town.alena, town.file(name, first), f"{OFFICE}/{name}")
    assert town.arrived(name, first)

    program.put(town.alena, town.file(name, second), f"{OFFICE}/{name}")

    assert town.arrived(name, second)
    assert len(second) == getattr(town.seen(f"{OFFICE}/{name}"), "st_size", None)
    town.found[program.name]["overwrite"] = "yes"


@_having("put_with_time")
def test_the_time_is_kept(town: Town, program: Program, copy: Program) -> None:
    """The file shows the time it has at home."""
    name = _named(program, "time")

    _words(program.put_with_time)(town.alena, town.file(name, b"CANARY\r\n"), f"{OFFICE}/{name}")

    assert SAID == getattr(town.seen(f"{OFFICE}/{name}"), "st_mtime", None)
    town.found[program.name]["keeps the time"] = "yes"


@_having("rename")
def test_rename(town: Town, program: Program, copy: Program) -> None:
    """What bears a temporary name goes nowhere; renamed, it arrives under its own."""
    name, content = _named(program, "rename"), b"renamed CANARY\r\n"
    program.put(town.alena, town.file(name, content), f"{OFFICE}/{name}.part")

    _words(program.rename)(town.alena, f"{OFFICE}/{name}.part", f"{OFFICE}/{name}")

    assert town.arrived(name, content)
    town.found[program.name]["rename"] = "yes"


@_having("put")
def test_a_refusal(town: Town, program: Program, copy: Program) -> None:
    """A file the rules refuse fails at its person's program, whatever that makes of our sentence."""
    name = _named(program, "refused")

    with pytest.raises(Refused) as refused:
        program.put(town.alena, town.file(name, b"CANARY\r\n"), f"/to/court/{name}")

    said = str(refused.value)
    found = re.search(r"(permission denied|failure|input/output error|operation not permitted)", said, re.IGNORECASE)
    assert SENTENCE in said or found, said
    town.found[program.name]["shows why not"] = (
        "our sentence" if SENTENCE in said else f'"{found[0]}"; our sentence is in the receipt' if found else ""
    )


def _named(program: Program, ability: str) -> str:
    return f"{re.sub('[^a-z]+', '-', program.name.lower())}-{ability}.txt"


def _words(copy: Copy | None) -> Copy:
    assert copy is not None
    return copy


def _page(found: dict[str, dict[str, str]]) -> str:
    rows = [f"| program | {' | '.join(ABILITIES)} |", "|---" * (len(ABILITIES) + 1) + "|"]
    for program in PROGRAMS:
        cells = [found[program.name].get(ability, "–") for ability in ABILITIES] if program.name in found else []
        cells = cells or ["not tested here"] * len(ABILITIES)
        rows.append(f"| {program.name}{_version(program)} | {' | '.join(cells)} |")
    return INTRODUCTION + "\n".join(rows) + "\n\n– means the program has no words for it.\n"


def _version(program: Program) -> str:
    known = {"paramiko": paramiko.__version__, "asyncssh": asyncssh.__version__}
    if program.name in known:
        return f" {known[program.name]}"
    questions = {"sftp": "ssh -V", "scp": "ssh -V", "lftp": "lftp --version", "rclone": "rclone version"}
    asked = questions.get(program.needs, f"{program.needs} -V").split()
    if shutil.which(asked[0]) is None:
        return ""
    done = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    number = re.search(r"\d+\.\d+[.\dp]*", done.stdout.decode())
    return f" {number[0]}" if number else ""
