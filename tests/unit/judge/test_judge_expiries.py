"""Everything that ends, by day, with the very line that says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.judge.expiries import Expiry, expiries
from gateway.judge.rulebook import Rulebook, read

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}
TODAY = date(2026, 11, 23)
HOLD = """
[[hold]]
id = "kern-case"
partners = ["court"]
owner = "per@town.test"
until = 2027-02-28
because = "Kern v Town."
"""


def book(**more: str) -> Rulebook:
    texts = {**TEXTS, **{f"{name}.toml": TEXTS[f"{name}.toml"] + text for name, text in more.items()}}
    found = read(texts)
    assert isinstance(found, Rulebook), found
    return found


def of_kind(rulebook: Rulebook, kind: str) -> dict[str, Expiry]:
    return {one.what: one for one in expiries(rulebook, TODAY) if one.kind == kind}


def test_the_soonest_comes_first() -> None:
    """What is over already is the very first."""
    found = expiries(book(), TODAY)

    assert sorted(one.last for one in found) == [one.last for one in found]
    assert ("agreement", "Smith & Day", -207) == (found[0].kind, found[0].what, found[0].days_left(TODAY))


def test_each_stands_at_the_line_that_ends_it() -> None:
    """Whoever opens the file there sees the date that is meant."""
    rulebook = book(retention=HOLD)

    for one in expiries(rulebook, TODAY):
        file, line = one.mend.removeprefix("rules/").split(":")
        written = dict(rulebook.files)[file].splitlines()[int(line) - 1]
        assert one.last.isoformat() in written or one.kind == "verification", (one, written)


def test_all_that_ends_is_there() -> None:
    """Each allow, each person, each agreement and verification, exceptions for metadata, holds."""
    rulebook = book(retention=HOLD)

    assert {rule.id for rule in rulebook.rules if rule.until} == of_kind(rulebook, "rule").keys()
    assert {"Alena Novak", "Jo Hart", "Ruth Okafor", "Per Lind"} == of_kind(rulebook, "person").keys()
    assert {"County Court", "Smith & Day"} == of_kind(rulebook, "agreement").keys()
    assert {"redlines"} == of_kind(rulebook, "metadata").keys()
    assert ("per@town.test",) == of_kind(rulebook, "hold")["kern-case"].owners


def test_a_verification_counts_to_the_day_before_it_is_too_old() -> None:
    """Two years after 3 February 2026 it is none; the last day is the one before, and who vouches renews it."""
    court = of_kind(book(), "verification")["County Court"]

    assert (date(2028, 2, 2), ("per@town.test",)) == (court.last, court.owners)


def test_a_host_key_ends_only_where_none_is_pinned_for_good() -> None:
    """Two keys with days: the later one's last day counts. One without: nothing ends."""
    text = TEXTS["routes.toml"]
    pinned = text[text.index("host-keys = [") : text.index("]", text.index("host-keys = [")) + 1]
    key = pinned.partition('"')[2].partition('"')[0]
    dated = (
        f'host-keys = [{{ key = "{key}", from = 2026-01-01, until = 2026-12-01 }}, '
        f'{{ key = "{key}", from = 2026-11-01, until = 2027-05-01 }}]'
    )
    found = read({**TEXTS, "routes.toml": text.replace(pinned, dated)})
    assert isinstance(found, Rulebook)

    assert [date(2027, 5, 1)] == [one.last for one in of_kind(found, "host-key").values()]
    assert {} == of_kind(book(), "host-key")


def test_everything_has_a_name_people_use() -> None:
    """Each kind there is, whatever finds it."""
    kinds = ("rule", "person", "agreement", "verification", "metadata", "host-key", "hold", "key", "certificate")
    for kind in (*kinds, "review"):
        one = Expiry(last=TODAY, kind=kind, what="WHAT", owners=(), mend="")
        assert one.called.startswith("the ")
        assert "WHAT" in one.called


def test_an_address_is_found_however_it_is_written() -> None:
    """Capitals in people.toml change nothing."""
    found = read({**TEXTS, "people.toml": TEXTS["people.toml"].replace('"alena@town.test"', '"Alena@Town.TEST"')})
    assert isinstance(found, Rulebook)

    assert of_kind(found, "person")["Alena Novak"].mend == of_kind(book(), "person")["Alena Novak"].mend
