"""A real Chromium, without a window, driven over the DevTools protocol: what a reader of a file would see and type."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_S = 60.0


class Tab:
    """One page in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """A DevTools call; its result."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": given})
        while True:
            heard = await self._socket.receive_json(timeout=PATIENCE_S)
            if heard.get("id") == number:
                assert "error" not in heard, heard
                return dict(heard["result"])

    async def says(self, script: str) -> Any:
        """What a piece of script in the page comes to, awaited."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until it is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.says(script):
                await asyncio.sleep(0.02)

    async def picture(self) -> bytes:
        """The whole page as a PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def paper(self) -> bytes:
        """The page as it would be printed, a PDF."""
        printed = await self.call("Page.printToPDF")
        return base64.b64decode(printed["data"])


@asynccontextmanager
async def tab(page: Path) -> AsyncIterator[Tab]:
    """A browser of its own that shows a file."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as home:
        command = [
            PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0",
            f"--user-data-dir={home}", page.as_uri(),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(await _address(Path(home), session), max_msg_size=0) as socket,
            ):
                yield Tab(socket)
        finally:
            process.terminate()
            process.wait(30)


async def _address(home: Path, session: aiohttp.ClientSession) -> str:
    """Where the browser takes calls about its page."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            told = home / "DevToolsActivePort"
            port = told.read_text().split("\n")[0] if told.exists() else ""
            if port:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    pages = [one for one in json.loads(await answer.text()) if one["type"] == "page"]
                if pages and pages[0]["url"].startswith("file:"):
                    return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
