"""The court proof in a real browser: what a judge's clerk would see who opens the file and types the key.

Skipped aloud where there is no Chromium. The page has no network to ask, and its verdict is the product's own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.commands.audit.courtpage import court_page
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.commands.verdict import check
from gateway.engine.attested import Attestations
from gateway.engine.evidence import Choice, bundle_of
from gateway.ledger.bundle import read_zip, write_zip
from tests.audited import Past, laid_out
from tests.interop.browser import PROGRAM, Tab, tab
from tests.interop.test_ledger_go_verifier import rewritten

pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed: no browser to open the page in"),
]

STEP = 997
"""Every so many bytes one is flipped; a prime, so that it falls on all kinds of places."""
SHOWN = Choice(hide=("net",))
VERDICT = "document.getElementById('verdict').textContent"
IS_READY = "document.readyState === 'complete' && document.documentElement.dataset.done"
NO_ED25519 = "crypto.subtle.importKey = async () => { throw new DOMException('', 'NotSupportedError') }"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture(scope="module")
def bundle(past: Past) -> bytes:
    with opened(Setting(folder=past.folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        story = attestations.story(past.delivered)
        assert story is not None
        return bundle_of(tuple(attestations.of(story)), office.publication, past.ledger_key, shows=SHOWN)


@asynccontextmanager
async def open_page(folder: Path, bundle: bytes) -> AsyncIterator[Tab]:
    (folder / "proof.html").write_bytes(court_page(bundle))
    async with tab(folder / "proof.html") as page:
        await page.until(IS_READY if bundle else "document.readyState === 'complete'")
        yield page


async def types(page: Tab, key: str) -> str:
    """Type a key, press Check, read the verdict."""
    await page.says(f"document.getElementById('key').value = {json.dumps(key)}")
    await page.says("delete document.documentElement.dataset.done; document.getElementById('form').requestSubmit()")
    await page.until(IS_READY)
    return str(await page.says(VERDICT))


async def verdict_on(page: Tab, untrusted: bytes, key: str) -> str:
    """What the page's verifier says of any bytes."""
    script = f"verifyBundle(Uint8Array.from({json.dumps(list(untrusted))}), {json.dumps(key)})"
    return str(await page.says(f"{script}.then((found) => found.verdict)"))


