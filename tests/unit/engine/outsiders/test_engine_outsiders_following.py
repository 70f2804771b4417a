"""A witness follows a log from key to key: from a folder, from a real web server, or from a file it is handed."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web as http

from gateway.engine.clock import SystemClock
from gateway.engine.outsiders.following import Following, Learned, learn, published
from gateway.engine.outsiders.witness import Witness, keys_by_origin
from gateway.errors import Misconfigured, PeerTemporary, Tampering, Unreadable
from gateway.keep.witnessed import Witnessed
from gateway.ledger.checkpoint import Signer
from gateway.ledger.merkle import consistency, leaf_hash, root_of
from gateway.ledger.statement import tick_statement
from gateway.ledger.succession import FILE, encode
from gateway.ledger.witnessing import Request, format_request
from gateway.ship.web import Web
from tests.successions import EVIL, NAME, A, B, Log, added, begun, retired

WEB = Web(patience_s=10)


@pytest.fixture
def log() -> Log:
    return begun()


@pytest.fixture
def kept(tmp_path: Path) -> Witnessed:
    kept = Witnessed.made(tmp_path / "witness", name="county.test/witness", entropy=os.urandom)
    kept.vouch_for(A.vkey)
    return kept


def shown(log: Log, kept: Witnessed, *signers: Signer) -> tuple[int, str]:
    """The log's head is shown to the witness: its status and words."""
    hashes = [leaf_hash(entry) for entry in log.entries]
    held = kept.head(NAME)
    old = int(held.split("\n")[1]) if held else 0
    path = consistency(old, len(hashes), lambda level, i: root_of(hashes[i << level : i + 1 << level])) if old else ()
    request = format_request(Request(old, path, log.note(*signers)))
    verdict, _ = Witness(kept, SystemClock()).add_checkpoint(request)
    return verdict.status.value, verdict.words


@asynccontextmanager
async def server(files: dict[str, bytes]) -> AsyncIterator[str]:
    """A web server with these files; its address."""

    async def answer(request: http.Request) -> http.Response:
        name = request.path.removeprefix("/log/")
        return http.Response(body=files[name]) if name in files else http.Response(status=404 if files else 503)

    app = http.Application()
    app.router.add_get("/{name:.*}", answer)
    runner = http.AppRunner(app)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/log"
    finally:
        await runner.cleanup()


def test_before_between_and_after_both_steps(log: Log, kept: Witnessed) -> None:
    """Both sign: it goes on by the old key. It learns the new one; the old one is retired, and counts no longer."""
    assert (200, "") == shown(log, kept, A)
    first = added(log, B, A, B)
    assert (200, "") == shown(log, kept, A, B)
    log.says(tick_statement())
    assert (403, "no key of the log signed this") == shown(log, kept, B)

    assert Learned(added=(B.vkey,), retired=()) == learn(kept, NAME, encode((first,)))
    assert (200, "") == shown(log, kept, B)

    second = retired(log, A, A, B)
    last = len(log.entries)
    assert Learned(added=(), retired=((A.vkey, last),)) == learn(kept, NAME, encode((first, second)))
    assert (200, "") == shown(log, kept, A, B)
    log.says(tick_statement())
    assert (403, "a retired key of the log signed this") == shown(log, kept, A)
    assert (200, "") == shown(log, kept, B)


def test_it_is_not_forgotten_with_the_process(log: Log, kept: Witnessed, tmp_path: Path) -> None:
    """What was learned lies in the witness's folder, as the proofs themselves."""
    steps = encode((added(log, B, A, B), retired(log, A, A, B)))
    learn(kept, NAME, steps)
    fresh = Witnessed(tmp_path / "witness")
    assert {NAME: {A.vkey: 3, B.vkey: None}} == keys_by_origin(fresh)
    assert steps == fresh.succession(NAME)
    assert (A.vkey,) == fresh.logs()


