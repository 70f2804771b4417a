"""A password that was right a moment ago."""

from __future__ import annotations

from gateway.keep import lately
from gateway.keep.lately import REMEMBERED_S, Lately


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_only_what_was_right_is_remembered() -> None:
    """The same password for the same stored hash; no other password, and not under a new hash."""
    known = Lately(Watch())

    known.remember("$argon2id$one", b"CANARY")

    assert known.was_right("$argon2id$one", b"CANARY")
    assert not known.was_right("$argon2id$one", b"CANARY ")
    assert not known.was_right("$argon2id$two", b"CANARY")


def test_it_is_forgotten_in_time() -> None:
    """Ten minutes on, argon2 is asked again."""
    watch = Watch()
    known = Lately(watch)
    known.remember("$argon2id$one", b"CANARY")

    watch.now_s += REMEMBERED_S

    assert not known.was_right("$argon2id$one", b"CANARY")


def test_it_grows_to_a_bound() -> None:
    """The one that signed in longest ago makes room."""
    known = Lately(Watch())
    for number in range(lately.MOST + 1):
        known.remember(f"$argon2id${number}", b"CANARY")

    assert not known.was_right("$argon2id$0", b"CANARY")
    assert known.was_right("$argon2id$1", b"CANARY")


def test_no_password_is_kept() -> None:
    """What lies in memory is neither the password nor anything that can be tried against a list of them."""
    one, other = Lately(Watch()), Lately(Watch())
    one.remember("$argon2id$one", b"CANARY")
    other.remember("$argon2id$one", b"CANARY")

    assert b"CANARY" not in b"".join(one._until)
    assert not set(one._until) & set(other._until)
