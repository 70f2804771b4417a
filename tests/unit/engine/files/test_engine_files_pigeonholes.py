"""What folders and names mean."""

from __future__ import annotations

from gateway.engine.files.pigeonholes import Drop, Pigeonholes
from gateway.engine.policy import InForce
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Party, Recipient
from tests.unit.engine.engine_world import ALENA, party, rules, to

FIRM = Party(person="partner:smith-and-day", address=None)


def drop(folder: str, name: str = "a.pdf", who: Party | None = None, book: Rulebook | None = None) -> Drop | None:
    holes = Pigeonholes(rules=InForce(book or rules()), inquiry=None)  # type: ignore[arg-type]  # nobody is asked
    return holes.drop(who or party(ALENA), tuple(folder.strip("/").split("/")), name)


def meaning(folder: str, name: str = "a.pdf") -> tuple[str | None, str | None]:
    found = drop(folder, name)
    assert found is not None
    return found.spotted.label, found.spotted.purpose


def test_what_nothing_is_said_about() -> None:
    """A file in the partner's own folder has the label and purpose the rules give to what says nothing."""
    assert ("confidential", "general") == meaning("/to/court")


def test_folders_name_label_and_purpose() -> None:
    """Either, or both in that order; in another order it is no folder for files."""
    assert ("office", "general") == meaning("/to/court/office")
    assert ("confidential", "litigation") == meaning("/to/court/litigation")
    assert ("sealed", "litigation") == meaning("/to/court/sealed/litigation")
    assert None is drop("/to/court/litigation/sealed")
    assert None is drop("/to/court/elsewhere")
    assert None is drop("/to/nobody")
    assert None is drop("/from/court")


def test_tags_in_a_name_count_too() -> None:
    """The highest label wins, whether a folder or a tag says it; a tag never lowers a folder's label."""
    assert ("public", "litigation") == meaning("/to/court", "[public] [case] a.pdf")
    assert ("sealed", "general") == meaning("/to/court/sealed", "[public] a.pdf")
    assert ("office", "general") == meaning("/to/court/public", "[office] a.pdf")


def test_two_purposes_are_a_conflict() -> None:
    """A folder and a tag that name different purposes leave it undetermined, so the judge holds."""
    found = drop("/to/court/general", "[case] a.pdf")
    assert found is not None
    assert None is found.spotted.purpose
    assert ["purpose-conflict"] == [reason.code for reason in found.spotted.conflicts]


def test_a_folder_of_the_offices_own_naming() -> None:
    """The rules may give a label's folder another name."""
    book = rules(("labels.toml", 'unstated = "general"', 'unstated = "general"\nfolder = { "Vertraulich" = "sealed" }'))
    found = drop("/to/court/Vertraulich", book=book)
    assert found is not None
    assert "sealed" == found.spotted.label


def test_what_a_partner_hands_in() -> None:
    """It is for the colleague who verified them, under the label of everything from outside; its tags do not count."""
    found = drop("/outbox", "[public] a.pdf", who=FIRM)
    assert found is not None
    assert to("per@town.test") == found.recipient
    assert ("office", "general") == (found.spotted.label, found.spotted.purpose)
    assert None is drop("/to/court", who=FIRM)


def test_a_partner_nobody_verified_hands_in_nothing() -> None:
    """There is nobody it could be for."""
    line = 'verified = { on = 2026-01-12, by = "per@town.test", how = "fingerprint read by phone" }'
    assert None is drop("/outbox", who=FIRM, book=rules(("partners.toml", line, "")))


def test_whom_it_is_for() -> None:
    """A folder is a partner's box."""
    found = drop("/to/court")
    assert found is not None
    assert Recipient(partner="court") == found.recipient


def test_the_office_names_more_of_what_is_unfinished() -> None:
    """`temporary` of the file door in gateway.toml adds to what every office knows."""
    said = ("gateway.toml", "sftp = { ", 'sftp = { temporary = ["*.upload"], ')
    for book, unfinished in ((rules(), False), (rules(said), True)):
        holes = Pigeonholes(rules=InForce(book), inquiry=None)  # type: ignore[arg-type]  # nobody is asked
        assert (True, unfinished) == (holes.is_unfinished("a.part"), holes.is_unfinished("a.upload"))
