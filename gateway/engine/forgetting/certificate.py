"""The certificate of an erasure, as a bundle: both entries of every pair, proved, and the ledger before and after."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.engine.attested import Attestations
from gateway.engine.evidence import bundle_of
from gateway.engine.forgetting.erasure import Erased
from gateway.engine.publication import Publication
from gateway.errors import StoreAway
from gateway.ledger.checkpoint import parse_checkpoint, parse_note
from gateway.ledger.erasure import FILE, MOST_PAIRS, WORDS, Certificate, words
from gateway.ledger.merkle import consistency
from gateway.ledger.proof import Evidence


def certificate_of(erased: Erased, attestations: Attestations, publication: Publication, vkey: str) -> bytes:
    """The bundle that proves it. Raises as `bundle_of` does, and `StoreAway` if there is nothing to prove."""
    story = attestations.story(erased.stream)
    pairs = tuple(zip(erased.ordered, erased.done, strict=True))[:MOST_PAIRS]
    shown = {index for pair in pairs for index in pair}
    said = [one for one in attestations.of(story) if one.index in shown] if story else []
    if not said:
        raise StoreAway("no entry tells of this erasure: nothing was said of it in the ledger")

    def attach(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
        old, new = (parse_checkpoint(parse_note(note).text).size for note in (erased.before, evidence.note))
        certificate = Certificate(
            before=erased.before,
            consistency=consistency(old, new, publication.fetch(new)),
            pairs=pairs,
            pairs_in_all=len(erased.ordered),
            remains=erased.remains,
        )
        yield FILE, certificate.to_bytes()
        yield WORDS, words(evidence, certificate).encode()

    return bundle_of(said, publication, vkey, attach=attach)
