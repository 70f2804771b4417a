"""How long somebody waits for a receipt: from the acknowledgement of the last byte to its page in `/receipts`."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import time

import asyncssh
from docx import Document
from PIL import Image

from tests.boxes import FileClient

EVERY_S = 0.02
WITHIN_S = 60.0
DONE = "offered"


def document_of(size: int) -> bytes:
    """A Word document of about that many bytes, most of it a picture."""
    paper, picture, edge = Document(), io.BytesIO(), int((size / 3) ** 0.5)
    Image.frombytes("RGB", (edge, edge), os.urandom(3 * edge * edge)).save(picture, "png")
    paper.core_properties.author = "Alena"
    for number in range(200):
        paper.add_paragraph(f"{number}. The committee met at nine and adjourned at ten without further business.")
    paper.add_picture(picture)
    content = io.BytesIO()
    paper.save(content)
    return content.getvalue()


def receipt_latencies(client: FileClient, folder: str, count: int) -> tuple[list[float], list[float]]:
    """Seconds until the receipt is there, and until it says that the file is ready, sorted; one file after another."""
    return asyncio.run(_latencies(client, folder, count))


async def _latencies(client: FileClient, folder: str, count: int) -> tuple[list[float], list[float]]:
    content, seen, done = document_of(1 << 20), list[float](), list[float]()
    (client.home / "paper.docx").write_bytes(content)
    async with (
        asyncssh.connect("127.0.0.1", client.port, username=client.user, client_keys=[str(client.home / "key")],
                         known_hosts=None, config=None, agent_path=None) as connection,
        connection.start_sftp_client() as sftp,
    ):  # fmt: skip
        for number in range(count):
            name = f"paper {number}.docx"
            await asyncio.to_thread(_put, client, f'put paper.docx "{folder}/{name}"')
            began = time.perf_counter()
            title = await _awaits(sftp, f"-{name}.json")
            seen.append(time.perf_counter() - began)
            while json.loads(await _read(sftp, title))["state"] != DONE:
                await _pause(began)
            done.append(time.perf_counter() - began)
    return sorted(seen), sorted(done)


def _put(client: FileClient, line: str) -> None:
    """OpenSSH ends its session behind the last file, which therefore settles at once."""
    words = ["sftp", "-q", *client.flags(), "-b", "-", "127.0.0.1"]
    subprocess.run(words, input=line.encode(), capture_output=True, cwd=client.home, timeout=60, check=True)


async def _awaits(sftp: asyncssh.SFTPClient, ending: str) -> str:
    began = time.perf_counter()
    while True:
        for name in await sftp.listdir("/receipts"):
            if str(name).endswith(ending):
                return f"/receipts/{name}"
        await _pause(began)


async def _read(sftp: asyncssh.SFTPClient, path: str) -> bytes:
    async with sftp.open(path, "rb") as file:
        content = await file.read()
    assert isinstance(content, bytes)
    return content


async def _pause(began: float) -> None:
    if time.perf_counter() - began > WITHIN_S:
        raise RuntimeError("the receipt does not come")
    await asyncio.sleep(EVERY_S)
