"""One bounded question over HTTP to a witness or a time-stamp authority: no redirect, no cookie, no compression.

What comes back is checked by signature, so a private authority may vouch for the server, and plain HTTP will do.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import aiohttp

from gateway.errors import PeerTemporary

PATIENCE_S = 10.0
LARGEST_ANSWER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What it said."""

    status: int
    media: str
    untrusted_body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Asks. `ca_pem`: an authority trusted beside the system's."""

    ca_pem: str = ""
    patience_s: float = PATIENCE_S

    async def ask(self, address: str, body: bytes | None = None, *, media: str = "text/plain") -> Reply:
        """GET without a body, POST with one. Raises `PeerTemporary`."""
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=self.patience_s),
                    connector=aiohttp.TCPConnector(ssl=self._context(), force_close=True),
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    headers={"User-Agent": "sealgate", "Accept-Encoding": "identity"},
                ) as session,
                session.request(
                    "GET" if body is None else "POST",
                    address,
                    data=body,
                    headers={"Content-Type": media} if body is not None else None,
                    allow_redirects=False,
                ) as response,
            ):
                content = await response.content.read(LARGEST_ANSWER + 1)
                while content and len(content) <= LARGEST_ANSWER and not response.content.at_eof():
                    content += await response.content.read(LARGEST_ANSWER + 1 - len(content))
                if len(content) > LARGEST_ANSWER:
                    raise PeerTemporary("the answer is too large")
                return Reply(response.status, response.content_type, content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as why:
            raise PeerTemporary(f"{type(why).__name__}: {why}" if str(why) else type(why).__name__) from why

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca_pem:
            context.load_verify_locations(cadata=self.ca_pem)
        return context
