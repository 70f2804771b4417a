"""Other people's SFTP programs against our door: put, get, resume, overwrite, `-p`, rename, refusal, small files."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest

from tests.unit.doors.sftp_tree import ACME, MemoryFile, TreePath
from tests.unit.doors.sftp_world import People, World, key, world

pytestmark = pytest.mark.interop
CONTENT = bytes(range(256)) * 12_000  # 3 MB
SAID = 1_600_000_000


@dataclass
class Desk:
    """Ann's desk: a folder of hers, her key, and the door."""

    home: Path
    world: World

    async def run(self, *command: str, script: str = "", fails: bool = False) -> str:
        """The program's output, all of it. It succeeds, or else fails where that is expected."""
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=self.home,
        )
        try:
            async with asyncio.timeout(40):
                out, _ = await process.communicate(script.encode())
        except TimeoutError:
            process.kill()
            raise
        text = out.decode("utf-8", "replace")
        assert fails == (process.returncode != 0), text
        return text

    def openssh(self, program: str) -> tuple[str, ...]:
        """OpenSSH without this machine's settings."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR")
        flags = [flag for option in options for flag in ("-o", option)]
        return (program, "-F", "none", *flags, "-i", str(self.home / "key"), "-P", str(self.world.port))

    def complete(self, name: str) -> bytes:
        """What the office has of it."""
        return self.world.office.complete(ACME / name)


def story(tmp_path: Path, program: str, tell: Callable[[Desk], Coroutine[Any, Any, None]]) -> None:
    """Ann at her desk, with that program."""
    if program and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")

    async def whole() -> None:
        async with desk(tmp_path) as d:
            await tell(d)

    asyncio.run(whole())


@asynccontextmanager
async def desk(home: Path) -> AsyncIterator[Desk]:
    (home / "key").write_bytes(key("ann").export_private_key())
    (home / "key").chmod(stat.S_IRUSR | stat.S_IWUSR)
    (home / "plan.bin").write_bytes(CONTENT)
    os.utime(home / "plan.bin", (SAID, SAID))
    (home / "small").mkdir()
    async with world(people=People()) as w:
        yield Desk(home, w)


def test_openssh_sftp(tmp_path: Path) -> None:
    """put -p, get, overwrite, resume, rename, ls, df, rm; and a refusal it reads as "Permission denied"."""

    async def tell(d: Desk) -> None:
        sftp = (*d.openssh("sftp"), "-b", "-", "ann@127.0.0.1")
        d.world.office.files[ACME / "half.bin"] = MemoryFile(bytearray(CONTENT[:1_000_000]))
        script = "cd /to/Acme\ncd ..\ncd Acme\nput -p plan.bin\nput plan.bin\nput -a plan.bin half.bin\n"
        script += (
            "rename plan.bin final.bin\nls -la\ndf\nget final.bin back.bin\nput -p plan.bin gone.bin\nrm gone.bin\n"
        )
        out = await d.run(*sftp, script=script)
        assert "final.bin" in out
        assert CONTENT == (d.home / "back.bin").read_bytes() == d.complete("final.bin") == d.complete("half.bin")
        assert [CONTENT, CONTENT] == d.world.office.files[ACME / "final.bin"].versions
        assert "Permission denied" in await d.run(*sftp, script="put plan.bin /to/Globex/plan.bin\n", fails=True)

    story(tmp_path, "sftp", tell)


def test_openssh_scp(tmp_path: Path) -> None:
    """scp over SFTP, with times, both ways; the old protocol is refused with a sentence."""

    async def tell(d: Desk) -> None:
        await d.run(*d.openssh("scp"), "-s", "-p", "plan.bin", "ann@127.0.0.1:/to/Acme/plan.bin")
        await d.run(*d.openssh("scp"), "-s", "ann@127.0.0.1:/to/Acme/plan.bin", "back.bin")
        assert CONTENT == (d.home / "back.bin").read_bytes() == d.complete("plan.bin")
        assert SAID == d.world.office.files[ACME / "plan.bin"].mtime
        out = await d.run(*d.openssh("scp"), "-O", "plan.bin", "ann@127.0.0.1:/to/Acme/old.bin", fails=True)
        assert "SFTP only" in out

    story(tmp_path, "scp", tell)


@pytest.mark.slow
def test_openssh_with_many_small_files(tmp_path: Path) -> None:
    """500 files of 4 KB up in one session and down again: each is there, each as it was."""

    async def tell(d: Desk) -> None:
        for i in range(500):
            (d.home / "small" / f"{i:03}.txt").write_bytes(bytes([i % 256]) * 4096)
        sftp = (*d.openssh("sftp"), "-b", "-", "ann@127.0.0.1")
        await d.run(*sftp, script="cd /to/Acme\nput small/*\nlmkdir back\nlcd back\nget *.txt\n")
        assert 500 == len(d.world.office.completed())
        for i in range(500):
            assert bytes([i % 256]) * 4096 == (d.home / "back" / f"{i:03}.txt").read_bytes()

    story(tmp_path, "sftp", tell)


def test_psftp(tmp_path: Path) -> None:
    """PuTTY's: put, get, resume, rename; of a refusal its person reads "failure": 0.78 shows no text with any code."""

    async def tell(d: Desk) -> None:
        fingerprint = key("host").get_fingerprint()
        await d.run("puttygen", "key", "-o", "key.ppk")
        psftp = ("psftp", "-batch", "-hostkey", fingerprint, "-i", "key.ppk", "-P", str(d.world.port))
        d.world.office.files[ACME / "half.bin"] = MemoryFile(bytearray(CONTENT[:1_000_000]))
        script = "cd /to/Acme\ncd ..\ncd Acme\nput plan.bin\nreput plan.bin half.bin\nmv plan.bin final.bin\n"
        await d.run(*psftp, "ann@127.0.0.1", script=script + "get final.bin back.bin\nls\nquit\n")
        assert CONTENT == (d.home / "back.bin").read_bytes() == d.complete("final.bin") == d.complete("half.bin")
        out = await d.run(*psftp, "ann@127.0.0.1", script="put plan.bin /to/Globex/plan.bin\nquit\n")
        assert "open for write: failure" in out

    story(tmp_path, "psftp", tell)


