"""Other people's SFTP servers take what we push: OpenSSH's, through a line that may be cut, and paramiko's oddities."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import paramiko
import pytest

from gateway.ship import InDoubt, Never, NotNow, Outcome, Taken, Target
from gateway.ship.sftp_route import Login, Pin, SftpRoute
from tests.unit.ship.sftp_partner import CONTENT, NAME, PART, key, route, run, send, settle

pytestmark = pytest.mark.interop


@dataclass
class Box:
    """A partner's box in OpenSSH's server. The folder is where the sign-in lands."""

    folder: Path
    fingerprint: str
    port: int

    def way(self, *, port: int = 0, fingerprint: str = "", **more) -> SftpRoute:
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        return SftpRoute(
            id="court-box", target=Target(host="127.0.0.1", port=port or self.port, addresses=("127.0.0.1",)),
            pins=(Pin(fingerprint=fingerprint or self.fingerprint),),
            login=Login(user=user, secret_key=key("ours").export_private_key()), **more,
        )  # fmt: skip

    def lies_there(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if sshd is None:
        pytest.skip("OpenSSH's sshd is not installed")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as its service does; root's sshd will not start without
    folder = tmp_path / "in"
    folder.mkdir()
    host = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "host").write_bytes(host.export_private_key())
    (tmp_path / "host").chmod(0o600)
    (tmp_path / "people").write_bytes(key("ours").export_public_key())
    port = _free_port()
    (tmp_path / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path}/people\nSubsystem sftp internal-sftp\nForceCommand internal-sftp -d {folder}\n"
    )
    server = subprocess.Popen([sshd, "-D", "-e", "-f", str(tmp_path / "config")], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        heard = next((line for line in server.stderr if "listening" in line or "rror" in line), "")
        if "listening" not in heard:
            pytest.skip(f"sshd does not start here: {heard}")
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield Box(folder=folder, fingerprint=host.get_fingerprint(), port=port)
    finally:
        server.terminate()
        server.wait()
        server.stderr.close()  # type: ignore[union-attr]


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def cut_when(box: Box, is_time) -> AsyncIterator[int]:
    """A line to the box that breaks as soon as `is_time()` when the server says something, and does not pass it on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", box.port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, ours, lambda: False))
                group.create_task(_pass_on(theirs, writer, is_time))
        except* ConnectionError:
            pass
        finally:
            ours.transport.abort()
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_time) -> None:
    while piece := await reader.read(65536):
        if is_time():
            break
        writer.write(piece)
        await writer.drain()
    raise ConnectionError


# ── OpenSSH ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_openssh_takes_a_file(box):
    """A few MiB arrive byte for byte, synced, compared and under their name alone."""
    content = CONTENT * 50

    outcome = run(send(box.way(), content, chunks=[content[at : at + 65536] for at in range(0, len(content), 65536)]))

    assert Taken(reply=f"renamed: {len(content)} bytes; size and SHA-256 checked", is_notifying=False) == outcome
    assert {NAME: content} == box.lies_there()


def test_openssh_with_another_key_gets_nothing(box):
    """A changed host key holds the file and shows both fingerprints."""
    outcome = run(send(box.way(fingerprint=key("other").get_fingerprint())))

    assert isinstance(outcome, NotNow)
    assert (box.fingerprint, key("other").get_fingerprint()) == (
        outcome.reason.get("shown"),
        outcome.reason.get("pinned"),
    )
    assert {} == box.lies_there()


def test_openssh_keeps_what_bears_the_name(box):
    """A file of that name is never replaced; the same bytes are not sent again."""
    (box.folder / NAME).write_bytes(b"theirs")
    refused = run(send(box.way()))
    (box.folder / NAME).write_bytes(CONTENT)
    known = run(send(box.way()))

    assert isinstance(refused, Never)
    assert isinstance(known, Taken)


def test_openssh_leftover_is_replaced(box):
    """What an attempt of ours left is removed, and the file arrives."""
    (box.folder / PART).write_bytes(b"half")

    assert isinstance(run(send(box.way())), Taken)
    assert {NAME: CONTENT} == box.lies_there()


def test_openssh_without_the_folder(box):
    """A folder that is not there is permanent."""
    outcome = run(send(box.way(folder="nowhere")))

    assert isinstance(outcome, Never)
    assert outcome.reply.startswith("SFTP 2 ")


