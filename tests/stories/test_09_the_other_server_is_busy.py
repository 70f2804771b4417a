"""The other server is busy, or will not have it.

Servers are busy, and then they are not: a message must wait and go, without anybody doing anything. And servers refuse
for good: the address is gone. Then the sender must hear it soon, in words a clerk understands, from a note that can be
forwarded and printed and so must never quote what was in the message.
"""

from __future__ import annotations

from email import message_from_bytes, policy

from tests.house import JO, House
from tests.world import letter

REGISTRY = "registry@court.test"


def test_it_is_tried_again_and_arrives_once(house: House) -> None:
    """451 twice, then 250: it is delivered once, and nobody did anything."""
    house.outside().start()
    house.outside().answer = lambda recipient: "451 4.3.2 Too busy" if recipient == REGISTRY else None
    house.opens()
    registry = house.meets(REGISTRY)

    transfer = house.staff(JO).hands_in(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY]).transfer
    house.is_put_off(transfer)
    house.passes(minutes=6)
    house.is_put_off(transfer, 2)
    house.outside().answer = lambda _: None
    house.passes(minutes=12)

    (arrived,) = house.outside().awaits(REGISTRY)
    assert b"CANARY" in registry.reads(arrived)
    assert 3 == house.outside().tries(REGISTRY)


def test_a_refusal_for_good_is_explained_and_quotes_nothing(house: House) -> None:
    """550: Jo gets a note with the reason, the other server's words and the transfer, and nothing she wrote."""
    house.outside().start()
    house.outside().answer = lambda recipient: "550 5.1.1 No such clerk here" if recipient == REGISTRY else None
    house.opens()
    house.meets(REGISTRY)
    message = letter(JO, REGISTRY, "[case] CANARY-subject", "CANARY-body\n")

    transfer = house.staff(JO).hands_in(message, [REGISTRY]).transfer

    (note,) = house.outside().awaits(JO)
    report = message_from_bytes(note, policy=policy.default)
    assert "multipart/report" == report.get_content_type()
    assert ("mailer-daemon@mail.town.test", "auto-replied") == (
        report["From"].addresses[0].addr_spec, report["Auto-Submitted"],
    )  # fmt: skip
    words = next(report.iter_parts()).get_content()
    assert f"Your message did not reach {REGISTRY}" in words
    assert "No such clerk here" in words
    assert transfer in words
    assert b"CANARY-body" not in note