def in_a_browser(story: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    def test(tmp_path: Path, past: Past, bundle: bytes) -> None:
        asyncio.run(story(tmp_path, past, bundle))

    test.__doc__ = story.__doc__
    return test


@in_a_browser
async def test_it_verifies_with_the_key_that_is_typed(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """Undecided without a key, true with it, false with another's; and only what is not false is told."""
    async with open_page(tmp_path, bundle) as page:
        before = await page.says(VERDICT)
        after = await types(page, f"  {past.ledger_key}\n")
        told = str(await page.says("document.body.innerText"))
        other = await types(page, "town.test/ledger+0ed3e733+AT7CUSVfAc+t9X0upbudbIpLzKBpYeJHrNQso0sPMerQ")
        silent = await page.says("document.getElementById('entries').childElementCount")
        mistyped = await types(page, past.ledger_key[:-1] + ("A" if past.ledger_key[-1] != "A" else "B"))

    assert ("UNDECIDED", "TRUE", "FALSE", "UNDECIDED") == tuple(
        str(said).partition(":")[0] for said in (before, after, other, mistyped)
    )
    assert [] == [word for word in ("clerk@court.test", "TLSv1.3", "=claim;1.pdf", "Delivered") if word not in told]
    assert ("127.0.0.1:25" in told, silent) == (False, 0)


@in_a_browser
async def test_a_browser_without_ed25519_comes_to_the_same(tmp_path: Path, past: Path, bundle: bytes) -> None:
    """With the page's own arithmetic: true for what is signed, false for what is not."""
    async with open_page(tmp_path, bundle) as page:
        assert isinstance(past, Past)
        await page.says(NO_ED25519)
        true = await types(page, past.ledger_key)
        assert await page.says("crypto.subtle.importKey().then(() => false, () => true)")
        note = read_zip(bundle)["checkpoint"]
        lie = rewritten(bundle, "checkpoint", note[:-9] + bytes([note[-9] ^ 1]) + note[-8:])
        false = await verdict_on(page, lie, past.ledger_key)

    assert ("TRUE", "false") == (true.partition(":")[0], false)


@in_a_browser
async def test_its_own_ed25519_is_rfc_8032(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """Signatures made by OpenSSL verify; with any byte of signature, key or message changed, none does."""
    async with open_page(tmp_path, bundle) as page:

        async def own(key: bytes, message: bytes, signature: bytes) -> bool:
            given = ", ".join(f"Uint8Array.from({list(one)})" for one in (key, message, signature))
            return bool(await page.says(f"ownEd25519({given})"))

        for number in range(6):
            private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
            key, message = private.public_key().public_bytes_raw(), b"m" * number * 17
            signature = private.sign(message)
            assert await own(key, message, signature)
            assert not await own(key, message + b"!", signature)
            for at in (0, 31, 32, 63):
                assert not await own(key, message, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :])
            assert not await own(bytes([key[0] ^ 1]) + key[1:], message, signature)
        order = (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little")
        high = int.from_bytes(signature[32:], "little") + int.from_bytes(order, "little")
        assert not await own(key, message, signature[:32] + high.to_bytes(32, "little"))  # RFC 8032 §8.4


@in_a_browser
async def test_a_flipped_byte_shows(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """Wherever a byte is changed, the page says false, as the product does; and shows nothing of it."""
    async with open_page(tmp_path, bundle) as page:
        for at in range(0, len(bundle), STEP):
            lie = bundle[:at] + bytes([bundle[at] ^ 0x20]) + bundle[at + 1 :]
            assert ("false", "false") == (
                await verdict_on(page, lie, past.ledger_key),
                check(lie, (past.ledger_key,)).verdict,
            ), at
    at = len(bundle) // 2
    async with open_page(tmp_path, bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 :]) as page:
        said = await types(page, past.ledger_key)
        shown = await page.says("document.getElementById('told').hidden")

    assert ("FALSE", True) == (said.partition(":")[0], shown)


@in_a_browser
async def test_a_lie_in_a_bundle_that_looks_in_order_shows(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """One changed file with a manifest to match, a file too many, a file missing: page and product say false."""
    files = read_zip(bundle)
    lies = [
        rewritten(bundle, name, files[name][:-9] + bytes([files[name][-9] ^ 1]) + files[name][-8:])
        for name in ("entries/9.bin", "proofs/9.tlog-proof", "disclosures.json", "record.json")
    ]
    lies.append(rewritten(bundle, "extra.txt", b"a file of nobody's"))
    lies.append(write_zip({name: content for name, content in files.items() if name != "policy"}))
    async with open_page(tmp_path, bundle) as page:
        verdicts = [await verdict_on(page, lie, past.ledger_key) for lie in lies]

    assert ["false"] * len(lies) == verdicts == [check(lie, (past.ledger_key,)).verdict for lie in lies]


@in_a_browser
async def test_it_asks_nobody(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """It loads nothing, and its policy keeps it from loading anything, running anything else or sending a form."""
    async with open_page(tmp_path, bundle) as page:
        await types(page, past.ledger_key)
        loaded = await page.says("performance.getEntriesByType('resource').length")
        fetched = await page.says("fetch('data:,x').then(() => 'fetched', () => 'refused')")
        ran = await page.says(
            "{ const other = document.createElement('script'); other.textContent = 'globalThis.isRun = true';"
            " document.body.append(other); String(globalThis.isRun) }"
        )

    assert (0, "refused", "undefined") == (loaded, fetched, ran)


@in_a_browser
async def test_it_can_be_printed(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """On paper it is a PDF of some pages, with the verdict and without the buttons."""
    async with open_page(tmp_path, bundle) as page:
        await types(page, past.ledger_key)
        paper = await page.paper()
        await page.call("Emulation.setEmulatedMedia", media="print")
        hidden = await page.says("getComputedStyle(document.getElementById('print')).display")
        kept = await page.says("getComputedStyle(document.getElementById('verdict')).display")

    assert (b"%PDF-", "none", "block") == (paper[:5], hidden, kept)
    assert len(paper) > 10_000


@in_a_browser
async def test_the_verifier_in_a_bundle_takes_any_bundle(tmp_path: Path, past: Past, bundle: bytes) -> None:
    """Without evidence of its own it waits for one, and then comes to the same."""
    async with open_page(tmp_path, b"") as page:
        await page.until("document.getElementById('verdict') !== null")
        waiting = await page.says(VERDICT)
        found = await verdict_on(page, bundle, past.ledger_key)

    assert ("Nothing has been checked.", "true") == (waiting, found)
