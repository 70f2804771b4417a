"""Other people's SFTP programs, each asked the same things in its own words.

A program puts, gets, goes on with an upload, keeps a file's time and renames; what it has no words for is None. A
`Program` raises `Refused` with everything its person would read when it did not succeed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import paramiko

from tests.boxes import FileClient

Copy = Callable[[FileClient, str, str], None]
"""Somebody, from, to: paths at home on the one side, at the gateway on the other."""


class Refused(Exception):
    """What the person at the program reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One of them."""

    name: str
    needs: str
    """The command that must be there; empty for a library."""
    put: Copy
    get: Copy
    resume: Copy | None = None
    put_with_time: Copy | None = None
    rename: Copy | None = None

    @property
    def is_here(self) -> bool:
        """Whether it is installed."""
        return not self.needs or shutil.which(self.needs) is not None


def run(who: FileClient, *command: str, script: str = "", within_s: float = 90) -> str:
    """What it says. Raises `Refused`."""
    environment = {"HOME": str(who.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    done = subprocess.run(
        command, input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
        cwd=who.home, timeout=within_s, check=False,
    )  # fmt: skip
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise Refused(said)
    return said


# ── OpenSSH ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sftp(line: str) -> Copy:
    def copy(who: FileClient, one: str, other: str) -> None:
        run(who, "sftp", "-q", *who.flags(), "-b", "-", "127.0.0.1", script=line.format(one=one, other=other) + "\n")

    return copy


def _scp(who: FileClient, *words: str) -> None:
    run(who, "scp", "-s", *who.flags(), *words)


OPENSSH = Program(
    name="OpenSSH sftp", needs="sftp", put=_sftp('put "{one}" "{other}"'), get=_sftp('get "{one}" "{other}"'),
    resume=_sftp('put -a "{one}" "{other}"'), put_with_time=_sftp('put -p "{one}" "{other}"'),
    rename=_sftp('rename "{one}" "{other}"'),
)  # fmt: skip
SCP = Program(
    name="OpenSSH scp -s", needs="scp",
    put=lambda who, one, other: _scp(who, one, f"127.0.0.1:{other}"),
    get=lambda who, one, other: _scp(who, f"127.0.0.1:{one}", other),
    put_with_time=lambda who, one, other: _scp(who, "-p", one, f"127.0.0.1:{other}"),
)  # fmt: skip


# ── PuTTY ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _psftp(line: str) -> Copy:
    def copy(who: FileClient, one: str, other: str) -> None:
        ppk = who.home / "key.ppk"
        if not ppk.exists():
            run(who, "puttygen", "key", "-o", "key.ppk")
        pinned = next(iter((who.home / "known_hosts").read_text().splitlines())).split()[2]
        words = ("-batch", "-be", "-hostkey", asyncssh.import_public_key(f"ssh-ed25519 {pinned}").get_fingerprint())
        script = who.home / "script"
        script.write_text(line.format(one=one, other=other) + "\n")
        target = ("-i", str(ppk), "-P", str(who.port), "-l", who.user, "127.0.0.1")
        said = run(who, "psftp", *words[:1], *words[2:], "-b", str(script), *target)
        if "failure" in said or "denied" in said or "error" in said:
            raise Refused(said)

    return copy


PSFTP = Program(
    name="PuTTY psftp", needs="psftp", put=_psftp('put "{one}" "{other}"'), get=_psftp('get "{one}" "{other}"'),
    resume=_psftp('reput "{one}" "{other}"'), rename=_psftp('mv "{one}" "{other}"'),
)  # fmt: skip


# ── lftp ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lftp(line: str) -> Copy:
    def copy(who: FileClient, one: str, other: str) -> None:
        connect = " ".join(("ssh", "-a", "-x", *who.flags("-p")))
        lines = (
            f"set sftp:connect-program '{connect}'",
            "set sftp:auto-confirm yes; set net:max-retries 1; set cmd:fail-exit yes; set xfer:clobber yes",
            f"open -u {who.user.replace('@', '%40')},none sftp://127.0.0.1",
            line.format(one=one, other=other),
        )
        run(who, "lftp", "--norc", "-c", "\n".join(lines))

    return copy


LFTP = Program(
    name="lftp", needs="lftp", put=_lftp('put "{one}" -o "{other}"'), get=_lftp('get "{one}" -o "{other}"'),
    resume=_lftp('put -c "{one}" -o "{other}"'), put_with_time=_lftp('put "{one}" -o "{other}"'),
    rename=_lftp('mv "{one}" "{other}"'),
)  # fmt: skip


# ── rclone ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rclone(who: FileClient, verb: str, one: str, other: str) -> None:
    options = f'user="{who.user}",port={who.port},key_file={who.home / "key"},shell_type=none'
    options += f",known_hosts_file={who.home / 'known_hosts'}"
    remote = f":sftp,host=127.0.0.1,{options}:"
    ends = [path.replace("REMOTE:", remote) for path in (one, other)]
    run(who, "rclone", "--config", "", "--retries", "1", "--low-level-retries", "1", verb, *ends)


RCLONE = Program(
    name="rclone", needs="rclone",
    put=lambda who, one, other: _rclone(who, "copyto", one, f"REMOTE:{other}"),
    get=lambda who, one, other: _rclone(who, "copyto", f"REMOTE:{one}", other),
    put_with_time=lambda who, one, other: _rclone(who, "copyto", one, f"REMOTE:{other}"),
    rename=lambda who, one, other: _rclone(who, "moveto", f"REMOTE:{one}", f"REMOTE:{other}"),
)  # fmt: skip


# ── sshfs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def can_mount() -> bool:
    """Whether this machine lets us."""
    return os.access("/dev/fuse", os.W_OK) and shutil.which("fusermount3") is not None


def _sshfs(*words: str) -> Copy:
    """`words` with {one} and {other}, where a path at the gateway begins with {mount}."""

    def copy(who: FileClient, one: str, other: str) -> None:
        mount = who.home / "mount"
        mount.mkdir(exist_ok=True)
        run(who, "sshfs", "-o", f"ssh_command=ssh {' '.join(who.flags('-p'))}", "127.0.0.1:/", str(mount))
        try:
            run(who, *(word.format(one=one, other=other, mount=mount) for word in words))
        finally:
            run(who, "fusermount3", "-u", str(mount))

    return copy


SSHFS = Program(
    name="sshfs", needs="sshfs",
    put=_sshfs("cp", "{one}", "{mount}{other}"), get=_sshfs("cp", "{mount}{one}", "{other}"),
    put_with_time=_sshfs("cp", "-p", "--no-preserve=mode,ownership", "{one}", "{mount}{other}"),
    rename=_sshfs("mv", "{mount}{one}", "{mount}{other}"),
)  # fmt: skip


# ── libraries ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _paramiko(work: Callable[[paramiko.SFTPClient, str, str, Path], None]) -> Copy:
    def copy(who: FileClient, one: str, other: str) -> None:
        client = paramiko.SSHClient()
        client.load_host_keys(str(who.home / "known_hosts"))
        client.connect(
            "127.0.0.1", who.port, who.user, key_filename=str(who.home / "key"), allow_agent=False, look_for_keys=False
        )
        try:
            work(client.open_sftp(), one, other, who.home)
        except OSError as refused:
            raise Refused(str(refused)) from refused
        finally:
            client.close()

    return copy


def _paramiko_time(sftp: paramiko.SFTPClient, one: str, other: str, home: Path) -> None:
    sftp.put(str(home / one), other)
    said = os.stat(home / one)
    sftp.utime(other, (said.st_mtime, said.st_mtime))


def _paramiko_resume(sftp: paramiko.SFTPClient, one: str, other: str, home: Path) -> None:
    content = (home / one).read_bytes()
    with sftp.open(other, "ab") as file:
        file.write(content[sftp.stat(other).st_size :])


PARAMIKO = Program(
    name="paramiko", needs="",
    put=_paramiko(lambda sftp, one, other, home: sftp.put(str(home / one), other) and None),
    get=_paramiko(lambda sftp, one, other, home: sftp.get(one, str(home / other))),
    resume=_paramiko(_paramiko_resume), put_with_time=_paramiko(_paramiko_time),
    rename=_paramiko(lambda sftp, one, other, home: sftp.rename(one, other)),
)  # fmt: skip


def _asyncssh(how: str) -> Copy:
    async def work(who: FileClient, one: str, other: str) -> None:
        async with (
            asyncssh.connect(
                "127.0.0.1", who.port, username=who.user, config=None, agent_path=None,
                known_hosts=str(who.home / "known_hosts"), client_keys=[str(who.home / "key")],
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):  # fmt: skip
            match how:
                case "put" | "put-with-time":
                    await sftp.put(str(who.home / one), other, preserve=how == "put-with-time")
                case "get":
                    await sftp.get(one, str(who.home / other))
                case _:
                    await sftp.rename(one, other)

    def copy(who: FileClient, one: str, other: str) -> None:
        try:
            asyncio.run(work(who, one, other))
        except asyncssh.SFTPError as refused:
            raise Refused(refused.reason) from refused

    return copy


ASYNCSSH = Program(
    name="asyncssh", needs="", put=_asyncssh("put"), get=_asyncssh("get"), put_with_time=_asyncssh("put-with-time"),
    rename=_asyncssh("rename"),
)  # fmt: skip

PROGRAMS = (OPENSSH, SCP, PSFTP, LFTP, RCLONE, SSHFS, PARAMIKO, ASYNCSSH)
