"""Bcc stays blind.

Jo sends the registry a filing and, blind, a copy to the court's typist, who must not be known to follow the case. A
hidden recipient is betrayed by more than a header: one ciphertext for two names two keys, a server's trace names an
envelope, a note quotes a list. Each copy must look as if there were no other.
"""

from __future__ import annotations

import pytest

from tests.house import JO, House
from tests.world import Correspondent, letter

REGISTRY, TYPIST = "filing@court.test", "typist@court.test"
Copies = dict[str, tuple[Correspondent, bytes]]


@pytest.fixture(scope="module")
def copies(town: House) -> Copies:
    """What each got, sent once for all that is asked below."""
    people = {address: town.meets(address) for address in (REGISTRY, TYPIST)}
    message = letter(JO, REGISTRY, "[case] CANARY", "CANARY\n")
    message["Bcc"] = TYPIST
    town.staff(JO).sends(message, [REGISTRY, TYPIST])
    return {address: (person, town.outside().awaits(address)[0]) for address, person in people.items()}


def test_the_open_copy_does_not_tell_of_the_blind_one(copies: Copies) -> None:
    """Neither outside nor inside the encryption does the typist's address stand anywhere."""
    registry, arrived = copies[REGISTRY]

    assert b"typist" not in arrived.lower() + registry.reads(arrived).lower()


def test_the_blind_copy_tells_what_everybody_sees(copies: Copies) -> None:
    """The typist sees the To line as Jo wrote it, and no Bcc; not even their own name."""
    typist, arrived = copies[TYPIST]

    assert b"typist" not in arrived.lower() + typist.reads(arrived).lower()
    assert b"bcc:" not in arrived.lower() + typist.reads(arrived).lower()


def test_each_copy_is_encrypted_to_one_key(copies: Copies) -> None:
    """A ciphertext says to how many keys it is encrypted; each says one."""
    assert [1, 1] == [person.keys_named_in(arrived) for person, arrived in copies.values()]


def test_each_copy_came_alone(town: House, copies: Copies) -> None:
    """One recipient in each envelope, so that the other server cannot tell either."""
    envelopes = [arrival.recipients for arrival in town.outside().arrivals if copies.keys() & {*arrival.recipients}]

    assert sorted([(REGISTRY,), (TYPIST,)]) == sorted(envelopes)