def test_lftp(tmp_path: Path) -> None:
    """put, get, continue, overwrite, mv; it says size and time before it closes; its person reads our sentence."""

    async def tell(d: Desk) -> None:
        connect = " ".join(d.openssh("ssh")).replace("-P", "-p") + " -a -x"
        lines = [
            f"set sftp:connect-program '{connect}'",
            "set sftp:auto-confirm yes; set net:max-retries 1; set cmd:fail-exit yes",
            "open -u ann,none sftp://127.0.0.1",
            "cd /to/Acme; put plan.bin; put plan.bin; put -c plan.bin -o half.bin",
            "mv plan.bin final.bin; get final.bin -o back.bin; cls -l",
        ]
        d.world.office.files[ACME / "half.bin"] = MemoryFile(bytearray(CONTENT[:1_000_000]))
        await d.run("lftp", "--norc", "-c", "\n".join(lines))
        assert CONTENT == (d.home / "back.bin").read_bytes() == d.complete("final.bin") == d.complete("half.bin")
        assert SAID == d.world.office.files[ACME / "final.bin"].mtime
        refused = "\n".join([*lines[:3], "put plan.bin -o /to/Globex/plan.bin"])
        assert "No rule lets you send to Globex" in await d.run("lftp", "--norc", "-c", refused, fails=True)

    story(tmp_path, "lftp", tell)


def test_rclone(tmp_path: Path) -> None:
    """copy up under a partial name, move, set the time, look again; copy down; check; its person reads our sentence."""

    async def tell(d: Desk) -> None:
        options = f"user=ann,port={d.world.port},key_file={d.home / 'key'},shell_type=none"
        remote = f":sftp,host=127.0.0.1,{options}:"
        (d.home / "plan.bin").rename(d.home / "small" / "plan.bin")
        rclone = ("rclone", "--config", "", "--retries", "1", "--low-level-retries", "1")
        await d.run(*rclone, "copy", "small", f"{remote}/to/Acme")
        await d.run(*rclone, "copy", f"{remote}/to/Acme", "back")
        await d.run(*rclone, "check", "--download", "small", f"{remote}/to/Acme")
        assert CONTENT == (d.home / "back" / "plan.bin").read_bytes() == d.complete("plan.bin")
        assert SAID == d.world.office.files[ACME / "plan.bin"].mtime
        assert [ACME / "plan.bin"] == d.world.office.completed()
        out = await d.run(*rclone, "copy", "small", f"{remote}/to/Globex", fails=True)
        assert "No rule lets you send to Globex" in out

    story(tmp_path, "rclone", tell)


