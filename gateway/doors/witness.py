"""The witness's door, C2SP tlog-witness: `POST /add-checkpoint`, and `GET /<hex H(origin)>/checkpoint`.

It bounds what comes in and gives the engine's `Witness` everything else. Nobody signs in: what counts is whose key
signed the checkpoint. A disk that fails is 500, and the log asks again.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from http import HTTPStatus

from aiohttp import web

from gateway.engine.outsiders.witness import Witness
from gateway.errors import Failure
from gateway.ledger.witnessing import LARGEST_REQUEST, SIZE_TYPE

log = logging.getLogger(__name__)

PLAIN = "text/plain"


class WitnessDoor:
    """Listens until closed."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_post("/add-checkpoint", self._add)
        app.router.add_get("/{name:[0-9a-f]{64}}/checkpoint", self._head)
        self._runner = web.AppRunner(app, access_log=None)

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Open the door; the port it got. Raises `OSError`."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Finish what was begun, then close."""
        await self._runner.cleanup()

    async def _add(self, request: web.Request) -> web.Response:
        try:
            verdict, line = await asyncio.to_thread(self._witness.add_checkpoint, await request.read())
        except Failure as why:
            log.critical("head not witnessed cause=%r", why.cause)
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, text="this witness cannot remember now\n")
        if verdict.status is HTTPStatus.OK:
            return web.Response(text=line, content_type=PLAIN)
        log.warning("head refused status=%d why=%r", verdict.status, verdict.words)
        if verdict.held is not None:
            return web.Response(status=verdict.status, body=f"{verdict.held}\n".encode(), content_type=SIZE_TYPE)
        return web.Response(status=verdict.status, text=verdict.words + "\n")

    async def _head(self, request: web.Request) -> web.Response:
        note = await asyncio.to_thread(self._witness.head_called, request.match_info["name"])
        if note is None:
            return web.Response(status=HTTPStatus.NOT_FOUND, text="this witness has seen no such log\n")
        return web.Response(text=note, content_type=PLAIN)
