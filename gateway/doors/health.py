"""The health door: a listener of its own on this machine, for a supervisor and for Prometheus. Nobody signs in.

    GET /health/live     200 while the loop turns                      also /live
    GET /health/ready    200 when mail would be taken, else 503        also /ready
    GET /health/ledger   200 when the ledger was verified, else 503    also /ledger-ok
    GET /metrics         the gauges

Answers are short sentences that name nobody. What is asked for is never logged, and nothing can be changed here.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web

from gateway.engine.health.gauges import CONTENT_TYPE
from gateway.engine.health.vitals import Vitals

LARGEST_REQUEST = 4096


class HealthDoor:
    """Listens until closed."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals
        app = web.Application(client_max_size=LARGEST_REQUEST)
        for paths, handler in (
            (("/health/live", "/live"), self._live),
            (("/health/ready", "/ready"), self._ready),
            (("/health/ledger", "/ledger-ok"), self._ledger),
            (("/metrics",), self._metrics),
        ):
            for path in paths:
                app.router.add_get(path, handler)
        self._runner = web.AppRunner(app, access_log=None)

    async def listen(self, host: str, port: int) -> None:
        """Open the door. Raises `OSError`."""
        if self._runner.server is None:
            await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def close(self) -> None:
        """Finish what was begun, then close."""
        await self._runner.cleanup()

    async def _live(self, request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _ready(self, request: web.Request) -> web.Response:
        missing = await self._vitals.unready()
        return _said("".join(f"{name}: {sentence}\n" for name, sentence in missing.items()), "ready\n")

    async def _ledger(self, request: web.Request) -> web.Response:
        missing = await asyncio.to_thread(self._vitals.unverified)
        return _said(f"{missing}\n" if missing else "", "verified\n")

    async def _metrics(self, request: web.Request) -> web.Response:
        text = await asyncio.to_thread(self._vitals.gauges.text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})


def _said(missing: str, well: str) -> web.Response:
    if missing:
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text=missing)
    return web.Response(text=well)
