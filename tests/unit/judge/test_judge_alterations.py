"""What else widens: powers, releases, ways to sign in, standing orders, what is recognised."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from gateway.judge.checks import FILES
from gateway.judge.difference import difference
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.shapes import (
    AllowTable,
    BreakGlass,
    FactsTable,
    ForbidTable,
    HalfLife,
    LabelsFile,
    NeverTable,
    PartnersFile,
    PartnerTable,
    PeopleFile,
    PersonTable,
    RequireTable,
    RoleTable,
    TransfersFile,
    Verified,
)
from gateway.judge.stationshapes import (
    GatewayFile,
    HoldTable,
    HopTable,
    KeepTable,
    MailTable,
    MetadataFile,
    OfficeTable,
    PickupTable,
    ProtectionFile,
    RetentionFile,
    RetentionTable,
    RoutesFile,
    StripTable,
    WorkshopTable,
)
from tests.edited import PARTNERS, PEOPLE, TEXTS, TRANSFERS, Edit, book

ON = date(2026, 11, 23)
RUTH = 'roles = ["head"], until = 2027-12-31'
ALENA = 'roles = ["clerk"], until = 2027-06-30'


def told(*edits: Edit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What widens, and what does not."""
    found = difference(book(), book(*edits), on=ON).altered
    return tuple(a.sentence for a in found if a.is_wider), tuple(a.sentence for a in found if not a.is_wider)


@pytest.mark.parametrize(
    ("edit", "wider", "others"),
    [
        pytest.param(
            (PEOPLE, 'powers = ["publish", "break-glass"]', 'powers = ["publish", "break-glass", "vouch"]'),
            ["Ruth Okafor may now vouch for addresses and keys, to 31 December 2027."],
            [],
            id="a power",
        ),
        pytest.param(
            (PEOPLE, 'powers = ["publish", "break-glass"]', 'powers = ["publish"]'),
            [],
            ["Ruth Okafor may no longer break the glass."],
            id="a power less",
        ),
        pytest.param(
            (PEOPLE, RUTH, 'roles = ["head"], until = 2027-06-30'),
            [],
            [
                "Ruth Okafor may no longer break the glass after 30 June 2027.",
                "Ruth Okafor may no longer publish rules after 30 June 2027.",
                "Ruth Okafor may no longer release Public, Office, Confidential and Sealed papers that wait for a head "
                "after 30 June 2027.",
            ],
            id="an account that ends sooner",
        ),
        pytest.param(
            (PEOPLE, '"ruth@town.test" = { name = "Ruth Okafor"',
             '"ruth@town.test" = { name = "Ruth Okafor", also = ["head@town.test"]'),
            ["Ruth Okafor may now also write as head@town.test."],
            [],
            id="an alias",
        ),
        pytest.param(
            (PEOPLE, '"ruth@town.test" = { name = "Ruth Okafor"',
             '"ruth@town.test" = { name = "Ruth Okafor", unit = "law"'),
            ['Ruth Okafor now belongs to the unit "law".'],
            [],
            id="a unit",
        ),
        pytest.param(
            (PARTNERS, 'addresses = ["day@smithday.test"]', 'addresses = ["day@smithday.test", "ann@smithday.test"]'),
            ["Any paper to ann@smithday.test (now of Smith & Day) may now go out with changes.",
             "The gateway may now write notes to ann@smithday.test."],
            ["Addresses that imitate ann@smithday.test are now recognised."],
            id="an address of a partner",
        ),
        pytest.param(
            (TRANSFERS, 'unless = ["agreement-current"]', 'unless = ["address-verified"]'),
            ["The standing order sealed-without-agreement is changed."],
            [],
            id="a never",
        ),
        pytest.param(
            ("labels.toml", 'unlabelled = "confidential"', 'unlabelled = "public"'),
            ["How labels and purposes are recognised is changed."],
            [],
            id="the label of what has none",
        ),
    ],
)  # fmt: skip
def test_each_is_told_and_counted(edit: Edit, wider: list[str], others: list[str]) -> None:
    """Two people sign for what grows, one for what shrinks."""
    assert (tuple(wider), tuple(others)) == told(edit)


def test_a_fact_that_is_yes_less_often_widens_where_a_rule_narrows_by_it() -> None:
    """The sample forbids look-alikes: fewer caught is wider, more is not. Nobody asks how many recipients are many."""
    first = '[[allow]]\nid = "court-filing"'
    far = (TRANSFERS, first, f"[facts]\nlookalike-distance = 2\n\n{first}")
    many = (TRANSFERS, first, f"[facts]\nmany-recipients = 500\n\n{first}")

    back = difference(book(far), book(), on=ON).altered

    assert ((), ("An address imitates a partner's within 2 letters.",)) == told(far)
    assert [("An address imitates a partner's within 1 letters.", True)] == [(a.sentence, a.is_wider) for a in back]
    assert ((), ("More than 500 recipients count as many.",)) == told(many)


def test_a_partner_who_goes_is_no_longer_protected_from_imitation() -> None:
    """Its look-alikes were refused as strangers; now they are merely strangers."""
    start = "[partner.smith-and-day]"
    text = book().files
    partners = dict(text)[PARTNERS]

    wider, others = told((PARTNERS, partners[partners.index(start) :], ""))

    assert "Addresses that imitate day@smithday.test are no longer recognised." in wider
    assert "Smith & Day is no longer a partner." in others


