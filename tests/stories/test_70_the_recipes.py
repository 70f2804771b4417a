"""The recipes.

Ruth has `docs/recipes.md` open and does what it says, from top to bottom, in one office. Whatever the page shows must
be what she sees.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.house import ALENA, PER, ROOT, RUTH, House
from tests.recipes import Kitchen, Recipe, recipes
from tests.world import letter

COURT = "registry@court.test"
COOKBOOK = tuple(recipes((ROOT / "docs" / "recipes.md").read_text("utf-8")))


@pytest.fixture(scope="module")
def kitchen() -> Iterator[Kitchen]:
    """One open office for all of them."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.outside().start()
            house.opens()
            yield Kitchen(house)
            house.is_whole()
        finally:
            house.ends()


def _a_key_comes_from(address: str) -> Callable[[House], None]:
    """They send their certificate; it lies beside the office."""

    def comes(house: House) -> None:
        guest = house.meets(address, is_trusted=False)
        (house.folder.parent / f"{address}.asc").write_bytes(guest.certificate)

    return comes


def _alena_writes_to_the_court(house: House) -> None:
    """Her letter waits: nobody has vouched for the court's key."""
    _a_key_comes_from(COURT)(house)
    house.staff(ALENA).hands_in(letter(ALENA, COURT, "[case] Papers", "See below.\n"), [COURT])
    house.awaits(COURT, "no-key")


def _it_has_arrived(house: House) -> None:
    """Her letter, once the key was there."""
    house.outside().awaits(COURT)
    (row,) = json.loads(house.asks("ledger", "find", "--recipient", COURT, "--json", by=PER))
    house.comes_to_rest(row["transfer"])


def _there_are_custodians(house: House) -> None:
    """Ruth and Per have keys of their own; another disk, and a place for the keys, are there."""
    for name in ("backup", "anchor", "escrow"):
        (house.folder.parent / "srv" / name).mkdir(parents=True, mode=0o700)
    for address in (RUTH, PER):
        house.meets(address)


def _it_burns(house: House) -> None:
    """It is switched off, backed up a last time, and gone; Ruth opens her envelope with her own gpg."""
    house.closes()
    house.asks("backup")
    ruth = next(guest for guest in house.guests if guest.address == RUTH)
    (sealed,) = (house.folder.parent / "srv" / "escrow").glob(f"*{ruth.fingerprint}*")
    (house.folder.parent / "opened.json").write_bytes(ruth.reads(sealed.read_bytes()))


BEFORE: Mapping[str, Callable[[House], None]] = {
    "A new partner": _a_key_comes_from("office@miller.test"),
    "A letter waits": _alena_writes_to_the_court,
    "A partner's laptop is stolen": _it_has_arrived,
    "Backups": _there_are_custodians,
    "The machine is gone": _it_burns,
}


@pytest.mark.parametrize("recipe", COOKBOOK, ids=lambda recipe: recipe.title)
def test_what_the_recipe_says_is_what_happens(recipe: Recipe, kitchen: Kitchen) -> None:
    """Each change loads, each command ends as it says, and what is shown is seen."""
    if before := BEFORE.get(recipe.title):
        before(kitchen.house)

    kitchen.follows(recipe)


def test_nothing_is_prepared_for_a_recipe_that_is_gone() -> None:
    """What comes before a recipe names it as the page does."""
    assert set(BEFORE) <= {recipe.title for recipe in COOKBOOK}
