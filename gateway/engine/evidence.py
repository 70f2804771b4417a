"""What an auditor carries away about one transfer: its entries, their proofs, and the values that may be shown.

Proofs lead to the *published* checkpoint: what is proved is what everybody else sees too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from gateway.engine.attested import Attested
from gateway.engine.publication import Publication
from gateway.errors import StoreAway, Tampering
from gateway.ledger.checkpoint import verify
from gateway.ledger.disclosure import Disclosure, disclose
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.merkle import inclusion
from gateway.ledger.proof import Evidence, Proof, encode_bundle, policy_of
from gateway.ledger.verify import Verdict, verify_bundle

MOST_ENTRIES = 1000
"""More would not fit a bundle of 16 MiB with all that is disclosed."""
TRIES = 3


def bundle_of(said: Sequence[Attested], publication: Publication, vkey: str, *, hide: Collection[str] = ()) -> bytes:
    """The bundle of these entries, every class but the hidden ones disclosed. The same evidence gives the same bytes.

    At most `MOST_ENTRIES` of them. Raises `StoreAway` if the published ledger does not cover them yet, and `Tampering`
    if what we would hand out does not verify.
    """
    bundle = encode_bundle(_evidence(said, publication, vkey, hide))
    report = verify_bundle(bundle, [vkey])  # read back before it leaves: handbook `ledger.md` §9
    if report.verdict is not Verdict.TRUE:
        wrong = "; ".join(finding.words for finding in report.findings if finding.verdict is not Verdict.TRUE)
        raise Tampering(f"the ledger does not prove this: {wrong}")
    return bundle


def _evidence(said: Sequence[Attested], publication: Publication, vkey: str, hide: Collection[str]) -> Evidence:
    note, paths = _paths([one.index for one in said], publication, vkey)
    return Evidence(
        proofs=tuple(
            Proof(index=one.index, entry=one.leaf.entry, path=path, note=note, disclosures=_disclosed(one, hide))
            for one, path in zip(said, paths, strict=True)
        ),
        policy=policy_of([vkey]),
    )


def _paths(indexes: Sequence[int], publication: Publication, vkey: str) -> tuple[str, list[tuple[bytes, ...]]]:
    """The published checkpoint, and from each entry the path to its root."""
    for _ in range(TRIES):
        note = publication.checkpoint() or ""
        size = verify(note, [vkey]).checkpoint.size if note else 0
        if size <= max(indexes):
            raise StoreAway("the published ledger does not hold these entries yet; try again in a few seconds")
        fetch = publication.fetch(size)
        with suppress(FileNotFoundError):  # a partial tile was tidied away under us: there is a newer checkpoint
            return note, [inclusion(index, size, fetch) for index in indexes]
    raise StoreAway("a tile of the published ledger is missing; see: sealgate ledger fsck")


def _disclosed(said: Attested, hide: Collection[str]) -> tuple[Disclosure, ...]:
    """Every field of every class that is neither hidden nor erased; also that a field has no value."""
    kind = said.entry.kind
    return tuple(
        disclose(kind, index=said.index, cls=cls, field=field, secret=box.secret, values=box.values)
        for cls, box in zip(CLASSES, said.classes, strict=True)
        if box is not None and cls not in hide
        for field in FIELDS[kind][cls]
    )