def test_an_older_file_brings_no_retired_key_back(log: Log, kept: Witnessed) -> None:
    """Nor does whoever adds that key by hand again."""
    first, second = added(log, B, A, B), retired(log, A, A, B)
    learn(kept, NAME, encode((first, second)))
    assert Learned(added=(), retired=()) == learn(kept, NAME, encode((first,)))
    kept.vouch_for(A.vkey)
    assert {A.vkey: 3, B.vkey: None} == keys_by_origin(kept)[NAME]


def test_what_is_not_vouched_for_teaches_nothing(log: Log, kept: Witnessed) -> None:
    """A stranger's succession, a false one, none at all, and one for a log that nobody added."""
    for untrusted in (encode((added(log, EVIL, EVIL),)), encode((added(log, B, B),)), b"{}"):
        with pytest.raises(Unreadable):
            learn(kept, NAME, untrusted)
    with pytest.raises(Tampering):
        learn(kept, NAME, encode((added(log, B, A),)))
    with pytest.raises(Misconfigured, match="knows no key of"):
        learn(kept, "other.test", encode((added(log, B, A, B),)))
    assert {NAME: {A.vkey: None}} == keys_by_origin(kept)
    assert kept.succession(NAME) is None


def test_a_memory_that_was_changed_is_not_believed(kept: Witnessed) -> None:
    """Nothing is witnessed on the strength of it."""
    kept.succeed(NAME, b"{}")
    with pytest.raises(Tampering, match="learned about the keys"):
        Witness(kept, SystemClock()).add_checkpoint(b"")


def test_it_looks_where_a_log_is_published(
    log: Log, kept: Witnessed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In a folder; nothing there is nothing new; what is false is an alarm, and the old keys go on counting."""
    place = tmp_path / "published"
    place.mkdir()
    kept.look_at(NAME, str(place))
    following = Following(kept=kept, web=WEB)
    asyncio.run(following.turn())
    assert {A.vkey: None} == keys_by_origin(kept)[NAME]

    (place / FILE).write_bytes(encode((added(log, EVIL, A),)))
    asyncio.run(following.turn())
    assert [logging.ERROR] == [one.levelno for one in caplog.records if "keys not followed" in one.message]
    assert {A.vkey: None} == keys_by_origin(kept)[NAME]

    (place / FILE).write_bytes(encode((added(log, B, A, B),)))
    asyncio.run(following.turn())
    assert {A.vkey: None, B.vkey: None} == keys_by_origin(kept)[NAME]


def test_it_looks_at_an_address(log: Log, kept: Witnessed, caplog: pytest.LogCaptureFixture) -> None:
    """Beside the checkpoint; a server that is away holds up nobody and is asked again."""

    async def story() -> None:
        files: dict[str, bytes] = {}
        async with server(files) as address:
            kept.look_at(NAME, address + "/")
            kept.look_at("away.test", "http://127.0.0.1:1/")
            await Following(kept=kept, web=WEB).turn()
            away = [one.levelno for one in caplog.records if "keys not followed" in one.message]
            assert [logging.WARNING] * 2 == away

            files[FILE] = encode((added(log, B, A, B),))
            await Following(kept=kept, web=WEB).turn()
            assert {A.vkey: None, B.vkey: None} == keys_by_origin(kept)[NAME]
            assert files[FILE] == await published(f"{address}/{FILE}", WEB)
            assert await published(address + "/else", WEB) is None

    asyncio.run(story())


def test_a_place_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A server in trouble, a file that is no file; what is not there is no trouble."""

    async def busy() -> None:
        async with server({}) as address:
            await published(address, WEB)

    with pytest.raises(PeerTemporary, match="503"):
        asyncio.run(busy())
    (tmp_path / FILE).mkdir()
    with pytest.raises(Misconfigured, match="cannot be read"):
        asyncio.run(published(str(tmp_path), WEB))
    assert asyncio.run(published(str(tmp_path / "nowhere"), WEB)) is None