def test_sshfs(tmp_path: Path) -> None:
    """Mounted: cp in and out, mv, rm, and a file written in two goes."""

    async def tell(d: Desk) -> None:
        if not os.access("/dev/fuse", os.W_OK) or shutil.which("fusermount3") is None:
            pytest.skip("there is no FUSE here")
        mount = d.home / "mount"
        mount.mkdir()
        command = f"ssh_command=ssh -F none -o LogLevel=ERROR -i {d.home / 'key'}"
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", command)
        flags = [flag for option in options for flag in ("-o", option)]
        try:
            await d.run("sshfs", "-p", str(d.world.port), *flags, "ann@127.0.0.1:/", str(mount))
        except AssertionError as refused:
            pytest.skip(f"sshfs cannot mount here: {refused}")
        try:
            await d.run("cp", "plan.bin", "mount/to/Acme/plan.bin")
            await d.run("cp", "mount/to/Acme/plan.bin", "back.bin")
            await d.run("mv", "mount/to/Acme/plan.bin", "mount/to/Acme/final.bin")
            assert CONTENT == (d.home / "back.bin").read_bytes() == d.complete("final.bin")
        finally:
            await d.run("fusermount3", "-u", str(mount))

    story(tmp_path, "sshfs", tell)


def test_paramiko(tmp_path: Path) -> None:
    """put with its size check, get with its many reads, rename, stat, times, listing, refusal."""

    async def tell(d: Desk) -> None:
        def script() -> str:
            client = paramiko.SSHClient()
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(
                "127.0.0.1",
                d.world.port,
                "ann",
                key_filename=str(d.home / "key"),
                allow_agent=False,
                look_for_keys=False,
            )
            try:
                sftp = client.open_sftp()
                sftp.put(str(d.home / "plan.bin"), "/to/Acme/plan.bin")
                sftp.utime("/to/Acme/plan.bin", (SAID, SAID))
                sftp.rename("/to/Acme/plan.bin", "/to/Acme/final.bin")
                sftp.posix_rename("/to/Acme/final.bin", "/to/Acme/last.bin")
                sftp.get("/to/Acme/last.bin", str(d.home / "back.bin"))
                assert ["confidential", "last.bin"] == sorted(sftp.listdir("/to/Acme"))
                assert (len(CONTENT), SAID) == (
                    sftp.stat("/to/Acme/last.bin").st_size,
                    sftp.stat("/to/Acme/last.bin").st_mtime,
                )
                with pytest.raises(OSError, match="No rule lets you") as refused:
                    sftp.open("/to/Globex/x", "wb")
                return str(refused.value)
            finally:
                client.close()

        assert "town clerk" in await asyncio.to_thread(script)
        assert CONTENT == (d.home / "back.bin").read_bytes() == d.complete("last.bin")

    story(tmp_path, "", tell)


def test_openssh_cut_in_the_middle(tmp_path: Path) -> None:
    """The program is killed while it sends: nothing is complete, and what came can be resumed."""

    async def tell(d: Desk) -> None:
        with (d.home / "large.bin").open("wb") as large:
            large.truncate(200 << 20)
        process = await asyncio.create_subprocess_exec(
            *d.openssh("sftp"), "-b", "-", "ann@127.0.0.1", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=d.home
        )
        assert process.stdin
        process.stdin.write(b"put large.bin /to/Acme/large.bin\n")
        path: TreePath = ACME / "large.bin"
        while path not in d.world.office.files or len(d.world.office.files[path].content) < 1 << 20:
            await asyncio.sleep(0)
        process.kill()
        await process.wait()
        while not d.world.office.departures:
            await asyncio.sleep(0)
        assert ([], [path], [False]) == (
            d.world.office.completed(),
            d.world.office.abandoned,
            d.world.office.departures,
        )

    story(tmp_path, "sftp", tell)


def test_ssh_audit_finds_no_failure(tmp_path: Path) -> None:
    """The gate of handbook `files.md` §5: no failure; the one warning is that curve25519 is not post-quantum."""
    audit = shutil.which("ssh-audit") or str(Path(sys.executable).with_name("ssh-audit"))
    if not Path(audit).exists():
        pytest.skip("ssh-audit is not installed")

    async def tell(d: Desk) -> None:
        process = await asyncio.create_subprocess_exec(
            *(audit, "--skip-rate-test", "-n", "-p", str(d.world.port), "127.0.0.1"), stdout=subprocess.PIPE
        )
        out, _ = await process.communicate()
        text = out.decode()
        assert "(kex) mlkem768x25519-sha256" in text
        assert "[fail]" not in text, text
        warned = {line.split()[1] for line in text.splitlines() if "[warn]" in line and line.startswith("(")}
        assert warned <= {"curve25519-sha256", "curve25519-sha256@libssh.org"}, text

    story(tmp_path, "", tell)
