"""What is inside, as facts: of mail and of files, and never a no where something could not be read."""

from __future__ import annotations

import pytest

from gateway.facts import Truth
from gateway.journey import State
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    Office,
    in_the_office,
    letter,
    rules,
    to,
    with_document,
)

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
IBAN = "GB82 WEST 1234 5698 7654 32"
EVERY = ("personal-data-found", "label-conflict", "many-recipients", "hidden-content-found")
ASKED = "".join(
    f'[[require]]\nid = "r-{name}"\nwhen = ["{name}"]\nthen = ["strip-metadata"]\nbecause = "To be known."\n'
    for name in EVERY
)


def asking(**settings: str) -> dict[str, object]:
    more = "".join(settings.values())
    return {"rulebook": lambda: rules(transfers=ASKED + more)}


async def facts(office: Office, content: bytes, *recipients: str) -> dict[str, Truth]:
    """What the judge knew when it decided about the first leg."""
    for one in recipients or (COURT,):
        await office.trusts(one)
    transfer = await office.accepts(content, *(recipients or (COURT,)))
    await office.rests()
    judged = office.journey(transfer).legs[0].judged
    assert judged is not None
    return {known.name: known.value for known in judged.known}


@pytest.mark.parametrize(
    ("body", "truth"),
    [
        ("Nothing here.\r\n", NO),
        (f"Pay to {IBAN}.\r\n", YES),
        (f"Pay to {IBAN[:-1]}3.\r\n", NO),
        ("Ref 943 476 5919\r\n", NO),
    ],
)
@in_the_office(**asking())
async def test_personal_data_in_a_letter(office: Office, body: str, truth: Truth) -> None:
    """Sure identifiers count; likely ones only where the rules ask for that level."""
    assert truth is (await facts(office, letter(body=body)))["personal-data-found"]


@in_the_office(**asking(level='[facts]\npersonal-data = { level = "medium", count = 2 }\n'))
async def test_the_rules_say_how_much_is_much(office: Office) -> None:
    """Two likely ones, of which one alone is none."""
    one = await facts(office, letter(body="Ref 943 476 5919\r\n"))
    two = await facts(office, letter(body="Ref 943 476 5919, 401 023 2137\r\n"))

    assert [NO, YES] == [one["personal-data-found"], two["personal-data-found"]]


@pytest.mark.parametrize(
    ("name", "media", "content", "truth"),
    [
        ("a.csv", "text/csv", f"a,b\n1,{IBAN}\n".encode(), YES),
        ("a.txt", "text/plain", b"nothing", NO),
    ],
)
@in_the_office(**asking())
async def test_personal_data_in_a_document(office: Office, name: str, media: str, content: bytes, truth: Truth) -> None:
    """Counted where the document is opened, and told by number only."""
    assert truth is (await facts(office, with_document(name, media, content)))["personal-data-found"]


@in_the_office(**asking())
async def test_a_document_whose_text_cannot_be_had_is_unknown(office: Office) -> None:
    """A picture may be a passport: where a rule needs to know, it waits."""
    known = await facts(office, with_document("a.bin", "application/octet-stream", bytes(64)))

    assert UNKNOWN is known["personal-data-found"]


@pytest.mark.parametrize(
    ("subject", "extra", "truth"),
    [
        ("[case] x", "", NO),
        ("[case] [office] x", "X-Sealgate-Label: office\r\n", NO),
        ("[case] [office] x", "X-Sealgate-Label: confidential\r\n", YES),
        ("[case] [office] [public] x", "", YES),
    ],
)
@in_the_office(**asking())
async def test_labels_that_disagree(office: Office, subject: str, extra: str, truth: Truth) -> None:
    """A tag and a header, or two tags; the highest counts all the same, and the fact says that they disagreed."""
    assert truth is (await facts(office, letter(subject=subject, extra=extra)))["label-conflict"]


@in_the_office(**asking())
async def test_a_label_nobody_knows_is_a_conflict_and_waits(office: Office) -> None:
    """The fact is yes, and the label is unknown."""
    known = await facts(office, letter(extra="X-Sealgate-Label: secret\r\n"))

    assert YES is known["label-conflict"]


@in_the_office(**asking(number="[facts]\nmany-recipients = 2\n"))
async def test_many_recipients_are_known_on_the_whole_voyage(office: Office) -> None:
    """At DATA, when the documents are open, and just before the first byte: it goes, for it is never unknown there."""
    await office.trusts(COURT)
    others = f"To: {COURT}, {ALENA}, a@x.test, b@x.test\r\n"
    content = letter().replace(f"To: {COURT}\r\n".encode(), others.encode())

    transfer = await office.accepts(content)
    await office.comes_to(transfer, State.SHIPPED)

    judged = office.journey(transfer).legs[0].judged
    assert judged is not None
    assert YES is {known.name: known.value for known in judged.known}["many-recipients"]
    assert "r-many-recipients" in judged.rules


@in_the_office()
async def test_nobody_looks_for_what_no_rule_asks(office: Office) -> None:
    """Counting costs; the plan says whether to."""
    plan, _ = office.in_force.plan(to(CITIZEN), "office", 0)
    asked, _ = type(office.in_force)(rules(transfers=ASKED)).plan(to(CITIZEN), "office", 0)

    assert [False, True] == [plan.counts_personal, asked.counts_personal]
