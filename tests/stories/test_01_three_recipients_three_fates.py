"""One message, three recipients, three fates.

Jo writes to the court's registry, to counsel on the other side and to the court's bailiff, in one message, as people
do. The registry's key is vouched for. The agreement with counsel has ended. Nobody here knows the bailiff's key. An
ordinary mail server would have sent all three the same readable copy; a cautious one would have sent nothing, or less
without a word. Here each gets what the rules say, and Jo is told all of it before her mail program says "sent".
"""

from __future__ import annotations

from tests.house import JO, House
from tests.world import attached, attachment, letter

EXHIBIT = b"case,exhibit\r\nCANARY-2026-114,A\r\n"
REGISTRY, COUNSEL, BAILIFF = "registry@court.test", "day@smithday.test", "bailiff@court.test"


def test_each_recipient_gets_what_the_rules_say(town: House) -> None:
    """One copy is delivered, for its recipient alone; one is refused with a sentence; one waits with a reason."""
    registry = town.meets(REGISTRY)
    message = attached(letter(JO, REGISTRY, "[case] CANARY exhibits"), "exhibits.csv", EXHIBIT, "text/csv")

    sent = town.staff(JO).hands_in(message, [REGISTRY, COUNSEL, BAILIFF])

    (arrived,) = town.outside().awaits(REGISTRY)
    assert EXHIBIT == attachment(registry.opens(arrived), "exhibits.csv")
    assert b"CANARY-2026-114" not in arrived
    assert {COUNSEL} == sent.refused.keys()
    assert sent.refused[COUNSEL].startswith("550 5.7.1 The agreement with Smith & Day ended on 30 April 2026")
    assert "1 waits: No verified key is known for bailiff@court.test" in sent.reply
    assert [] == town.outside().received(COUNSEL) + town.outside().received(BAILIFF)
    assert JO == town.awaits(BAILIFF, "no-key").sender


def test_the_whole_way_is_encrypted(town: House) -> None:
    """No message to anybody outside crosses a wire without TLS."""
    town.meets("usher@court.test")
    town.staff(JO).hands_in(letter(JO, "usher@court.test", "[case] CANARY hearing"), ["usher@court.test"])
    town.outside().awaits("usher@court.test")

    assert [] == [arrival.recipients for arrival in town.outside().arrivals if not arrival.was_encrypted]