def test_openssh_where_we_may_not_write(box):
    """A folder that is closed to us is permanent."""
    if os.geteuid() == 0:
        folder = "/proc/sys"  # even root makes no file there
    else:
        box.folder.chmod(0o500)
        folder = ""

    outcome = run(send(box.way(folder=folder)))

    assert isinstance(outcome, Never)
    assert outcome.reply.startswith(("SFTP 2 ", "SFTP 3 "))


def test_openssh_on_a_full_disk(box):
    """A disk that is full is worth another try."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    # Our temporary name is opened with O_EXCL, so a link cannot stand in for it: a small file system has to.
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(box.folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        outcome = run(send(box.way()))
        left = box.lies_there()
    finally:
        subprocess.run(["umount", str(box.folder)], check=True)

    assert isinstance(outcome, NotNow)
    assert ("SFTP 4 Failure", {}) == (outcome.reply, left)


@pytest.mark.parametrize("sweeps", [False, True])
def test_openssh_whose_reply_to_the_rename_is_lost(box, sweeps):
    """The line is cut behind the rename: in doubt; looking settles it, and the file is there once."""

    async def story() -> tuple[Outcome, Outcome | None]:
        async with cut_when(box, (box.folder / NAME).exists) as port:
            doubt = await send(box.way(port=port, sweeps=sweeps))
        return doubt, await settle(box.way(sweeps=sweeps))

    doubt, found = run(story())

    assert isinstance(doubt, InDoubt)
    assert isinstance(found, Taken)
    assert {NAME: CONTENT} == box.lies_there()


def test_openssh_whose_line_is_cut_while_writing(box):
    """The line is cut before the rename: not delivered; the next attempt starts anew and delivers."""

    async def story() -> tuple[Outcome, Outcome | None, Outcome]:
        async with cut_when(box, (box.folder / PART).exists) as port:
            first = await send(box.way(port=port))
        return first, await settle(box.way()), await send(box.way())

    first, found, second = run(story())

    assert isinstance(first, NotNow)
    assert found is None
    assert isinstance(second, Taken)
    assert {NAME: CONTENT} == box.lies_there()


# ── paramiko: a server that renames over what is there, syncs nothing and offers no limits ───────────────────────────


class _Door(paramiko.ServerInterface):
    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return int(paramiko.AUTH_SUCCESSFUL)

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


def _folder_of(root: Path) -> type[paramiko.SFTPServerInterface]:
    class Folder(paramiko.SFTPServerInterface):
        def open(self, path, flags, attr):
            try:
                file = os.fdopen(os.open(root / path.lstrip("/"), flags, 0o644), "rb" if not flags & 3 else "wb")
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno)
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = handle.writefile = file
            return handle

        def lstat(self, path):
            try:
                return paramiko.SFTPAttributes.from_stat(os.lstat(root / path.lstrip("/")))
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno)

        def remove(self, path):
            (root / path.lstrip("/")).unlink()
            return paramiko.SFTP_OK

        def rename(self, oldpath, newpath):
            (root / oldpath.lstrip("/")).replace(root / newpath.lstrip("/"))
            return paramiko.SFTP_OK

    return Folder


@asynccontextmanager
async def paramikos(root: Path) -> AsyncIterator[int]:
    host = root.parent / "host-key"
    host.write_bytes(key("theirs").export_private_key())
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        transports: list[paramiko.Transport] = []

        def serve() -> None:
            connection, _ = listener.accept()
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(paramiko.Ed25519Key(filename=str(host)))
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _folder_of(root))
            transport.start_server(server=_Door(), event=threading.Event())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            await asyncio.to_thread(thread.join, 5)
            for transport in transports:
                transport.close()
                await asyncio.to_thread(transport.join, 5)


def _to_paramiko(root: Path) -> Outcome:
    async def story() -> Outcome:
        async with paramikos(root) as port:
            return await send(route(port))

    return run(story())


def test_paramiko_takes_a_file(tmp_path):
    """It offers neither limits nor a sync: the file goes in small pieces and arrives all the same."""
    (tmp_path / "in").mkdir()

    outcome = _to_paramiko(tmp_path / "in")

    assert isinstance(outcome, Taken)
    assert CONTENT == (tmp_path / "in" / NAME).read_bytes()


def test_paramiko_would_rename_over_a_file_and_is_not_asked_to(tmp_path):
    """A server that replaces on rename is asked first, so the file that is there stays."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / NAME).write_bytes(b"theirs")

    assert isinstance(_to_paramiko(tmp_path / "in"), Never)
    assert b"theirs" == (tmp_path / "in" / NAME).read_bytes()
