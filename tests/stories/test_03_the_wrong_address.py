"""The wrong address.

The commonest accident of an office is a message to the wrong person: somebody the office may no longer write to, or an
address that is one letter away from a partner's, typed in haste or planted by a thief. Both must be caught while the
sender still has the message in front of them, and the answer must say what to do.
"""

from __future__ import annotations

import pytest

from tests.house import ALENA, JO, House
from tests.world import letter


def test_an_agreement_that_ended_is_refused_by_name(town: House) -> None:
    """At RCPT, before any content: which agreement, when it ended, which rule, and whom to ask."""
    sent = town.staff(JO).hands_in(letter(JO, "day@smithday.test", "CANARY offer"), ["day@smithday.test"])

    expected = "550 5.7.1 The agreement with Smith & Day ended on 30 April 2026 (opposing-counsel). Ask Ruth Okafor."
    assert {"day@smithday.test": expected} == sent.refused


@pytest.mark.parametrize("nearly", ["registry@cuort.test", "registry@c0urt.test"])
def test_an_address_that_is_nearly_a_partners_is_caught(nearly: str, town: House) -> None:
    """Alena may write to anybody; not to whoever made themselves look like the court. She is shown whom she meant."""
    sent = town.staff(ALENA).hands_in(letter(ALENA, nearly, "[office] CANARY"), [nearly])

    assert sent.refused[nearly].startswith("550 5.7.1 ")
    assert "court.test" in sent.refused[nearly].partition(nearly)[2] or "Did you mean" in sent.refused[nearly]


def test_nothing_of_what_was_refused_is_kept(town: House) -> None:
    """A refusal at the door holds nothing: the ledger says that it was, and nothing waits or leaves."""
    town.staff(JO).hands_in(letter(JO, "day@smithday.test", "CANARY again"), ["day@smithday.test"])

    assert [] == town.waiting("day@smithday.test")
    assert [] == town.outside().received("day@smithday.test")
