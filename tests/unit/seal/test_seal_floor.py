"""Never weaker than the floor: the whole table of floor, demand, way and key."""

from __future__ import annotations

import itertools

import pytest

from gateway.facts import Reason
from gateway.seal.floor import Choice, Floor, Unvouched, Vouched, Wait, choose
from gateway.seal.hop import Level
from gateway.transfer import Seal

KEY = Vouched(fingerprint="A" * 40, certificate=b"c", key_id="B" * 16, trust="call-back", until_ms=1)
NONE = Unvouched(reasons=(Reason(code="key-expired"),))
ENCRYPT, VERIFIED = "encrypt-to-recipient", "verified-transport"


def ask(*, floor=VERIFIED, demands=(), ways=("openpgp",), level=Level.BEST, key=NONE):
    return choose(floor=floor, demands=demands, ways=ways, level=level, key=key)


@pytest.mark.parametrize(
    ("floor", "demands", "ways", "level", "key"),
    list(
        itertools.product(
            (VERIFIED, ENCRYPT),
            ((), (ENCRYPT,), (VERIFIED,), (VERIFIED, ENCRYPT)),
            ((), ("openpgp",)),
            Level,
            (KEY, NONE),
        )
    ),
)
def test_never_weaker_than_asked(floor, demands, ways, level, key):
    """Over all combinations: what must be encrypted is or waits; what needs verified TLS has it or waits."""
    found = ask(floor=floor, demands=demands, ways=ways, level=level, key=key)

    if isinstance(found, Choice):
        asked = {floor, *demands}
        assert found.seal is Seal.OPENPGP or ENCRYPT not in asked
        assert found.level.is_verified or VERIFIED not in asked
        assert found.floor == (Floor.ENCRYPT_TO_RECIPIENT if ENCRYPT in asked else Floor.VERIFIED_TRANSPORT)
        assert (found.seal is Seal.OPENPGP) == (found.key_fingerprint == KEY.fingerprint)
    else:
        assert found.reasons


def test_no_key_waits_and_says_why():
    """Where encryption is the floor and no key may be used, the leg waits with each candidate's reason."""
    assert Wait(reasons=(Reason(code="no-key"), Reason(code="key-expired"))) == ask(floor=ENCRYPT)


def test_a_demand_raises_the_floor():
    """A rule that requires encryption does so whatever the label."""
    assert isinstance(ask(demands=(ENCRYPT,)), Wait)


def test_a_known_key_is_used_where_tls_would_do():
    """The strongest open way is taken, not the least that is allowed."""
    found = ask(key=KEY)

    assert isinstance(found, Choice)
    assert (Seal.OPENPGP, KEY.fingerprint) == (found.seal, found.key_fingerprint)


def test_transport_alone_where_it_is_enough():
    """Without a key a label that may go by verified TLS does."""
    found = ask()

    assert Choice(seal=Seal.TRANSPORT, level=Level.BEST, floor=Floor.VERIFIED_TRANSPORT) == found


def test_encryption_may_go_over_unverified_tls_by_rule():
    """Under a seal, and by a rule, a hop that proves nothing is enough."""
    found = ask(floor=ENCRYPT, level=Level.ENCRYPT, key=KEY)

    assert isinstance(found, Choice)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"demands": ("proof-of-collection",)}, "demand-unmet"),
        ({"demands": ("tinfoil",)}, "demand-unmet"),
        ({"floor": "none"}, "floor-unknown"),
        ({"floor": ""}, "floor-unknown"),
        ({"floor": ENCRYPT, "ways": ("smime", "pickup"), "key": KEY}, "no-way"),
        ({"level": Level.ENCRYPT}, "transport-too-weak"),
    ],
)
def test_what_cannot_be_met_waits(given, code):
    """A demand, floor or way this gateway cannot meet holds the leg and is named."""
    found = ask(**given)

    assert isinstance(found, Wait)
    assert code == found.reasons[0].code


@pytest.mark.parametrize("demand", ["strip-metadata", "approval-by registrar", "delay 15m"])
def test_demands_met_elsewhere_do_not_hold(demand):
    """What other stations have already seen to does not hold the leg here."""
    assert isinstance(ask(demands=(demand,)), Choice)
