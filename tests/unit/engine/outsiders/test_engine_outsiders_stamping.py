"""Heads are time-stamped by an authority made here with `openssl ts`, over real HTTP, and checked by it again."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.engine.outsiders.stamping import Stamping
from gateway.engine.publication import Publication
from gateway.errors import Misconfigured, PeerPermanent, PeerTemporary
from gateway.ledger.cosignature import Cosigner
from gateway.ship.web import Web
from tests.unit.engine.engine_world import Office, in_the_office

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: no authority here")

SETTINGS = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamper]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
tsa_name = no
"""


class Authority:
    """An RFC 3161 authority: `openssl ts -reply` behind a web server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "settings").write_text(SETTINGS)
        (folder / "serial").write_text("01\n")
        for name in ("root", "stamp"):
            self._openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", f"{name}.key")
        self._openssl("req", "-new", "-x509", "-key", "root.key", "-subj", "/CN=Root", "-days", "30", "-config",
                      "settings", "-extensions", "ca", "-out", "root.pem")  # fmt: skip
        self._openssl("req", "-new", "-key", "stamp.key", "-subj", "/CN=Stamper", "-config", "settings", "-out", "csr")
        self._openssl("x509", "-req", "-in", "csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "30", "-extfile",
                      "settings", "-extensions", "stamper", "-out", "stamp.pem")  # fmt: skip
        self.answers = 0

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "settings", "-queryfile", "query", "-inkey", "stamp.key", "-signer",
                      "stamp.pem", "-out", "answer")  # fmt: skip
        self.answers += 1
        return (self.folder / "answer").read_bytes()

    def verifies(self, token: Path, data: Path) -> bool:
        """`openssl ts -verify`, as a court's expert would."""
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-in", token, "-data", data, "-CAfile", self.roots],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    @asynccontextmanager
    async def listens(self, *, with_old: bool = False) -> AsyncIterator[str]:
        """Its address; `with_old`: it plays its first answer again and again."""
        kept: list[bytes] = []

        async def answer(request: web.Request) -> web.Response:
            assert request.content_type == "application/timestamp-query"
            made = kept[0] if with_old and kept else await asyncio.to_thread(self.reply, await request.read())
            kept.append(made)
            return web.Response(body=made, content_type="application/timestamp-reply")

        app = web.Application()
        app.router.add_post("/tsa", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/tsa"
        finally:
            await runner.cleanup()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "authority")


def stamping(office: Office, folder: Path, at: str, roots: Path) -> Stamping:
    publication = Publication(folder, office.records, office.signer.vkey)
    assert office.scribe.head is not None
    publication.publish(office.scribe.head)
    return Stamping(publication=publication, vkey=office.signer.vkey, at=at, roots=roots, folder=folder / "stamps",
                    web=Web(patience_s=10))  # fmt: skip


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "stamps").iterdir()) if (folder / "stamps").is_dir() else []


@in_the_office()
async def test_a_head_is_stamped_once_and_openssl_agrees(office: Office, tmp_path: Path, authority: Authority) -> None:
    """Note and token lie beside the checkpoint; witnesses' lines, which come later, are no part of it."""
    before = authority.answers
    async with authority.listens() as at:
        chore = stamping(office, tmp_path, at, authority.roots)
        await chore.turn()
        note = chore.publication.checkpoint() or ""
        witness = Cosigner("county.test/witness", b"w" * 32)
        chore.publication.vouch(note, [witness.line(note.partition("\n\n")[0] + "\n", 1)])
        await chore.turn()

    assert office.scribe.head is not None
    size = office.scribe.head.size
    assert [f"{size}.note", f"{size}.tsr"] == kept(tmp_path)
    assert 1 == authority.answers - before
    token, data = tmp_path / "stamps" / f"{size}.tsr", tmp_path / "stamps" / f"{size}.note"
    assert note == data.read_text()
    assert authority.verifies(token, data)
    data.write_text(note.replace(f"\n{size}\n", f"\n{size + 1}\n"))
    assert not authority.verifies(token, data)


@in_the_office()
async def test_a_token_of_something_else_is_not_kept(office: Office, tmp_path: Path, authority: Authority) -> None:
    """An old answer played again, or one by an authority the office does not trust."""
    stranger = Authority(tmp_path / "stranger")
    async with authority.listens(with_old=True) as at:
        await stamping(office, tmp_path / "a", at, authority.roots).turn()
        with pytest.raises(PeerPermanent):
            await stamping(office, tmp_path / "b", at, authority.roots).turn()
        with pytest.raises(PeerPermanent):
            await stamping(office, tmp_path / "c", at, stranger.roots).turn()
    assert ([], []) == (kept(tmp_path / "b"), kept(tmp_path / "c"))


@in_the_office()
async def test_what_is_away_is_said(office: Office, tmp_path: Path, authority: Authority) -> None:
    """No authority there, another page there, no roots here: a failure with a name, for the next turn."""
    async with authority.listens() as at:
        with pytest.raises(PeerTemporary, match="404"):
            await stamping(office, tmp_path / "a", at + "/else", authority.roots).turn()
        with pytest.raises(Misconfigured):
            await stamping(office, tmp_path / "b", at, tmp_path / "nowhere").turn()
    with pytest.raises(PeerTemporary):
        await stamping(office, tmp_path / "c", at, authority.roots).turn()
