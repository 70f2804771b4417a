"""OpenSSH signs in at our file door, as people of the sample office do: key, password, code, certificate."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from gateway.commands.sample import sample_rules
from gateway.doors.guard import Guard, Penalties
from gateway.doors.sftp.server import SftpDoor
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.status import Client
from gateway.engine.clock import SystemClock
from gateway.engine.policy import InForce
from gateway.engine.ssh_sign_in import Certifiers, SshSignIn
from gateway.judge.rulebook import Rulebook, read
from gateway.keep.accounts import Account, Accounts
from tests.unit.doors.sftp_tree import MemoryTree, Office
from tests.unit.doors.sftp_world import key

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("sftp") is None, reason="OpenSSH's sftp is not installed"),
]
ALENA, RUTH, COURT = "alena@town.test", "ruth@town.test", "partner:court"
SECRET = "JBSWY3DPEHPK3PXP" * 2


@dataclass
class Door:
    """The door, the accounts behind it, and a folder for OpenSSH."""

    home: Path
    port: int
    accounts: Accounts
    people: list[str]
    """Whose trees were asked for."""
    proofs: list[str]
    """How they had signed in."""

    async def sftp(self, user: str, *options: str, answers: tuple[str, ...] = ()) -> bool:
        """Whether `sftp` gets in; `answers` is what the person types, one by one."""
        flags = [flag for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes",
                                     "LogLevel=ERROR", f"User={user}", "NumberOfPasswordPrompts=1", *options)
                 for flag in ("-o", option)]  # fmt: skip
        asked = self.home / "asked"
        asked.write_text("".join(f"{answer}\n" for answer in answers))
        askpass = self.home / "askpass"
        askpass.write_text(f'#!/bin/sh\nhead -n 1 "{asked}"\nsed -i 1d "{asked}"\n')
        askpass.chmod(0o700)
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}  # fmt: skip
        # No -b: a batch would let nobody type.
        command = ("sftp", "-q", "-F", "none", *flags, "-P", str(self.port), "127.0.0.1")
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
        )
        try:
            async with asyncio.timeout(30):
                await process.communicate(b"ls\nbye\n")
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode == 0


def told(tmp_path: Path, tell: Callable[[Door], Coroutine[Any, Any, None]]) -> None:
    """Open the door, and tell."""
    asyncio.run(_open(tmp_path, tell))


async def _open(home: Path, tell: Callable[[Door], Coroutine[Any, Any, None]]) -> None:
    book = read(sample_rules())
    assert isinstance(book, Rulebook)
    (home / "var").mkdir(mode=0o700)
    accounts = Accounts(home / "var" / "accounts.json")
    certifiers = Certifiers(keys=home / "ca.pub", revoked=home / "revoked")
    people: list[str] = []
    proofs: list[str] = []

    def tree_for(person: str, source: str, client: Client, *, signed_in_by: str) -> MemoryTree:
        people.append(person)
        proofs.append(signed_in_by)
        return MemoryTree(Office())

    door = SftpDoor(
        SshSignIn(rules=InForce(book), clock=SystemClock(), accounts=accounts, certifiers=certifiers),
        tree_for,
        host_keys=(key("host"),),
        settings=Settings(code_memory_seconds=0),
        guard=Guard(now=lambda: 0.0, penalties=Penalties(free=100)),
        clock=SystemClock(),
    )
    async with door:
        await tell(Door(home, await door.listen("127.0.0.1", 0), accounts, people, proofs))


def own_key(home: Path, name: str = "key") -> str:
    """A key made by ssh-keygen; its public line."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True)
    (home / name).chmod(stat.S_IRUSR | stat.S_IWUSR)
    return (home / f"{name}.pub").read_text().strip()


def test_by_key_under_every_name(tmp_path: Path) -> None:
    """The address, whatever its case, and the short name lead to the same person; another's name does not."""

    async def tell(d: Door) -> None:
        d.accounts.put(ALENA, Account(ssh_keys=(own_key(d.home),)))
        mine = f"IdentityFile={d.home / 'key'}"
        names = (ALENA, "Alena@Town.test", "alena", "ruth", "nobody")
        assert [True, True, True, False, False] == [await d.sftp(name, mine, "BatchMode=yes") for name in names]
        assert [ALENA] * 3 == d.people

    told(tmp_path, tell)


def test_a_partner_by_password(tmp_path: Path) -> None:
    """A partner types its password; a wrong one, and no one's, lead nowhere."""

    async def tell(d: Door) -> None:
        d.accounts.set_password(COURT, "CANARY-court")
        only = "PreferredAuthentications=password"
        assert await d.sftp("court", only, answers=("CANARY-court",))
        assert await d.sftp(COURT, only, answers=("CANARY-court",))
        assert not await d.sftp("court", only, answers=("CANARY",))
        assert not await d.sftp("jo", only, answers=("CANARY-court",))
        assert [COURT, COURT] == d.people

    told(tmp_path, tell)


def test_a_code_behind_the_password_and_behind_the_key(tmp_path: Path) -> None:
    """With a secret neither password nor key is enough, and the same code is not taken twice."""

    async def tell(d: Door) -> None:
        d.accounts.put(RUTH, Account(ssh_keys=(own_key(d.home),), secret_totp=SECRET))
        d.accounts.set_password(RUTH, "CANARY-ruth")
        mine = f"IdentityFile={d.home / 'key'}"
        by_password = "PreferredAuthentications=password,keyboard-interactive"
        by_key = "PreferredAuthentications=publickey,keyboard-interactive"
        assert not await d.sftp("ruth", by_password, answers=("CANARY-ruth", "000000"))
        assert not await d.sftp("ruth", mine, "BatchMode=yes")
        # The code of the step to come counts too: a step that ends meanwhile makes no difference.
        step = SystemClock().now_ms() // 30_000
        code, later = (pyotp.TOTP(SECRET).generate_otp(at) for at in (step, step + 1))
        assert await d.sftp("ruth", by_password, answers=("CANARY-ruth", code))
        assert not await d.sftp("ruth", mine, by_key, answers=(code,))
        assert await d.sftp("ruth", mine, by_key, answers=(later,))
        assert [RUTH, RUTH] == d.people
        assert ["password+code", "key+code"] == d.proofs

    told(tmp_path, tell)


def test_a_certificate_of_the_offices_authority(tmp_path: Path) -> None:
    """It lets in who it names, while it lives, until its serial is revoked; nobody else, and nobody for ever."""

    async def tell(d: Door) -> None:
        own_key(d.home, "ca")
        (d.home / "ca.pub").chmod(0o644)
        own_key(d.home)
        mine = (f"IdentityFile={d.home / 'key'}", f"CertificateFile={d.home / 'key-cert.pub'}", "BatchMode=yes")

        def certify(*options: str) -> None:
            ca, public = str(d.home / "ca"), str(d.home / "key.pub")
            subprocess.run(["ssh-keygen", "-q", "-s", ca, "-I", "a-desk", *options, public], check=True)

        certify("-n", ALENA, "-z", "7", "-V", "+8h")
        assert [True, False] == [await d.sftp(name, *mine) for name in ("alena", "ruth")]
        (d.home / "revoked").write_text("7\n")
        (d.home / "revoked").chmod(0o644)
        assert not await d.sftp("alena", *mine)
        certify("-n", ALENA, "-z", "8", "-V", "+52w")
        assert not await d.sftp("alena", *mine)

    told(tmp_path, tell)
