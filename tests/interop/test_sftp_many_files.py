"""Many small files at once, by other people's programs: every one is taken under its name, and every one goes out."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.journey import State
from gateway.transfer import Digest
from tests.boxes import FileClient
from tests.chaos.counting import EVERYTHING
from tests.house import ALENA, House
from tests.interop.raw_sftp import Sftp, signed_in
from tests.interop.sftp_programs import Refused, run
from tests.world import eventually

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("sftp") is None, reason="OpenSSH's sftp is not installed"),
]
OFFICE = "/to/court/office/litigation"
FEW, MANY = 200, 10_000


@dataclass
class Town:
    """The office, whose court collects, and a clerk."""

    house: House
    alena: FileClient
    pause: threading.Event = field(default_factory=threading.Event)

    def goes_out(self, prefix: str, content: dict[str, bytes]) -> bool:
        """Whether each of these is offered to the court: once, under its name and as it was put."""
        wanted = {name: Digest.of(one).sha256 for name, one in content.items()}

        found: list[tuple[str, str]] = []

        def are_there() -> bool:
            found[:] = self._offered(prefix)
            self.pause.wait(len(found) / 500)  # looking is work, and the office has some
            return len(found) >= len(wanted)

        return eventually(are_there, 60 + len(wanted) / 10) and sorted(wanted.items()) == sorted(found)

    def _offered(self, prefix: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        with opened(Setting(folder=self.house.folder)) as office:
            for stream in office.records.find((), limit=EVERYTHING):
                story = office.archive.story(stream) if stream.startswith("T-") else None
                if story is None or story.journey.legs[0].state is not State.OFFERED:
                    continue
                name = story.journey.transfer.items[0].name
                sealed = story.journey.legs[0].sealed
                if name.startswith(prefix) and sealed is not None:
                    found.append((name, sealed.parcel.digest.sha256))
        return found


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.lets_the_court_collect()
            house.opens()
            yield Town(house, house.desk_of(ALENA))
            house.is_whole()
            assert 0 == house.closes()
        finally:
            house.ends()


def openssh(who: FileClient) -> None:
    """All in one session, one after the other."""
    run(who, "sftp", "-q", *who.flags(), "-b", "-", "127.0.0.1", script=f"cd {OFFICE}\nput many/*\n", within_s=900)


def lftp(who: FileClient) -> None:
    """Four sessions, with the size and time of each said before its CLOSE."""
    connect = " ".join(("ssh", "-a", "-x", *who.flags("-p")))
    lines = (
        f"set sftp:connect-program '{connect}'",
        "set sftp:auto-confirm yes; set net:max-retries 1; set cmd:fail-exit yes",
        f"open -u {who.user.replace('@', '%40')},none sftp://127.0.0.1", f"mirror -R -P 4 many {OFFICE}",
    )  # fmt: skip
    run(who, "lftp", "--norc", "-c", "\n".join(lines), within_s=900)


def rclone(who: FileClient) -> None:
    """Eight connections; each file under a partial name, renamed and looked at."""
    options = f'user="{who.user}",port={who.port},key_file={who.home / "key"},shell_type=none'
    options += f",known_hosts_file={who.home / 'known_hosts'}"
    flags = ("--config", "", "--retries", "1", "--low-level-retries", "1", "--transfers", "8")
    run(who, "rclone", *flags, "copy", "many", f":sftp,host=127.0.0.1,{options}:{OFFICE}", within_s=900)


async def names(who: FileClient) -> list[str]:
    """What the folder shows. Not by `sftp`: its `ssh` makes a shared pipe non-blocking, and lines of a long list go."""
    async with signed_in(who, "127.0.0.1") as connection:
        return await (await Sftp.begun(connection)).names(OFFICE) or []


@pytest.mark.parametrize(
    ("program", "number"),
    [(openssh, FEW), *(pytest.param(one, MANY, marks=pytest.mark.slow) for one in (openssh, lftp, rclone))],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_many_small_files(town: Town, program: Callable[[FileClient], None], number: int) -> None:
    """Files of four KiB, each of its own content: all are listed, and all wait for the court as they were put."""
    needs = "sftp" if program is openssh else program.__name__
    if shutil.which(needs) is None:
        pytest.skip(f"{needs} is not installed")
    prefix = f"CANARY {needs} {number} "
    content = {f"{prefix}{n:05}.txt": (f"CANARY {needs} {n:05}\r\n" * 500)[:4096].encode() for n in range(number)}
    many = town.alena.home / "many"
    many.mkdir()
    for name, one in content.items():
        (many / name).write_bytes(one)
    try:
        program(town.alena)
        listed = asyncio.run(names(town.alena))
    except Refused as refused:
        raise AssertionError(str(refused)[-2000:]) from refused
    finally:
        shutil.rmtree(many)

    assert sorted(content) == sorted(name for name in listed if name.startswith(prefix))
    assert town.goes_out(prefix, content)