def test_signing_in_may_get_easier_or_harder() -> None:
    """A role that asks for a code takes ways away; without it they come back."""
    strict = (
        PEOPLE,
        'sign-in = ["key", "password+code", "certificate"] }\nregistrar',
        'sign-in = ["key"] }\nregistrar',
    )

    harder = difference(book(), book(strict), on=ON).altered
    easier = difference(book(strict), book(), on=ON).altered

    assert [False] == [one.is_wider for one in harder if "signs in" in one.sentence]
    assert [True] == [one.is_wider for one in easier if "signs in" in one.sentence]


def test_a_person_who_comes_and_goes_is_named() -> None:
    """Coming alone widens nothing; what they may do is told beside it."""
    entry = '"kim@town.test" = { name = "Kim Doe", roles = ["clerk"], until = 2027-01-31 }'
    kim = (PEOPLE, '"per@town.test" =', f'{entry}\n"per@town.test" =')

    assert ((), ("Kim Doe (kim@town.test) is new.",)) == told(kim)
    back = difference(book(kim), book(), on=ON).altered
    assert ["Kim Doe (kim@town.test) is no longer here."] == [one.sentence for one in back]


def test_an_expectation_that_goes_is_told() -> None:
    """It needs one person, and everybody who is shown the change sees it."""
    test = '[[expect]]\nthat = "sealed papers wait"\nfrom = "jo@town.test"\nto = "registry@court.test"\n' \
           'label = "sealed"\nby = "sftp"\non = 2026-11-23\noutcome = "hold"\n'  # fmt: skip
    expecting = read(TEXTS | {"a.test.toml": test})
    assert isinstance(expecting, Rulebook)

    (found,) = difference(expecting, book(), on=ON).altered

    assert ('No longer expected: "sealed papers wait".', False) == (found.sentence, found.is_wider)


def test_where_backups_go_takes_two() -> None:
    """Whoever could name another folder, or be the one who keeps the keys, would have the whole office."""
    backup = ("gateway.toml", "[door]", 'backup = { to = "/srv/b", custodians = ["a@b.test", "c@d.test"] }\n[door]')

    (found,) = difference(book(), book(backup), on=ON).altered

    assert ("Where backups go, or who keeps the keys to them, is changed.", True) == (found.sentence, found.is_wider)


BY_PHONE = 'how = "rang the number on file"'
ONE, BOTH = (f"{BY_PHONE}, mx = {mx}" for mx in ('["mx1.court.test"]', '["mx1.court.test", "mx2.court.test"]'))


@pytest.mark.parametrize(
    ("was", "now", "sentence", "is_wider"),
    [
        (BY_PHONE, ONE, "only while its mail goes to mx1.court.test", False),
        (BOTH, ONE, "only while its mail goes to mx1.court.test", False),
        (ONE, BOTH, "only while its mail goes to mx1.court.test and mx2.court.test", True),
        (ONE, BY_PHONE, "wherever its mail goes", True),
    ],
)
def test_what_mail_servers_an_address_is_verified_with_is_weighed(
    was: str, now: str, sentence: str, is_wider: bool
) -> None:
    """Whoever takes a noted server away, or adds one, changes where papers may go; to compare none is widest."""
    before, after = (book((PARTNERS, BY_PHONE, how)) for how in (was, now))

    (found,) = difference(before, after, on=ON).altered

    assert (f"The address of County Court counts as verified {sentence}.", is_wider) == (found.sentence, found.is_wider)


WEIGHED: dict[type[msgspec.Struct], str] = {
    RoleTable: "may_handle powers sign_in",
    PersonTable: "name roles until also unit",
    LabelsFile: "labels purposes spotting",
    Verified: "on by how mx",
    PartnerTable: "name groups domains addresses agreement verified sign_in",
    AllowTable: "id because who to labels by until owner for_ when mixed mode seldom sender_sealed",
    ForbidTable: "id because who to labels by for_ when unless say mode",
    RequireTable: "id because who to labels by for_ when unless then mode",
    NeverTable: "id because who to labels by for_ when unless",
    FactsTable: "verified_for many_recipients lookalike_distance personal_data working_hours",
    TransfersFile: "allow forbid require never facts break_glass half_life",
    BreakGlass: "review",
    HalfLife: "warn watch remove",
    MetadataFile: "strip allow",
    StripTable: "id because what as_ to labels families",
    KeepTable: "id because keep owner until as_ to labels families",
    ProtectionFile: "floor ways transport hop trust pickup",
    HopTable: "to level pin id because",
    PickupTable: "keep tries code_by",
    RoutesFile: "mail route",
    MailTable: "via first_retry give_up park_from",
    RetentionFile: "keep hold",
    RetentionTable: "id because what for_ labels purposes of_ owner warn",
    HoldTable: "id because owner until partners people addresses purposes",
    GatewayFile: "office storage ledger door workshop scan limits alarms backup",
    OfficeTable: "name domains zone language",
    WorkshopTable: "level",
}
"""Every key that was looked at when it was decided what widens. A table compared whole is not listed."""


@pytest.mark.parametrize("shape", WEIGHED)
def test_no_key_is_new_that_nobody_has_weighed(shape: type[msgspec.Struct]) -> None:
    """Whoever adds a key says in `difference`, `alterations` or `stationkeys` what it widens, and then here."""
    assert set(WEIGHED[shape].split()) == set(shape.__struct_fields__)


def test_no_file_is_new_that_nobody_has_weighed() -> None:
    """Likewise."""
    files = {PeopleFile, LabelsFile, PartnersFile, TransfersFile, MetadataFile, ProtectionFile, RoutesFile,
             RetentionFile, GatewayFile}  # fmt: skip

    assert files == set(FILES.values())
