"""The names under which parcels are shown: none hides another, and they are made again only when something changed."""

from __future__ import annotations

from gateway.doors.sftp.offernames import OfferNames
from gateway.engine.files.offers import Offer
from gateway.transfer import BlobId, Digest, Item, Parcel, Seal, transfer_id

ME = ("partner:court", ("inbox",))


def offer(number: int, name: str) -> Offer:
    identity, blob, digest = transfer_id(bytes([number]) * 16), BlobId("0" * 32), Digest.of(b"")
    return Offer(
        transfer=identity, ordinal=0, recipient="partner:court", sender="jo@town.test",
        item=Item(name=name, media="text/plain", size_bytes=0, digest=digest, blob=blob),
        parcel=Parcel(transfer=identity, leg=0, blob=blob, size_bytes=0, digest=digest, seal=Seal.TRANSPORT),
        received_ms=0, until_ms=1, entry=number,
    )  # fmt: skip


def shown(*names: str) -> list[str]:
    offers = tuple(offer(number, name) for number, name in enumerate(names))
    found = OfferNames().of(ME, offers)
    assert list(offers) == list(found.values())
    return list(found)


def test_the_same_name_twice_is_numbered() -> None:
    """The oldest keeps its name, whatever the case."""
    assert ["a.txt", "A (2).TXT", "a (3).txt", "b"] == shown("a.txt", "A.TXT", "a.txt", "b")


def test_a_number_that_somebody_chose_hides_nothing() -> None:
    """A file that is already called so keeps its name; the next number is taken."""
    assert ["a (2).txt", "a.txt", "a (3).txt"] == shown("a (2).txt", "a.txt", "a.txt")
    assert ["a.txt", "a (2).txt", "a (2) (2).txt"] == shown("a.txt", "a.txt", "a (2).txt")


def test_names_are_made_once() -> None:
    """The same offers get the same answer; others, and other people's, get their own."""
    names, first, second = OfferNames(), (offer(1, "a.txt"),), (offer(1, "a.txt"), offer(2, "b.txt"))
    before = names.of(ME, first)

    assert before is names.of(ME, first)
    assert ["a.txt", "b.txt"] == list(names.of(ME, second))
    assert ["a.txt"] == list(names.of(("partner:firm", ("inbox",)), first))


def test_names_of_few_folders_are_remembered() -> None:
    """Beyond the bound the one asked for longest ago goes."""
    names = OfferNames()
    for number in range(200):
        names.of((f"partner:{number}", ("inbox",)), (offer(1, "a.txt"),))

    assert 64 == len(names._folders)
