"""What an auditor carries away about one transfer: its entries, their proofs, and the values that may be shown.

Proofs lead to the *published* checkpoint: what is proved is what everybody else sees too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gateway.engine.attested import Attested
from gateway.engine.outsiders.stamping import Stamp
from gateway.engine.publication import Publication
from gateway.errors import StoreAway, Tampering
from gateway.ledger import succession
from gateway.ledger.checkpoint import verify
from gateway.ledger.disclosure import Disclosure, disclose
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.merkle import inclusion
from gateway.ledger.proof import Evidence, Proof, encode_bundle, policy_of
from gateway.ledger.verify import Verdict, verify_bundle

MOST_ENTRIES = 1000
"""More would not fit a bundle of 16 MiB with all that is disclosed."""
TRIES = 3

Attach = Callable[[Evidence], Iterable[tuple[str, bytes]]]
"""Makes what goes beside the proofs, from these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which values a bundle shows. Without a word: all of them."""

    hide: Collection[str] = ()
    """Classes of which nothing is shown."""
    only: Collection[str] = ()
    """If any, exactly these fields (`rcp.addr`) and no other."""

    def __contains__(self, name: str) -> bool:
        cls = name.partition(".")[0]
        return cls not in self.hide and (not self.only or name in self.only)


EVERYTHING = Choice()


def bundle_of(
    said: Sequence[Attested],
    publication: Publication,
    vkey: str,
    *,
    shows: Choice = EVERYTHING,
    attach: Attach = lambda evidence: (),
    stamp: Stamp | None = None,
) -> bytes:
    """The bundle of these entries, showing what is chosen. The same evidence gives the same bytes.

    At most `MOST_ENTRIES` of them. `attach` makes the further files, which may depend on the proofs. With a `stamp`
    they lead to the head that was stamped, else to the one published last.
    Raises `StoreAway` if the published ledger does not cover them yet, and `Tampering` if what we would hand out does
    not verify.
    """
    note, paths = _paths([one.index for one in said], publication, vkey, stamp.note if stamp else "")
    proofs = (
        Proof(index=one.index, entry=one.leaf.entry, path=path, note=note, disclosures=_disclosed(one, shows))
        for one, path in zip(said, paths, strict=True)
    )
    evidence = Evidence(proofs=tuple(proofs), policy=policy_of([vkey]))
    keys = publication.succession()
    beside = [*attach(evidence), *([(succession.FILE, keys)] if keys else []), *(stamp.files if stamp else ())]
    bundle = encode_bundle(replace(evidence, attached=tuple(sorted(beside))))
    report = verify_bundle(bundle, [vkey])  # read back before it leaves: handbook `ledger.md` §9
    if report.verdict is not Verdict.TRUE:
        wrong = "; ".join(finding.words for finding in report.findings if finding.verdict is not Verdict.TRUE)
        raise Tampering(f"the ledger does not prove this: {wrong}")
    return bundle


def _paths(
    indexes: Sequence[int], publication: Publication, vkey: str, stamped: str
) -> tuple[str, list[tuple[bytes, ...]]]:
    """The stamped checkpoint or the published one, and from each entry the path to its root."""
    for _ in range(TRIES):
        note = stamped or publication.checkpoint() or ""
        size = verify(note, [vkey]).checkpoint.size if note else 0
        if size <= max(indexes):
            raise StoreAway("the published ledger does not hold these entries yet; try again in a few seconds")
        fetch = publication.fetch(size)
        with suppress(FileNotFoundError):  # a partial tile was tidied away under us: there is a newer checkpoint
            return note, [inclusion(index, size, fetch) for index in indexes]
    raise StoreAway("a tile of the published ledger is missing; see: sealgate ledger fsck")


def _disclosed(said: Attested, shows: Choice) -> tuple[Disclosure, ...]:
    """Every chosen field of every class that is not erased; also that a field has no value."""
    kind = said.entry.kind
    fields = FIELDS.get(kind, {})
    return tuple(
        disclose(kind, index=said.index, cls=cls, field=field, secret=box.secret, values=box.values)
        for cls, box in zip(CLASSES, said.classes, strict=True)
        if box is not None
        for field in fields.get(cls, ())
        if f"{cls}.{field}" in shows
    )
