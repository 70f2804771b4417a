"""Label and purpose are found where people put them, the highest counts, and a contradiction is never guessed away."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.judge.rulebook import Rulebook, read
from gateway.judge.spotting import spot

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}
GUID = "0f7c2a4e-91d3-4a6b-8c55-6d1e2f3a4b5c"


def book() -> Rulebook:
    marks = f'[spotting]\nguid = {{ "{GUID}" = "sealed" }}\nfolder = {{ "Sealed" = "sealed" }}\n'
    texts = {**TEXTS, "labels.toml": TEXTS["labels.toml"].replace("[spotting]\n", marks)}
    found = read(texts)
    assert isinstance(found, Rulebook)
    return found


@pytest.mark.parametrize(
    ("subject", "label", "purpose"),
    [
        ("Lunch", "confidential", "general"),
        ("[public] Lunch", "public", "general"),
        ("Re: [Public] and [OFFICE]", "office", "general"),
        ("[office][case] Smith v Jones", "office", "litigation"),
    ],
)
def test_tags_in_the_subject(subject: str, label: str, purpose: str) -> None:
    """The highest tag counts, whatever its letter case; what is unlabelled is taken as the file says."""
    spotted = spot(book(), subject)

    assert (label, purpose, ()) == (spotted.label, spotted.purpose, spotted.conflicts)


def test_the_header_raises_and_never_lowers() -> None:
    """A header above the subject's tag wins, one below it does not."""
    assert "sealed" == spot(book(), "[public]", [("x-sealgate-label", " Sealed ")]).label
    assert "office" == spot(book(), "[office]", [("X-Sealgate-Label", "public")]).label


def test_marks_and_folders_count_too() -> None:
    """A sensitivity mark and a folder name each set the label."""
    assert "sealed" == spot(book(), "[public]", [("msip_labels", f"MSIP_Label_{GUID}_Enabled=True; X=1")]).label
    assert "sealed" == spot(book(), "[public]", folders=["2026", "sealed"]).label


@pytest.mark.parametrize(
    "header",
    [
        ("X-Sealgate-Label", "secret"),
        ("X-Sealgate-Label", ""),
        ("msip_labels", f"MSIP_Label_{GUID[:-1]}0_Enabled=true"),
    ],
)
def test_a_label_we_do_not_have_is_not_determined(header: tuple[str, str]) -> None:
    """No label comes out, so the judge holds it; the conflict says what was found."""
    spotted = spot(book(), "[office]", [header])

    assert spotted.label is None
    assert ["label-conflict"] == [reason.code for reason in spotted.conflicts]


def test_two_purposes_are_not_determined() -> None:
    """One purpose a transfer: two tags that name different ones leave it open."""
    labels = TEXTS["labels.toml"].replace('purpose = { "[case]"', 'purpose = { "[gen]" = "general", "[case]"')
    found = read({**TEXTS, "labels.toml": labels})
    assert isinstance(found, Rulebook)

    spotted = spot(found, "[office] [case] [gen]")

    assert ("office", None) == (spotted.label, spotted.purpose)
    assert ["purpose-conflict"] == [reason.code for reason in spotted.conflicts]


def test_outsiders_tags_never_count() -> None:
    """What comes from outside carries the incoming label, whatever it claims."""
    spotted = spot(book(), "[public][case]", [("X-Sealgate-Label", "nonsense")], is_from_outside=True)

    assert ("office", "general", ()) == (spotted.label, spotted.purpose, spotted.conflicts)
