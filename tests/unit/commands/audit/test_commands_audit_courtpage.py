"""The court proof as a file; what a browser makes of it is shown in `interop/test_court_page.py`."""

from __future__ import annotations

import base64
import hashlib
import re

from gateway.commands.audit.courtpage import court_page
from gateway.commands.telling import WORDS
from gateway.ledger.leaf import FIELDS


def test_it_is_one_file_that_names_its_script_and_style() -> None:
    """The policy allows exactly the script and the style that stand in it, by their digests, and nothing else."""
    page = court_page(b"evidence").decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)

    def named(content: str) -> str:
        return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    expected = ["default-src 'none'", f"script-src '{named(script)}'", f"style-src '{named(style)}'"]
    assert [*expected, "base-uri 'none'", "form-action 'none'"] == policy.split("; ")
    assert [] == re.findall(r"(?:src|href|action)=|url\(|@import|\bimport\(|\son[a-z]+=", page)


def test_it_holds_the_evidence_and_says_nothing_of_it_itself() -> None:
    """Whatever the page states is made by its script from the evidence: nothing else on it depends on that."""
    pages = [court_page(evidence).decode() for evidence in (b"one", b"another")]
    bundles = [base64.b64decode(re.findall(r'id="bundle">([^<]*)<', page)[0]) for page in pages]

    assert [b"one", b"another"] == bundles
    assert 1 == len({re.sub(r'id="bundle">[^<]*<', "", page) for page in pages})


def test_a_title_cannot_become_markup() -> None:
    """It is text, whoever chose it."""
    assert "<b>" not in court_page(title="<b>").decode()


def test_it_knows_every_field_and_word() -> None:
    """The tables in the script are the product's."""
    page = court_page().decode()

    assert [] == [kind for kind in FIELDS if f'"{kind}": {{' not in page]
    assert [] == [word for _, word in WORDS if word not in page]


def test_the_same_evidence_gives_the_same_page() -> None:
    """So that a bundle with it is the same each time, and it stays small."""
    assert court_page(b"x") == court_page(b"x")
    assert 60_000 > len(court_page())
