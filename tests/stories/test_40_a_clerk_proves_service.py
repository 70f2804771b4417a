"""A clerk proves service of documents.

The other side tells the court that it never got the statement of claim. The clerk must show the court that this very
file left for this very address at this hour, over a connection that was protected; and must not show who in the office
sent it, what the matter is called, or what else was going on. The judge has a laptop, no network, and no program of
ours.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.house import JO, House
from tests.interop.browser import PROGRAM, tab
from tests.world import letter

REGISTRY, CLERK = "registry@court.test", "clerk@court.test"
SHOWN = ("rcp.addr", "obj.sha256.out", "sec.tls", "sec.cert", "net.dst", "rcp.reply")


def test_exactly_what_was_chosen_is_shown(town: House) -> None:
    """The address, the digest and the connection are proved; of all else the bundle holds not a byte."""
    town.meets(REGISTRY)
    transfer = town.staff(JO).hands_in(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY]).transfer
    town.outside().awaits(REGISTRY)
    town.comes_to_rest(transfer)

    bundle = town.proves_only(transfer, *SHOWN)
    code, told = town.auditor().verifies(bundle)

    assert (0, True) == (code, told.startswith("TRUE: "))
    assert [True, True, True] == [word in told for word in (REGISTRY, "TLS", "Delivered")]
    assert [False] * 3 == [word in bundle for word in (JO.encode(), b"CANARY", b"court-filing")]


@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed: no browser for the judge")
def test_the_judge_opens_a_page(town: House) -> None:
    """One file, opened without a network: true with the key from the office's letterhead, and fit to be printed."""
    town.meets(CLERK)
    transfer = town.staff(JO).hands_in(letter(JO, CLERK, "[case] CANARY", "CANARY\n"), [CLERK]).transfer
    town.outside().awaits(CLERK)
    town.comes_to_rest(transfer)
    page = town.makes_a_page(transfer, *SHOWN)

    async def judge() -> tuple[str, str]:
        async with tab(page) as shown:
            await shown.until("document.readyState === 'complete' && document.documentElement.dataset.done")
            await shown.says(f"document.getElementById('key').value = '{town.ledger_key}'")
            await shown.says("document.getElementById('form').requestSubmit()")
            await shown.until("document.documentElement.dataset.done === 'true'")
            return await shown.says("document.getElementById('verdict').textContent"), await shown.says(
                "document.body.innerText"
            )

    verdict, told = asyncio.run(judge())

    assert verdict.startswith("TRUE: ")
    assert [True, True, False] == [word in told for word in (CLERK, "The connection it left by", JO)]


def test_nothing_else_went_there_that_week(house: House) -> None:
    """Over days that are over, one of them empty: of the registry this one thing, of somebody else nothing at all."""
    house.outside().start()
    house.opens()
    house.meets(REGISTRY)
    transfer = house.staff(JO).hands_in(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY]).transfer
    house.outside().awaits(REGISTRY)
    house.comes_to_rest(transfer)
    today = house.day()
    house.closes()
    house.passes(minutes=2 * 24 * 60)
    house.asks("ledger", "find", "--on", today)  # the ledger's own time is past those days now
    house.opens()

    went, nothing = (house.proves_absence(address, today, days=2) for address in (REGISTRY, CLERK))

    code, told = house.auditor().verifies(went)
    assert (0, True) == (code, f"nothing else was sealed for {REGISTRY}" in told)
    code, told = house.auditor().verifies(nothing)
    assert (0, True) == (code, f"nothing was sealed for {CLERK}" in told)
